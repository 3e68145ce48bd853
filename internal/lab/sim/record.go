package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// admission is an HL7 v2.5.1 ADT message: who came to, moved within or left
// the ward.
func admission(trigger, to string, control uint64, p Patient, now time.Time) string {
	structure := map[string]string{"A01": "ADT_A01", "A02": "ADT_A02", "A03": "ADT_A03", "A08": "ADT_A01"}[trigger]
	return join(
		fmt.Sprintf("MSH|^~\\&|EHR|CLINIC|%s|WARD|%s||ADT^%s^%s|ADT%d|P|2.5.1", to, stamp(now), trigger, structure, control),
		fmt.Sprintf("EVN|%s|%s", trigger, stamp(now)),
		patient(p), visit(p),
	)
}

// Admissions tells the central station and the pump gateway of the ward's
// patients, as the health record does.
type Admissions struct {
	Env
	// To are the numeric addresses and ports of applications.
	To map[string]string
}

// Run plays admissions, transfers and updates until ctx ends.
func (a *Admissions) Run(ctx context.Context) error {
	senders := map[string]*Sender{}
	for to, address := range a.To {
		senders[to] = NewSender(a.Env, address)
		defer senders[to].Close()
	}
	control := uint64(0)
	tell := func(trigger string, p Patient) {
		control++
		for to, s := range senders {
			if err := a.deliver(ctx, s, admission(trigger, to, control, p, a.Clock.Now())); err != nil && ctx.Err() == nil {
				a.Log.Warn("an admission is not heard", "to", to, "err", err)
			}
		}
	}
	for _, p := range Patients {
		tell("A01", p)
	}
	triggers := []string{"A08", "A08", "A02", "A08"}
	for ctx.Err() == nil {
		if err := a.Clock.Pace(ctx, time.Duration(5+a.Rand.IntN(15))*time.Minute); err != nil {
			return nil
		}
		tell(triggers[a.Rand.IntN(len(triggers))], Patients[a.Rand.IntN(len(Patients))])
	}
	return nil
}

// deliver sends a message again until it is heard, for a while: an admission
// that is lost is not told again.
func (a *Admissions) deliver(ctx context.Context, s *Sender, message string) error {
	const tries = 40
	for range tries {
		if err := s.Send(ctx, message); err == nil {
			return nil
		}
		if err := pause(ctx, leastPause); err != nil {
			return err
		}
	}
	return s.Send(ctx, message)
}

// Record is a small FHIR R4 server with the ward's patients and devices.
type Record struct {
	Env
	Port    int
	Devices []RecordDevice
}

// RecordDevice is one device as the health record knows it.
type RecordDevice struct{ ID, Type, Manufacturer, Model, Location string }

const fhirJSON = "application/fhir+json"

// Run serves until ctx ends.
func (r *Record) Run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /fhir/metadata", func(w http.ResponseWriter, _ *http.Request) { send(w, r.capability()) })
	mux.HandleFunc("GET /fhir/Patient", func(w http.ResponseWriter, _ *http.Request) { send(w, bundle(r.patients())) })
	mux.HandleFunc("GET /fhir/Device", func(w http.ResponseWriter, _ *http.Request) { send(w, bundle(r.devices())) })
	mux.HandleFunc("GET /fhir/Observation", func(w http.ResponseWriter, _ *http.Request) { send(w, bundle(r.observations())) })
	mux.HandleFunc("POST /fhir/Observation", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	return r.serve(ctx, r.Port, mux)
}

func send(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", fhirJSON)
	_ = json.NewEncoder(w).Encode(v) // the client may have hung up
}

type object = map[string]any

func (r *Record) capability() object {
	return object{
		"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1", "format": []string{"json"},
		"date": r.Clock.Now().Format("2006-01-02"), "software": object{"name": "Clinic record", "version": "3.2.0"},
		"rest": []object{{"mode": "server", "resource": []object{
			{"type": "Patient", "interaction": []object{{"code": "search-type"}}}, {"type": "Device", "interaction": []object{{"code": "search-type"}}},
			{"type": "Observation", "interaction": []object{{"code": "search-type"}, {"code": "create"}}},
		}}},
	}
}

func bundle(resources []object) object {
	entries := []object{}
	for _, r := range resources {
		entries = append(entries, object{"resource": r})
	}
	return object{"resourceType": "Bundle", "type": "searchset", "total": len(resources), "entry": entries}
}

func (r *Record) patients() (out []object) {
	for _, p := range Patients {
		out = append(out, object{"resourceType": "Patient", "id": strings.ToLower(p.MRN), "identifier": []object{{"value": p.MRN}}, "name": []object{{"family": p.Family, "given": []string{p.Given}}}})
	}
	return out
}

func (r *Record) devices() (out []object) {
	for _, d := range r.Devices {
		out = append(out, object{"resourceType": "Device", "id": d.ID, "status": "active", "manufacturer": d.Manufacturer, "modelNumber": d.Model, "type": object{"text": d.Type}, "location": object{"display": d.Location}})
	}
	return out
}

func (r *Record) observations() (out []object) {
	for _, p := range Patients {
		out = append(out, object{
			"resourceType": "Observation", "status": "final", "subject": object{"reference": "Patient/" + strings.ToLower(p.MRN)},
			"code":          object{"coding": []object{{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}}},
			"valueQuantity": object{"value": 74, "unit": "/min"}, "effectiveDateTime": r.Clock.Now().Format(time.RFC3339),
		})
	}
	return out
}
