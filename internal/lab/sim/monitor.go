package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Vitals are the signs of one patient at one moment.
type Vitals struct {
	HeartRate   float64 `json:"heart_rate"`  // beats per minute
	SpO2        float64 `json:"spo2"`        // percent
	Respiration float64 `json:"respiration"` // breaths per minute
	Systolic    float64 `json:"systolic"`    // mmHg
	Diastolic   float64 `json:"diastolic"`   // mmHg
	Temperature float64 `json:"temperature"` // degrees Celsius
}

// resting is a grown-up at rest, asleep the same at night.
var (
	resting = Vitals{HeartRate: 74, SpO2: 97, Respiration: 14, Systolic: 122, Diastolic: 78, Temperature: 36.8}
	asleep  = Vitals{HeartRate: 61, SpO2: 96, Respiration: 12, Systolic: 108, Diastolic: 66, Temperature: 36.4}
)

// wander moves each sign a little, and back towards what is usual at that time
// of day.
func (v *Vitals) wander(noise func() float64, now time.Time) {
	rest := &resting
	if h := now.Hour(); h >= 22 || h < 6 {
		rest = &asleep
	}
	step := func(now *float64, rest, by float64) { *now += (rest-*now)*0.02 + noise()*by }
	step(&v.HeartRate, rest.HeartRate, 0.8)
	step(&v.SpO2, rest.SpO2, 0.15)
	step(&v.Respiration, rest.Respiration, 0.2)
	step(&v.Systolic, rest.Systolic, 0.6)
	step(&v.Diastolic, rest.Diastolic, 0.4)
	step(&v.Temperature, rest.Temperature, 0.005)
	v.SpO2 = math.Min(v.SpO2, 100)
}

// Monitor is a bedside patient monitor that streams vital signs to its central
// station (IHE PCD-01), and raises an alarm there (IHE PCD-04) when the oxygen
// in the blood falls too low.
type Monitor struct {
	Env
	Identity
	Patient Patient
	Central string // numeric address and port
	// Alarm, if not nil, is told of the beginning and the end of an alarm. It
	// must not block.
	Alarm func(event, state string, now time.Time)

	control uint64
	sender  *Sender
	// low is true while oxygen is too low: from the beginning of an episode to
	// until, or else until is when the next one begins.
	low   bool
	until time.Time
}

const (
	monitorDevice = "69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC"
	vitalsEvery   = time.Second
	// An episode of low oxygen comes now and then and passes.
	episodeEvery = 40 * time.Minute
	episodeLasts = 3 * time.Minute
)

// Run plays the monitor until ctx ends.
func (m *Monitor) Run(ctx context.Context) error {
	m.sender = NewSender(m.Env, m.Central)
	defer m.sender.Close()
	m.until = m.Clock.Now().Add(m.about(episodeEvery / 4)) // the first one soon
	v := resting
	for ctx.Err() == nil {
		now := m.Clock.Now()
		v.wander(m.Rand.NormFloat64, now)
		if err := m.tell(ctx, v, now); err != nil && ctx.Err() == nil {
			m.Log.Warn("monitor is not heard", "monitor", m.Application, "err", err)
		}
		if err := m.Clock.Pace(ctx, vitalsEvery); err != nil {
			return nil
		}
	}
	return nil
}

// tell sends the vital signs, and an alarm if one begins or ends.
func (m *Monitor) tell(ctx context.Context, v Vitals, now time.Time) error {
	if now.After(m.until) {
		m.low = !m.low
		state, next := "end", episodeEvery
		if m.low {
			state, next = "start", episodeLasts
		}
		m.until = now.Add(m.about(next))
		if m.Alarm != nil {
			m.Alarm("oxygen saturation low", state, now)
		}
		m.control++
		text := alert(m.Identity, m.control, m.Patient, monitorDevice, "196670^MDC_EVT_LO^MDC", "SpO2 low", "PH", state, now)
		if err := m.sender.Send(ctx, text); err != nil {
			return err
		}
	}
	if m.low {
		v.SpO2, v.HeartRate = v.SpO2-12, v.HeartRate+25
	}
	m.control++
	return m.sender.Send(ctx, communicate(m.Identity, m.control, m.Patient, monitorDevice, v.metrics(), now))
}

