package lab

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

// Ports on which the clinic's own services answer.
const (
	centralPort = 6661 // HL7 at the central station
	gatewayPort = 6661 // HL7 at the pump gateway
	libraryPort = 8088 // drug libraries at the pump gateway
	recordPort  = 8080 // FHIR behind the health record's front end
)

// part is one simulator, playing until ctx ends.
type part struct {
	name string
	run  func(ctx context.Context) error
}

// env is what a device's simulator lives in. Each device has dice of its own,
// so that one device's day does not depend on another's.
func (l *Lab) env(d *Device) sim.Env {
	return sim.Env{At: d.Namespace(), IP: d.IP().String(), Clock: l.clockwork, Rand: dice(l.opt.Seed, d.Name), Log: l.log.With("device", d.Name)}
}

// envOf is env of the device with that name.
func (l *Lab) envOf(name string) sim.Env { return l.env(member(name)) }

func at(name string, port uint16) string {
	return netip.AddrPortFrom(netip.MustParseAddr(addressOf(name)), port).String()
}

// answering are the simulators that answer once they play, as programs that
// nobody has to start.
func answering() []program {
	var all []program
	for _, s := range []struct {
		device string
		port   uint16
	}{
		{"central-1", centralPort}, {"pump-gateway", gatewayPort}, {"pump-gateway", libraryPort}, {"ehr", recordPort}, {"gas-panel-1", 502}, {"bms-1", 80},
	} {
		d := member(s.device)
		all = append(all, program{name: d.Name, at: d.Namespace(), answers: "tcp " + at(d.Name, s.port)})
	}
	return all
}

// parts are the simulators: those that are called come before those that call.
func (l *Lab) parts() []part {
	return slices.Concat(l.stations(), l.building(), l.bedside(), l.wearables(), l.neighbours())
}

// stations receive what devices tell.
func (l *Lab) stations() []part {
	record := &sim.Record{Env: l.envOf("ehr"), Port: recordPort}
	for i := range Cast {
		if d := &Cast[i]; d.Segment == Ward || d.Segment == Imaging {
			record.Devices = append(record.Devices, sim.RecordDevice{ID: d.Name, Type: d.Title, Manufacturer: d.Truth.Vendor, Model: d.Truth.Model, Location: string(d.Segment)})
		}
	}
	l.tally.library = &sim.Library{Env: l.envOf("pump-gateway"), Port: libraryPort}
	adt := &sim.Admissions{Env: l.envOf("ehr"), To: map[string]string{"BENEVISION_CMS": at("central-1", centralPort), "MEDNET": at("pump-gateway", gatewayPort)}}
	return []part{
		l.receiver("central-1", centralPort, "BENEVISION_CMS", &l.tally.vitals, &l.tally.monitorAlerts),
		l.receiver("pump-gateway", gatewayPort, "MEDNET", &l.tally.pumpReports, &l.tally.pumpAlerts),
		{"record", record.Run}, {"drug library", l.tally.library.Run}, {"admissions", adt.Run},
		{"subscription", l.subscribe},
	}
}

func (l *Lab) building() []part {
	thermostat := &sim.Thermostat{Env: l.envOf("thermostat-1"), Instance: 214, VendorID: 5, Vendor: "Johnson Controls, Inc.", Model: "FEC2611-0", Firmware: "6.3.0.1040"}
	gas := &sim.GasPanel{Env: l.envOf("gas-panel-1")}
	l.tally.building = &sim.BuildingServer{Env: l.envOf("bms-1"), Thermostat: netip.MustParseAddr(addressOf("thermostat-1")), GasPanel: netip.MustParseAddr(addressOf("gas-panel-1"))}
	return []part{{"thermostat", thermostat.Run}, {"gas panel", gas.Run}, {"building", l.tally.building.Run}, {"building console", l.tally.building.ServeConsole}}
}

