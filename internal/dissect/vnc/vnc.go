// Package vnc reads the beginning of remote frame buffer connections
// (RFC 6143): versions, ways to sign in, the outcome, and the desktop's name.
// The screen is not read.
package vnc

import (
	"strconv"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/observation"
)

// Dissector returns the row of the table.
func Dissector() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.VNC,
		Over:     dissect.OverTCP,
		Ports:    []uint16{5900, 5901, 5902, 5800},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
	}
}

// versionLine is "RFB 003.008\n" with its digits open.
const (
	versionLine = "RFB 000.000\n"
	minorAt     = 8
	majorAt     = 4
)

// isVersion reports whether b is a version line, as far as it goes.
func isVersion(b []byte) bool {
	for i := range min(len(b), len(versionLine)) {
		if want := versionLine[i]; want == '0' && (b[i] < '0' || b[i] > '9') || want != '0' && b[i] != want {
			return false
		}
	}
	return true
}

func probe(h *dissect.Head) dissect.Verdict {
	switch {
	case !isVersion(h.Data):
		return dissect.NotMine
	case len(h.Data) < len(versionLine):
		return dissect.More
	default:
		return dissect.Sure
	}
}

// stage is what one side sends next.
type stage uint8

const (
	sendsVersion   stage = iota
	sendsTypes           // server: the ways to sign in
	sendsChallenge       // server
	sendsResult          // server
	sendsDesktop         // server: its size and name
	sendsChoice          // client
	sendsResponse        // client
	sendsShared          // client: whether it shares the desktop
	sendsScreen          // nothing more to read
)

// Security types (RFC 6143 §7.1.2).
const (
	securityNone = 1
	securityVNC  = 2
)

// parser reads one connection.
type parser struct {
	stages [2]stage
	minor  int // version 3.minor that the client chose, else the server's
	chosen uint8
	server observation.VNCServer
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	var ok bool
	switch p.stages[c.Dir] {
	case sendsVersion:
		ok = p.version(c.Dir, &r)
	case sendsTypes:
		ok = p.types(c, &r)
	case sendsChallenge:
		ok = r.Skip(16)
		p.stages[flow.In] = after(ok, sendsChallenge, sendsResult)
	case sendsResult:
		ok = p.result(c, &r)
	case sendsDesktop:
		ok = p.desktop(c, &r)
	case sendsChoice:
		if ok = r.U8(&p.chosen); ok {
			p.choose(c)
		}
	case sendsResponse:
		ok = r.Skip(16)
		p.stages[flow.Out] = after(ok, sendsResponse, sendsShared)
	case sendsShared:
		ok = r.Skip(1)
		p.stages[flow.Out] = after(ok, sendsShared, sendsScreen)
	default:
		if p.stages[flow.In] == sendsScreen {
			return dissect.Stop
		}
		return len(data)
	}
	if !ok {
		return 0
	}
	if p.stages[flow.In] == sendsScreen {
		return dissect.Stop
	}
	return len(data) - r.Len()
}

// after returns the stage that follows if the present one is done.
func after(done bool, now, next stage) stage {
	if done {
		return next
	}
	return now
}

func (p *parser) version(dir flow.Direction, r *wire.Reader) bool {
	var b []byte
	if !r.Bytes(&b, len(versionLine)) {
		return false
	}
	if !isVersion(b) {
		p.stages[flow.In] = sendsScreen
		return true
	}
	p.minor = 100*int(b[minorAt]-'0') + 10*int(b[minorAt+1]-'0') + int(b[minorAt+2]-'0')
	if dir == flow.In {
		p.server.Version = string([]byte{b[majorAt+2], '.'}) + strconv.Itoa(p.minor)
		p.stages[flow.In] = sendsTypes
	} else {
		p.stages[flow.Out] = sendsChoice
		if p.minor < 7 { // the server decides
			p.stages[flow.Out] = sendsResponse
		}
	}
	return true
}

const maxTypes = 16

// types reads the server's list, or before version 3.7 its decision.
func (p *parser) types(c *dissect.Context, r *wire.Reader) bool {
	var list wire.Reader
	var decided uint32
	if p.minor < 7 {
		if !r.U32(&decided) {
			return false
		}
		p.chosen = uint8(decided)
		list = wire.Reader{p.chosen}
	} else if !r.SubU8(&list) {
		return false
	}
	p.server.SecurityTypes = append([]uint8(nil), list[:min(len(list), maxTypes)]...)
	p.emit(c)
	if len(list) == 0 || decided == 0 && p.minor < 7 { // a refusal
		p.stages[flow.In] = sendsScreen
		return true
	}
	p.stages[flow.In] = sendsChallenge
	if p.minor < 7 {
		p.choose(c)
	}
	return true
}

func (p *parser) emit(c *dissect.Context) {
	o := p.server
	c.Emit(&o)
}

// choose goes on as the chosen way to sign in does.
func (p *parser) choose(c *dissect.Context) {
	switch p.chosen {
	case securityVNC:
		p.stages[flow.Out] = sendsResponse
	case securityNone:
		c.Emit(&observation.VNCSignIn{SecurityType: securityNone, OK: true})
		p.stages[flow.Out] = sendsShared
		if p.stages[flow.In] == sendsChallenge {
			p.stages[flow.In] = sendsDesktop
			if p.minor >= 8 {
				p.stages[flow.In] = sendsResult
			}
		}
	default: // TLS and makers' own
		p.stages[flow.In], p.stages[flow.Out] = sendsScreen, sendsScreen
	}
}

// result reads the outcome (RFC 6143 §7.1.3).
func (p *parser) result(c *dissect.Context, r *wire.Reader) bool {
	var status uint32
	if !r.U32(&status) {
		return false
	}
	if p.chosen != securityNone {
		c.Emit(&observation.VNCSignIn{SecurityType: p.chosen, OK: status == 0})
	}
	p.stages[flow.In] = after(status == 0, sendsScreen, sendsDesktop)
	return true
}

// desktop reads the server's initialisation (RFC 6143 §7.3.2).
func (p *parser) desktop(c *dissect.Context, r *wire.Reader) bool {
	const maxName = 1024
	var length uint32
	var name []byte
	at := *r
	if !at.Skip(20) || !at.U32(&length) {
		return false
	}
	if length <= maxName && !at.Bytes(&name, int(length)) {
		return false
	}
	*r = at
	p.server.Name = c.Text(name)
	p.emit(c)
	p.stages[flow.In] = sendsScreen
	return true
}
