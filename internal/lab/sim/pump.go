package sim

import (
	"context"
	"encoding/xml"
	"fmt"
	"time"
)

// PumpState is what a nurse would say that the pump is doing.
type PumpState string

// The states of a pump.
const (
	PumpIdle     PumpState = "idle"
	PumpInfusing PumpState = "infusing"
	PumpAlarm    PumpState = "alarm"
	PumpUpdating PumpState = "updating its drug library"
)

// Pump is an infusion pump that tells its gateway what it does (IHE PCD-01) and
// when something is wrong (IHE PCD-04).
type Pump struct {
	Env
	Identity
	Patient Patient
	Gateway string // numeric address and port
	Library string // where the gateway serves drug libraries, likewise

	state   PumpState
	rate    float64 // mL/h
	left    float64 // mL of the volume to be infused
	given   float64 // mL
	control uint64
	sender  *Sender
	version string // of its drug library
}

const (
	pumpDevice = "69985^MDC_DEV_PUMP_INFUS_MDS^MDC"
	// pumpReport is how often a pump tells its state while it infuses, and
	// pumpIdleReport while it does not.
	pumpReport     = 30 * time.Second
	pumpIdleReport = 5 * time.Minute
	// libraryEvery is how often a pump takes the drug library, on average.
	// The first time is when it is switched on.
	libraryEvery = 8 * time.Hour
	libraryAgain = 2 * time.Minute // if it was not to be had
	// occlusionEvery is how long a line stays open, on average.
	occlusionEvery = 3 * time.Hour
)

// drug is one entry of the drug library.
type drug struct {
	XMLName xml.Name `xml:"drug"`
	Name    string   `xml:"name,attr"`
	Rate    float64  `xml:"rate"`   // mL/h, as it is usually given
	Volume  float64  `xml:"volume"` // mL
	Limit   float64  `xml:"limit"`  // mL/h, above which the pump refuses
}

var drugs = []drug{
	{Name: "Sodium chloride 0.9%", Rate: 125, Volume: 1000, Limit: 999}, {Name: "Norepinephrine", Rate: 8, Volume: 50, Limit: 40},
	{Name: "Propofol", Rate: 15, Volume: 100, Limit: 60}, {Name: "Heparin", Rate: 10, Volume: 500, Limit: 25}, {Name: "Insulin", Rate: 3, Volume: 100, Limit: 12},
}

// Run plays the pump until ctx ends.
func (p *Pump) Run(ctx context.Context) error {
	p.state, p.sender = PumpIdle, NewSender(p.Env, p.Gateway)
	defer p.sender.Close()
	nextLibrary := p.Clock.Now()
	for last := p.Clock.Now(); ctx.Err() == nil; {
		now := p.Clock.Now()
		p.next(now.Sub(last))
		if !now.Before(nextLibrary) {
			nextLibrary = now.Add(p.about(libraryEvery))
			if err := p.update(ctx); err != nil && ctx.Err() == nil {
				p.Log.Warn("drug library is not to be had", "pump", p.Application, "err", err)
				nextLibrary = now.Add(libraryAgain)
			} else if p.state == PumpIdle {
				p.state = PumpUpdating // what is taken while it infuses waits
			}
		}
		last = now
		if err := p.tell(ctx); err != nil && ctx.Err() == nil {
			p.Log.Warn("pump is not heard", "pump", p.Application, "err", err)
		}
		every := pumpReport
		if p.state == PumpIdle {
			every = pumpIdleReport
		}
		if err := p.Clock.Pace(ctx, every); err != nil {
			return nil
		}
	}
	return nil
}

// next moves the pump on by the time since its last report.
func (p *Pump) next(elapsed time.Duration) {
	switch p.state {
	case PumpIdle, PumpUpdating:
		p.state = PumpIdle
		if p.Rand.IntN(3) == 0 {
			d := drugs[p.Rand.IntN(len(drugs))]
			p.state, p.rate, p.left, p.given = PumpInfusing, d.Rate, d.Volume, 0
		}
	case PumpInfusing:
		step := p.rate * elapsed.Hours()
		p.given += step
		if p.left -= step; p.left <= 0 {
			p.state, p.rate, p.left = PumpAlarm, 0, 0
		} else if p.Rand.Float64() < elapsed.Hours()/occlusionEvery.Hours() {
			p.state = PumpAlarm
		}
	case PumpAlarm:
		if p.state = PumpInfusing; p.left <= 0 {
			p.state = PumpIdle
		}
	}
}

func (p *Pump) tell(ctx context.Context) error {
	p.control++
	now := p.Clock.Now()
	if p.state == PumpAlarm {
		event, text := "196940^MDC_EVT_FLUID_LINE_OCCL^MDC", "Occlusion downstream"
		if p.left <= 0 {
			event, text = "197288^MDC_EVT_VOL_INFUS_TBI_ZERO^MDC", "Infusion complete"
		}
		if err := p.sender.Send(ctx, alert(p.Identity, p.control, p.Patient, pumpDevice, event, text, "PH", "start", now)); err != nil {
			return err
		}
		p.control++
	}
	status := map[PumpState]string{PumpIdle: "pump-status-standby", PumpInfusing: "pump-status-infusing", PumpAlarm: "pump-status-paused", PumpUpdating: "pump-status-standby"}[p.state]
	return p.sender.Send(ctx, communicate(p.Identity, p.control, p.Patient, pumpDevice, []Metric{
		{Code: "184519^MDC_PUMP_INFUSING_STATUS^MDC", Path: "1.1.1.101", Value: status, Text: true},
		{Code: "157784^MDC_FLOW_FLUID_PUMP^MDC", Path: "1.1.2.101", Value: fmt.Sprintf("%.1f", p.rate), Unit: "265266^MDC_DIM_MILLI_L_PER_HR^MDC"},
		{Code: "157872^MDC_VOL_FLUID_TBI_REMAIN^MDC", Path: "1.1.2.102", Value: fmt.Sprintf("%.1f", p.left), Unit: "263762^MDC_DIM_MILLI_L^MDC"},
		{Code: "157864^MDC_VOL_FLUID_DELIV^MDC", Path: "1.1.2.103", Value: fmt.Sprintf("%.1f", p.given), Unit: "263762^MDC_DIM_MILLI_L^MDC"},
	}, now))
}