// bedside are the devices at the patients' beds.
func (l *Lab) bedside() []part {
	var all []part
	for bed, name := range []string{1: "monitor-1", 2: "monitor-2", 4: "monitor-4"} {
		if name == "" {
			continue
		}
		m := &sim.Monitor{Env: l.envOf(name), Patient: sim.InBed(bed), Central: at("central-1", centralPort), Identity: identity(name, "MINDRAY_BENEVISION", "00A037FFFE77", "02.14.00")}
		all = append(all, part{name, func(ctx context.Context) error { return l.monitor(ctx, m, name) }})
	}
	for bed, name := range []string{3: "pump-3", 4: "pump-4"} {
		if name == "" {
			continue
		}
		p := &sim.Pump{Env: l.envOf(name), Patient: sim.InBed(bed), Gateway: at("pump-gateway", gatewayPort), Library: at("pump-gateway", libraryPort), Identity: identity(name, "ICUMEDICAL_PLUM360", "0003B1FFFE77", "15.11.00")}
		all = append(all, part{name, p.Run})
	}
	vent := &sim.Ventilator{Env: l.envOf("vent-1"), Patient: sim.InBed(1), Central: at("central-1", centralPort), Identity: identity("vent-1", "DRAEGER_EVITA", "00105DFFFE77", "01.03.00")}
	return append(all, part{"vent-1", vent.Run})
}

// monitor plays a patient monitor, whose alarms go to the broker as well.
func (l *Lab) monitor(ctx context.Context, m *sim.Monitor, name string) error {
	d := member(name)
	var telling sync.WaitGroup
	defer telling.Wait()
	m.Alarm = func(event, state string, now time.Time) {
		telling.Go(func() {
			err := l.publish(ctx, d, "ward/"+name+"/alarm", alarm{Device: name, Time: now, Event: event, State: state})
			if err != nil && ctx.Err() == nil {
				l.tally.fail(fmt.Errorf("%s, whose alarm begins or ends: %w", name, err))
			}
		})
	}
	return m.Run(ctx)
}

func (l *Lab) wearables() []part {
	var all []part
	for _, name := range []string{"wearable-1", "wearable-2"} {
		all = append(all, part{name, func(ctx context.Context) error { return l.wear(ctx, name) }})
	}
	return all
}

// neighbours tell those beside them who they are.
func (l *Lab) neighbours() []part {
	gateway := &sim.Switch{
		At: GatewayNamespace, Interface: mirrorSource, Clock: l.clockwork, Chassis: RouterMAC, Port: "GigabitEthernet1/0/48", Name: "gateway." + Domain,
		Description: "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE), Version 17.9.4a, RELEASE SOFTWARE (fc3)",
	}
	text := []string{"txtvers=1", "qtotal=1", "ty=Lexmark MX722", "product=(Lexmark MX722)", "usb_MFG=Lexmark", "usb_MDL=MX722", "note=Reception", "pdl=application/pdf,image/urf", "Color=F", "Duplex=T"}
	printer := &sim.Bonjour{Env: l.envOf("printer-1"), Host: "printer-1", Services: []sim.BonjourService{
		{Instance: "Lexmark MX722", Type: "_ipp._tcp", Port: 631, Text: append(text, "rp=ipp/print")},
		{Instance: "Lexmark MX722", Type: "_pdl-datastream._tcp", Port: 9100, Text: text},
	}}
	phone := &sim.Bonjour{Env: l.envOf("phone-1"), Host: "Android", Seeks: []string{"_googlecast._tcp", "_ipp._tcp"}}
	return []part{{"gateway", gateway.Run}, {"printer-1", printer.Run}, {"phone-1", phone.Run}}
}

// identity is how a device of the cast names itself in messages.
func identity(name, application, oui, software string) sim.Identity {
	d := member(name)
	return sim.Identity{
		Application: application, EUI64: fmt.Sprintf("%s%04X", oui, d.Host), Facility: "WARD", Serial: strings.ToUpper(strings.ReplaceAll(d.Name, "-", "")),
		Manufacturer: d.Truth.Vendor, Model: d.Truth.Model, Software: software,
	}
}

// receiver listens for HL7 messages and counts them.
func (l *Lab) receiver(name string, port int, application string, reports, alerts *atomic.Uint64) part {
	return part{name, func(ctx context.Context) error {
		return sim.Receive(ctx, l.envOf(name), port, application, func(m string) { l.count(m, reports, alerts) })
	}}
}

// count adds a message to the tally of its type: admissions, alerts or reports.
func (l *Lab) count(message string, reports, alerts *atomic.Uint64) {
	head, _, _ := strings.Cut(message, "\r")
	switch {
	case strings.Contains(head, "|ADT^"):
		l.tally.admissions.Add(1)
	case strings.Contains(head, "|ORU^R40"):
		alerts.Add(1)
	default:
		reports.Add(1)
	}
}
