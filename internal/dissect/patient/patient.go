// Package patient keeps identifiers of patients out of observations where
// they hide in names: in the paths of web resources and the topics of
// messages. What a field of a clinical protocol states openly is for its own
// dissector to replace.
package patient

import (
	"bytes"

	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/observation"
)

// levels are the parts of a path behind which systems put the identifier.
var levels = [...]string{"patient", "patients", "pid", "mrn"}

// AppendPath appends path, whose parts are separated by slashes, to out, with
// each part that stands behind one of the known levels replaced by a
// pseudonym. Wildcards and operations, which start with one of "+#*_$:{", stay.
// It stops soon after observation.MaxValue bytes.
func AppendPath(c *dissect.Context, out, path []byte) []byte {
	start := len(out)
	behind := false
	for more := true; more && len(out)-start <= observation.MaxValue; {
		var part []byte
		part, path, more = bytes.Cut(path, []byte{'/'})
		if behind && len(part) > 0 && bytes.IndexByte([]byte("+#*_$:{"), part[0]) < 0 {
			out = append(out, c.Pseudonym(part)...)
		} else {
			out = append(out, part...)
		}
		behind = isLevel(part)
		if more {
			out = append(out, '/')
		}
	}
	return out
}

func isLevel(part []byte) bool {
	for _, l := range levels {
		if len(part) == len(l) && bytes.EqualFold(part, []byte(l)) {
			return true
		}
	}
	return false
}
