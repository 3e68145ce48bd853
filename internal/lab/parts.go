package lab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

// Ports on which the clinic's own services answer.
const (
	centralPort = 6661 // HL7 at the central station
	gatewayPort = 6661 // HL7 at the pump gateway
	recordPort  = 8080 // FHIR behind the health record's front end
)

// Counts is what reached its receiver since the lab came up.
type Counts struct {
	VitalsReceived    uint64 `json:"vitals_received"`     // by the central station, from monitors and the ventilator
	PumpReports       uint64 `json:"pump_reports"`        // by the pump gateway
	PumpAlerts        uint64 `json:"pump_alerts"`         // by the pump gateway
	Admissions        uint64 `json:"admissions"`          // by both
	BuildingReadings  uint64 `json:"building_readings"`   // by the building management server
	StudiesStored     uint64 `json:"studies_stored"`      // acknowledged by the archive
	StudiesRetrieved  uint64 `json:"studies_retrieved"`   // by the reading workstation
	WorklistQueries   uint64 `json:"worklist_queries"`    // answered
	DocumentsOpened   uint64 `json:"documents_opened"`    // from the file share
	RecordsOpened     uint64 `json:"records_opened"`      // from the health record
	WearableReadings  uint64 `json:"wearable_readings"`   // handed to the broker's client
	NurseCalls        uint64 `json:"nurse_calls"`         // answered
	ActionsFailed     uint64 `json:"actions_failed"`      // exchanges that did not come about
	LastActionProblem string `json:"last_action_problem"` // what the last of them said
}

// tallies are the live counters behind Counts.
type tallies struct {
	vitals, pumpReports, pumpAlerts, admissions, readings              atomic.Uint64
	stored, retrieved, worklists, documents, records, wearables, calls atomic.Uint64
	failed                                                             atomic.Uint64
	problem                                                            atomic.Pointer[string]
	building                                                           *sim.BuildingServer
}

func (t *tallies) counts() Counts {
	c := Counts{
		VitalsReceived: t.vitals.Load(), PumpReports: t.pumpReports.Load(), PumpAlerts: t.pumpAlerts.Load(), Admissions: t.admissions.Load(),
		StudiesStored: t.stored.Load(), StudiesRetrieved: t.retrieved.Load(), WorklistQueries: t.worklists.Load(),
		DocumentsOpened: t.documents.Load(), RecordsOpened: t.records.Load(), WearableReadings: t.wearables.Load(), NurseCalls: t.calls.Load(),
		ActionsFailed: t.failed.Load(),
	}
	if t.building != nil {
		c.BuildingReadings = t.building.Readings.Load()
	}
	if p := t.problem.Load(); p != nil {
		c.LastActionProblem = *p
	}
	return c
}

func (t *tallies) fail(err error) {
	t.failed.Add(1)
	text := err.Error()
	t.problem.Store(&text)
}

// part is one simulator, playing until ctx ends.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// env is what a device's simulator lives in. Each device has dice of its own,
// so that one device's day does not depend on another's.
func (l *Lab) env(d *Device) sim.Env {
	return sim.Env{At: d.Namespace(), IP: d.IP().String(), Clock: l.clockwork, Rand: l.dice(d), Log: l.log.With("device", d.Name)}
}

func (l *Lab) dice(d *Device) *rand.Rand {
	name := uint64(0)
	for _, c := range []byte(d.Name) {
		name = name*131 + uint64(c)
	}
	return rand.New(rand.NewPCG(l.opt.Seed, name))
}

