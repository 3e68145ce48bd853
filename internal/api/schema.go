package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

const schemaPrefix = "#/components/schemas/"

// registerNouns teaches huma the JSON forms of the shared nouns that are not
// plain structs: enumerations become named schemas, addresses text.
func registerNouns(r huma.Registry) {
	alias[cordon.Kind, kindNoun](r)
	alias[cordon.Protocol, protocolNoun](r)
	alias[cordon.Severity, severityNoun](r)
	alias[cordon.Criticality, criticalityNoun](r)
	alias[cordon.InUse, inUseNoun](r)
	alias[cordon.Attribute, attributeNoun](r)
	alias[cordon.Role, roleNoun](r)
	alias[cordon.TimelineEvent, timelineNoun](r)
	alias[netid.MAC, macNoun](r)
	alias[netip.Addr, addrNoun](r)
}

func alias[T, As any](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[As]())
}

type (
	kindNoun        struct{}
	protocolNoun    struct{}
	severityNoun    struct{}
	criticalityNoun struct{}
	inUseNoun       struct{}
	attributeNoun   struct{}
	roleNoun        struct{}
	timelineNoun    struct{}
	macNoun         struct{}
	addrNoun        struct{}
)

func (kindNoun) Schema(r huma.Registry) *huma.Schema {
	return enum(r, "Kind", "Class of a device; /api/v1/kinds describes each", kinds())
}

func (protocolNoun) Schema(r huma.Registry) *huma.Schema {
	return enum(r, "Protocol", "Application protocol", protocols())
}

func (severityNoun) Schema(r huma.Registry) *huma.Schema {
	return enum(r, "Severity", "How much a finding matters if it is true, gravest first", severities)
}

func (criticalityNoun) Schema(r huma.Registry) *huma.Schema {
	return enum(r, "Criticality", "What care loses when a device falls silent, most critical first", criticalities)
}

func (inUseNoun) Schema(r huma.Registry) *huma.Schema {
	return enum(r, "InUse", "Whether a patient depends on the device at this moment", inUses)
}

func (attributeNoun) Schema(r huma.Registry) *huma.Schema {
	return enum(r, "Attribute", "One part of a device's identity", cordon.Attributes)
}

func (roleNoun) Schema(r huma.Registry) *huma.Schema {
	return enum(r, "Role", "The side of a service", []cordon.Role{cordon.RoleServer, cordon.RoleClient})
}

func (timelineNoun) Schema(r huma.Registry) *huma.Schema {
	return enum(r, "TimelineEvent", "What happened to a device", cordon.TimelineEvents)
}

func (macNoun) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "MAC address, lower case with colons; empty when unknown"}
}

func (addrNoun) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "IPv4 or IPv6 address; empty when unknown"}
}

var (
	severities = []cordon.Severity{
		cordon.SeverityCritical, cordon.SeverityHigh, cordon.SeverityMedium, cordon.SeverityLow, cordon.SeverityInfo,
	}
	criticalities = []cordon.Criticality{
		cordon.LifeSustaining, cordon.CareCritical, cordon.CareSupporting, cordon.NonClinical,
	}
	inUses = []cordon.InUse{cordon.InUseUnknown, cordon.InUseYes, cordon.InUseNo}
)

func kinds() []cordon.Kind {
	out := make([]cordon.Kind, len(cordon.Kinds))
	for i, k := range cordon.Kinds {
		out[i] = k.Kind
	}
	return out
}

// protocols lists the tokens by asking each number whether it has one.
func protocols() []string {
	var out []string
	for n := range 256 {
		token := cordon.Protocol(n).String()
		if _, err := cordon.ParseProtocol(token); err == nil {
			out = append(out, token)
		}
	}
	return out
}

// enum puts a named schema with these values into r and refers to it.
func enum[T any](r huma.Registry, name, doc string, values []T) *huma.Schema {
	if _, ok := r.Map()[name]; !ok {
		s := &huma.Schema{Type: huma.TypeString, Description: doc, Enum: anys(values)}
		s.PrecomputeMessages()
		r.Map()[name] = s
	}
	return &huma.Schema{Ref: schemaPrefix + name}
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		// Validation compares with decoded JSON, where every token is a string.
		out[i] = fmt.Sprint(v)
	}
	return out
}

// renderDocument writes o as it is checked in: indented, keys in order, with a
// newline at its end.
func renderDocument(o *huma.OpenAPI) []byte {
	for _, s := range o.Components.Schemas.Map() {
		forbidNullArrays(s)
	}
	for _, item := range o.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Patch} {
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				forbidNullArrays(p.Schema)
			}
		}
	}
	raw, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("api: encode the OpenAPI document: %v", err)) // only our own types are in it
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		panic(fmt.Sprintf("api: indent the OpenAPI document: %v", err))
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// forbidNullArrays says of every list below s that it is never null, which
// holds because handlers send empty lists (see complete).
func forbidNullArrays(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	forbidNullArrays(s.Items)
	for _, p := range s.Properties {
		forbidNullArrays(p)
	}
}
