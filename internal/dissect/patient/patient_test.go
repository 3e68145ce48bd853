package patient_test

import (
	"regexp"
	"testing"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/patient"
)

func TestAppendPath(t *testing.T) {
	const standIn = `p-[0-9A-V]{16}`
	tests := []struct{ name, path, want string }{
		{"FHIR read", "/fhir/Patient/0815", "^/fhir/Patient/" + standIn + "$"},
		{"below a patient", "patients/0815/vitals/hr", "^patients/" + standIn + "/vitals/hr$"},
		{"search", "/fhir/Patient/_search", "^/fhir/Patient/_search$"},
		{"wildcard", "ward/+/patient/+/hr", `^ward/\+/patient/\+/hr$`},
		{"no patient", "/devices/12", "^/devices/12$"},
		{"name that only begins so", "/patientmonitor/12", "^/patientmonitor/12$"},
		{"nothing", "", "^$"},
		{"nothing behind", "/Patient/", "^/Patient/$"},
	}
	c := dissect.NewContext(nil, func(*dissect.Event) {})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := patient.AppendPath(c, nil, []byte(tt.path)); !regexp.MustCompile(tt.want).Match(got) {
				t.Errorf("%q, want %s", got, tt.want)
			}
		})
	}
}