// parts are the simulators: those that are called come before those that call.
func (l *Lab) parts() ([]part, error) {
	at := map[string]*Device{}
	for i := range Cast {
		at[Cast[i].Name] = &Cast[i]
	}
	address := func(name string, port int) string {
		return netip.AddrPortFrom(at[name].IP(), uint16(port)).String()
	}
	all := []part{
		l.receiver(at["central-1"], centralPort, "CENTRAL", func(m string) { l.count(m, &l.tally.vitals, nil) }),
		l.receiver(at["pump-gateway"], gatewayPort, "PUMPGW", func(m string) { l.count(m, &l.tally.pumpReports, &l.tally.pumpAlerts) }),
	}
	record := &sim.Record{Env: l.env(at["ehr"]), Port: recordPort}
	for i := range Cast {
		if d := &Cast[i]; d.Segment == Ward || d.Segment == Imaging {
			record.Devices = append(record.Devices, sim.RecordDevice{ID: d.Name, Type: d.Title, Manufacturer: d.Truth.Vendor, Model: d.Truth.Model, Location: string(d.Segment)})
		}
	}
	thermostat := &sim.Thermostat{Env: l.env(at["thermostat-1"]), Instance: 214, VendorID: 5, Vendor: "Johnson Controls, Inc.", Model: "FEC2611-0", Firmware: "6.3.0.1040"}
	l.tally.building = &sim.BuildingServer{Env: l.env(at["bms-1"]), Thermostat: at["thermostat-1"].IP(), GasPanel: at["gas-panel-1"].IP()}
	all = append(all,
		part{"record", record.Run}, part{"thermostat", thermostat.Run},
		part{"gas panel", (&sim.GasPanel{Env: l.env(at["gas-panel-1"])}).Run}, part{"building", l.tally.building.Run})

	for bed, name := range map[int]string{1: "monitor-1", 2: "monitor-2", 4: "monitor-4"} {
		m := &sim.Monitor{Env: l.env(at[name]), Patient: sim.InBed(bed), Central: address("central-1", centralPort), Identity: identity(at[name], "MINDRAY_BENEVISION", "00A037FFFE77")}
		all = append(all, part{name, m.Run})
	}
	for bed, name := range map[int]string{3: "pump-3", 4: "pump-4"} {
		p := &sim.Pump{Env: l.env(at[name]), Patient: sim.InBed(bed), Gateway: address("pump-gateway", gatewayPort), Identity: identity(at[name], "ICUMEDICAL_PLUM360", "0003B1FFFE77")}
		all = append(all, part{name, p.Run})
	}
	vent := &sim.Ventilator{Env: l.env(at["vent-1"]), Patient: sim.InBed(1), Central: address("central-1", centralPort), Identity: identity(at["vent-1"], "DRAEGER_EVITA", "00105DFFFE77")}
	adt := &sim.Admissions{Env: l.env(at["ehr"]), To: []string{address("central-1", centralPort), address("pump-gateway", gatewayPort)}}
	all = append(all, part{"vent-1", vent.Run}, part{"admissions", adt.Run})
	for _, name := range []string{"wearable-1", "wearable-2"} {
		all = append(all, part{name, func(ctx context.Context) error { return l.wear(ctx, at[name]) }})
	}
	return all, nil
}

// wearableEvery is how often a wearable sends a reading.
const wearableEvery = 5 * time.Second

// wear has a wearable publish its readings through a client that stays
// connected; a lost connection is made again.
func (l *Lab) wear(ctx context.Context, d *Device) error {
	path, err := lookPath("mosquitto_pub")
	if err != nil {
		return err
	}
	w, env := sim.NewWearable(d.Name), l.env(d)
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, path, "-h", addressOf("broker"), "-i", d.Name, "-q", "1", "-t", "home/"+d.Name+"/vitals", "-l")
		lines, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := env.At.Start(cmd); err != nil {
			return err
		}
		for {
			if _, err := lines.Write(append(w.Reading(env.Rand.NormFloat64, env.Clock.Now()), '\n')); err != nil {
				break
			}
			l.tally.wearables.Add(1)
			if err := env.Clock.Pace(ctx, wearableEvery); err != nil {
				break
			}
		}
		_ = lines.Close() // the client ends with its input
		if err := cmd.Wait(); err != nil && ctx.Err() == nil {
			l.tally.fail(fmt.Errorf("%s: %w", d.Name, err))
			if env.Clock.Pace(ctx, wearableEvery) != nil {
				break
			}
		}
	}
	return nil
}

func identity(d *Device, application, oui string) sim.Identity {
	return sim.Identity{Application: application, EUI64: fmt.Sprintf("%s%04X", oui, d.Host), Facility: "WARD", Serial: strings.ToUpper(strings.ReplaceAll(d.Name, "-", ""))}
}

func (l *Lab) receiver(d *Device, port int, application string, take func(string)) part {
	return part{d.Name, func(ctx context.Context) error { return sim.Receive(ctx, l.env(d), port, application, take) }}
}

// count adds a message to the tally of its type: admissions, alerts or reports.
func (l *Lab) count(message string, reports, alerts *atomic.Uint64) {
	head, _, _ := strings.Cut(message, "\r")
	switch {
	case strings.Contains(head, "|ADT^"):
		l.tally.admissions.Add(1)
	case strings.Contains(head, "|ORU^R40") && alerts != nil:
		alerts.Add(1)
	default:
		reports.Add(1)
	}
}

// countsEvery is how often the counts are written for others to read.
const countsEvery = time.Second
