package sim_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/lab/netns"
	"github.com/cordonhq/cordon/internal/lab/sim"
)

// stage is a namespace in which simulators talk over loopback, and a clock
// that runs fast.
func stage(t *testing.T, speed float64) sim.Env {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("network namespaces need root, and CI has to have it")
		}
		t.Skip("network namespaces need root")
	}
	n := namespace(t, "stage")
	noon := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	return sim.Env{At: n, IP: "127.0.0.1", Clock: sim.NewClock(noon, speed), Rand: rand.New(rand.NewPCG(1, 1)), Log: slog.New(slog.DiscardHandler)}
}

func namespace(t *testing.T, name string) netns.Namespace {
	t.Helper()
	n := netns.Family("cordon-sim").Namespace(name)
	if err := netns.Create(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := netns.Remove(n); err != nil {
			t.Error(err)
		}
	})
	return n
}

// play runs parts until the test ends.
func play(t *testing.T, parts ...func(context.Context) error) {
	t.Helper()
	for _, run := range parts {
		ended := make(chan error, 1)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { ended <- run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// receive listens for HL7 on a port and returns the messages as they come.
func receive(t *testing.T, env sim.Env, port int) <-chan string {
	messages := make(chan string, 1024)
	play(t, func(ctx context.Context) error {
		return sim.Receive(ctx, env, port, "STATION", func(m string) {
			select {
			case messages <- m:
			default: // the test has seen enough
			}
		})
	})
	return messages
}

// await reads messages until all of the texts have been in some.
func await(t *testing.T, messages <-chan string, texts ...string) {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for len(texts) > 0 {
		select {
		case m := <-messages:
			texts = slices.DeleteFunc(texts, func(text string) bool { return strings.Contains(m, text) })
		case <-timeout:
			t.Fatalf("these never came: %q", texts)
		}
	}
}

var identity = sim.Identity{Application: "MAKER_MODEL", EUI64: "0003B1FFFE770001", Facility: "WARD", Serial: "SN1", Manufacturer: "Maker", Model: "Model 1", Software: "1.2"}

func TestAMonitorTellsVitalSignsAndRaisesItsAlarm(t *testing.T) {
	env := stage(t, 2000)
	messages := receive(t, env, 6661)
	alarms := make(chan string, 64)
	m := &sim.Monitor{Env: env, Identity: identity, Patient: sim.InBed(2), Central: "127.0.0.1:6661", Alarm: func(_, state string, _ time.Time) { alarms <- state }}
	play(t, m.Run)
	await(t, messages,
		"|ORU^R01^ORU_R01|", "MDC_PULS_OXIM_SAT_O2", "PID|||MRN100002^^^CLINIC^MR||Bianchi^Luca", "|IHE_PCD_001^",
		"531969^MDC_ID_MODEL_NUMBER^MDC|1.0.0.2|Model 1|", "531970^MDC_ID_MODEL_MANUFACTURER^MDC|1.0.0.1|Maker|",
		"|ORU^R40^ORU_R40|", "EVENT_PHASE^MDC|1.0.0.0.3|start|", "EVENT_PHASE^MDC|1.0.0.0.3|end|")
	if first, second := <-alarms, <-alarms; first != "start" || second != "end" {
		t.Errorf("alarms %s, %s; want start, end", first, second)
	}
}

func TestAPumpInfusesRaisesAlarmsAndTakesItsDrugLibrary(t *testing.T) {
	env := stage(t, 2800)
	messages := receive(t, env, 6661)
	library := &sim.Library{Env: env, Port: 8088}
	pump := &sim.Pump{Env: env, Identity: identity, Patient: sim.InBed(3), Gateway: "127.0.0.1:6661", Library: "127.0.0.1:8088"}
	play(t, library.Run, pump.Run)
	await(t, messages, "pump-status-standby", "pump-status-infusing", "|ORU^R40^ORU_R40|", "pump-status-paused")
	eventually(t, func() bool { return library.Fetched.Load() > 0 }, "the pump does not take its drug library")
}

func TestAdmissionsReachEachApplicationByItsName(t *testing.T) {
	env := stage(t, 1000)
	one, other := receive(t, env, 6661), receive(t, env, 6662)
	play(t, (&sim.Admissions{Env: env, To: map[string]string{"ONE": "127.0.0.1:6661", "OTHER": "127.0.0.1:6662"}}).Run)
	await(t, one, "|EHR|CLINIC|ONE|WARD|", "|ADT^A01^ADT_A01|", "|ADT^A08^ADT_A01|")
	await(t, other, "|EHR|CLINIC|OTHER|WARD|", "PV1||I|WARD^ROOM2^BED4^CLINIC")
}

func TestABuildingIsRead(t *testing.T) {
	env := stage(t, 100)
	env.IP = "192.0.2.1"
	field := env
	field.At, field.IP = namespace(t, "field"), "192.0.2.2"
	for _, lines := range []struct {
		at   netns.Namespace
		does []string
	}{
		{env.At, []string{"link add eth0 type veth peer name eth0 netns " + field.At.Name(), "addr add 192.0.2.1/24 dev eth0", "link set eth0 up"}},
		{field.At, []string{"addr add 192.0.2.2/24 dev eth0", "link set eth0 up"}},
	} {
		if err := lines.at.Batch(lines.does); err != nil {
			t.Fatal(err)
		}
	}
	address := netip.MustParseAddr(field.IP)
	supervisor := &sim.BuildingServer{Env: env, Thermostat: address, GasPanel: address}
	play(t, (&sim.Thermostat{Env: field, Instance: 214, VendorID: 5, Vendor: "Maker", Model: "Model", Firmware: "1"}).Run,
		(&sim.GasPanel{Env: field}).Run, supervisor.Run)
	eventually(t, func() bool { return supervisor.Readings.Load() >= 4 }, "the building is not read")
}

func eventually(t *testing.T, so func() bool, otherwise string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise)
		}
	}
}