func (v *Vitals) metrics() []Metric {
	const perMinute, percent, mmHg, celsius = "264864^MDC_DIM_BEAT_PER_MIN^MDC", "262688^MDC_DIM_PERCENT^MDC", "266016^MDC_DIM_MMHG^MDC", "268192^MDC_DIM_DEGC^MDC"
	one := func(f float64) string { return fmt.Sprintf("%.1f", f) }
	return []Metric{
		{Code: "147842^MDC_ECG_HEART_RATE^MDC", Path: "1.1.1.1", Value: one(v.HeartRate), Unit: perMinute},
		{Code: "150456^MDC_PULS_OXIM_SAT_O2^MDC", Path: "1.2.1.1", Value: one(v.SpO2), Unit: percent},
		{Code: "151562^MDC_RESP_RATE^MDC", Path: "1.3.1.1", Value: one(v.Respiration), Unit: "264928^MDC_DIM_RESP_PER_MIN^MDC"},
		{Code: "150021^MDC_PRESS_BLD_NONINV_SYS^MDC", Path: "1.4.1.1", Value: one(v.Systolic), Unit: mmHg},
		{Code: "150022^MDC_PRESS_BLD_NONINV_DIA^MDC", Path: "1.4.1.2", Value: one(v.Diastolic), Unit: mmHg},
		{Code: "150364^MDC_TEMP_BODY^MDC", Path: "1.5.1.1", Value: fmt.Sprintf("%.2f", v.Temperature), Unit: celsius},
	}
}

// Wearable makes the readings of a wearable at home, one JSON object a call.
type Wearable struct {
	ID     string
	vitals Vitals
}

// NewWearable returns a wearable on a resting patient.
func NewWearable(id string) *Wearable { return &Wearable{ID: id, vitals: resting} }

// Reading is the next one.
func (w *Wearable) Reading(noise func() float64, now time.Time) []byte {
	w.vitals.wander(noise, now)
	b, err := json.Marshal(struct {
		Device string    `json:"device"`
		Time   time.Time `json:"time"`
		HR     int       `json:"heart_rate"`
		SpO2   int       `json:"spo2"`
		Steps  int       `json:"steps"`
	}{w.ID, now, int(w.vitals.HeartRate), int(w.vitals.SpO2), int(now.Unix() % 10000)})
	if err != nil {
		panic(err) // plain numbers always encode
	}
	return b
}

// Ventilator tells the central station how a patient is breathed for.
type Ventilator struct {
	Env
	Identity
	Patient Patient
	Central string
}

const (
	ventilatorDevice = "69857^MDC_DEV_SYS_PT_VENT_MDS^MDC"
	ventilatorEvery  = 5 * time.Second
)

// Run plays the ventilator until ctx ends.
func (v *Ventilator) Run(ctx context.Context) error {
	sender := NewSender(v.Env, v.Central)
	defer sender.Close()
	for control := uint64(1); ctx.Err() == nil; control++ {
		noise := v.Rand.NormFloat64
		metrics := []Metric{
			{Code: "151594^MDC_VENT_RESP_RATE^MDC", Path: "1.1.1.1", Value: fmt.Sprintf("%.1f", 14+noise()*0.5), Unit: "264928^MDC_DIM_RESP_PER_MIN^MDC"},
			{Code: "151868^MDC_VOL_AWAY_TIDAL^MDC", Path: "1.1.1.2", Value: fmt.Sprintf("%.0f", 450+noise()*12), Unit: "263762^MDC_DIM_MILLI_L^MDC"},
			{Code: "151976^MDC_VENT_PRESS_AWAY_END_EXP_POS^MDC", Path: "1.1.1.3", Value: fmt.Sprintf("%.1f", 5+noise()*0.1), Unit: "266048^MDC_DIM_CM_H2O^MDC"},
		}
		err := sender.Send(ctx, communicate(v.Identity, control, v.Patient, ventilatorDevice, metrics, v.Clock.Now()))
		if err != nil && ctx.Err() == nil {
			v.Log.Warn("ventilator is not heard", "ventilator", v.Application, "err", err)
		}
		if err := v.Clock.Pace(ctx, ventilatorEvery); err != nil {
			return nil
		}
	}
	return nil
}
