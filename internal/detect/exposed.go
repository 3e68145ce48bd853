package detect

import (
	"fmt"

	"github.com/cordonhq/cordon"
)

// expose folds by client, server and protocol: one finding for each place where
// somebody can listen.
func (d *Detector) expose(source string, s *Signal) {
	src, dst := s.Src.Netip(), s.Dst.Netip()
	d.raise(cordon.Finding{
		Rule: "credential-in-clear", Severity: cordon.SeverityMedium, Confidence: 0.95, Technique: "T1040",
		Src: src, Dst: dst, Title: fmt.Sprintf("%s signs in to %s over %s, readable by anyone on the way", src, dst, s.Detail),
		Evidence: map[string]any{"protocol": s.Detail, "port": s.Port},
	}, source, s, src.String(), dst.String(), s.Detail)
}
