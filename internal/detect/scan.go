package detect

import (
	"fmt"
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/packet"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// A scan is many failed attempts of one source in a short time: at many
// devices on one port (horizontal) or at many ports of one device (vertical).
// A misconfigured client retries the same few addresses and stays below both.
const (
	scanWindow      = 60e9 // nanoseconds of packet time
	horizontalHosts = 20   // distinct addresses on one port within the window
	verticalPorts   = 30   // distinct ports of one address within the window
	maxScanGroups   = 8192 // groups of attempts kept; the one longest idle makes room
)

// scanGroup is what attempts are added up by: Host is zero for a horizontal
// group, Port for a vertical one.
type scanGroup struct {
	source, host netid.Addr
	port         uint16
	proto        uint8
}

// scanTarget is what must be distinct within a group.
type scanTarget struct {
	host netid.Addr
	port uint16
}

type scans struct{ groups map[scanGroup]*scanCount }

type scanCount struct {
	since, last int64
	targets     map[scanTarget]struct{}
}

func newScans() scans { return scans{groups: map[scanGroup]*scanCount{}} }

// add returns how many distinct targets the group has within the window.
func (s *scans) add(g scanGroup, target scanTarget, now int64) int {
	c := s.groups[g]
	if c == nil {
		if len(s.groups) >= maxScanGroups {
			s.forget(now)
		}
		c = &scanCount{since: now, targets: map[scanTarget]struct{}{}}
		s.groups[g] = c
	}
	if now-c.since > scanWindow {
		c.since = now
		clear(c.targets)
	}
	c.last = max(c.last, now)
	if len(c.targets) < 1<<16 {
		c.targets[target] = struct{}{}
	}
	return len(c.targets)
}

// forget makes room: groups past their window go, and if that is not enough
// the one longest idle.
func (s *scans) forget(now int64) {
	var idlest scanGroup
	oldest := int64(1<<63 - 1)
	for g, c := range s.groups {
		if now-c.last > scanWindow {
			delete(s.groups, g)
		} else if c.last < oldest {
			idlest, oldest = g, c.last
		}
	}
	if len(s.groups) >= maxScanGroups {
		delete(s.groups, idlest)
	}
}

func (d *Detector) attempt(source string, s *Signal) {
	src := s.Src.Netip()
	transport := packet.ProtoName(s.Proto)
	hosts := d.scans.add(scanGroup{source: s.Src, port: s.Port, proto: s.Proto}, scanTarget{host: s.Dst}, s.Time)
	if hosts >= horizontalHosts {
		d.raise(cordon.Finding{
			Rule: "scan-horizontal", Severity: cordon.SeverityHigh, Confidence: 0.9, Technique: "T0846",
			Src: src, Title: fmt.Sprintf("%s looks for devices that answer on %s port %d", src, transport, s.Port),
			Evidence: map[string]any{"addresses": hosts, "transport": transport, "port": s.Port, "window_seconds": int(scanWindow / 1e9)},
		}, source, s, src.String(), transport, strconv.Itoa(int(s.Port)))
	}
	ports := d.scans.add(scanGroup{source: s.Src, host: s.Dst, proto: s.Proto}, scanTarget{port: s.Port}, s.Time)
	if ports >= verticalPorts {
		dst := s.Dst.Netip()
		d.raise(cordon.Finding{
			Rule: "scan-vertical", Severity: cordon.SeverityHigh, Confidence: 0.9, Technique: "T1046",
			Src: src, Dst: dst, Title: fmt.Sprintf("%s tries the ports of %s one after another", src, dst),
			Evidence: map[string]any{"ports": ports, "transport": transport, "window_seconds": int(scanWindow / 1e9)},
		}, source, s, src.String(), dst.String())
	}
}
