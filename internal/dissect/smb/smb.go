// Package smb reads SMB 1 (MS-CIFS, MS-SMB) and SMB 2 and 3 (MS-SMB2), directly
// over TCP and in NetBIOS sessions (RFC 1002 §4.3): what both sides speak and
// are called, which shares, files and pipes are used for what, and what the
// server refuses. What files hold is not kept, and of file names only the last
// part. SMB 3 may encrypt all but the beginning.
package smb

import (
	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/dcerpc"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// window is the most that a message of interest fills, in bytes.
const window = 32 << 10

// Version1 returns the row for connections that begin with SMB 1. Many go on
// with SMB 2.
func Version1() dissect.Dissector { return row(cordon.SMB1, probe1) }

// Version2 returns the row for connections that begin with SMB 2 or 3.
func Version2() dissect.Dissector { return row(cordon.SMB2, probe2) }

// Session returns the row for connections that begin with a NetBIOS session.
func Session() dissect.Dissector { return row(cordon.NBSS, probeSession) }

func row(p cordon.Protocol, probe func(*dissect.Head) dissect.Verdict) dissect.Dissector {
	return dissect.Dissector{
		Protocol: p,
		Over:     dissect.OverTCP,
		Ports:    []uint16{445, 139},
		Probe:    probe,
		New:      func() dissect.Parser { return new(parser) },
		Window:   window,
	}
}

// Packet types of the session service (RFC 1002 §4.3.1). On port 445 there is
// only the first, and its length has 24 bits instead of 17.
const (
	sessionMessage  = 0x00
	sessionRequest  = 0x81
	sessionPositive = 0x82
	sessionNegative = 0x83
	sessionKeep     = 0x85
)

const frameLen = 4

// The first four bytes of a message.
const (
	magic1           = "\xffSMB"
	magic2           = "\xfeSMB"
	magicEncrypted   = "\xfdSMB"
	magicCompression = "\xfcSMB"
)

func probe1(h *dissect.Head) dissect.Verdict { return probeMagic(h.Data, magic1) }

func probe2(h *dissect.Head) dissect.Verdict {
	best := dissect.NotMine
	for _, magic := range [...]string{magic2, magicEncrypted, magicCompression} {
		switch v := probeMagic(h.Data, magic); {
		case v == dissect.Sure:
			return v
		case v != dissect.NotMine:
			best = v
		}
	}
	return best
}

// probeMagic wants a session message that begins with magic.
func probeMagic(b []byte, magic string) dissect.Verdict {
	if b[0] != sessionMessage {
		return dissect.NotMine
	}
	if len(b) < frameLen {
		return dissect.More
	}
	if n := frameLength(b); n < 32 {
		return dissect.NotMine
	}
	have := b[frameLen:min(len(b), frameLen+len(magic))]
	switch {
	case string(have) != magic[:len(have)]:
		return dissect.NotMine
	case len(have) < len(magic):
		return dissect.More
	default:
		return dissect.Sure
	}
}

func frameLength(b []byte) int { return int(b[1])<<16 | int(b[2])<<8 | int(b[3]) }

// probeSession wants a request with two encoded names, or a positive answer to
// one.
func probeSession(h *dissect.Head) dissect.Verdict {
	b := h.Data
	switch {
	case b[0] == sessionPositive && len(b) >= frameLen && frameLength(b) == 0 && h.Hint:
		return dissect.Likely
	case b[0] == sessionNegative && len(b) == frameLen+1 && frameLength(b) == 1 && h.Hint:
		return dissect.Likely
	case b[0] != sessionRequest:
		return dissect.NotMine
	case len(b) < frameLen+2*encodedNameLen:
		return dissect.More
	}
	r := wire.Reader(b[frameLen:])
	var called, calling []byte
	if frameLength(b) < 2*encodedNameLen || !netBIOSName(&r, &called) || !netBIOSName(&r, &calling) {
		return dissect.NotMine
	}
	return dissect.Sure
}

// encodedNameLen is the length of a first-level encoded name without a scope
// (RFC 1001 §14.1).
const encodedNameLen = 34

// netBIOSName eats an encoded name and points out at it, decoded, without the
// byte that tells its kind.
func netBIOSName(r *wire.Reader, out *[]byte) bool {
	var b []byte
	if !r.Bytes(&b, encodedNameLen) || b[0] != encodedNameLen-2 || b[encodedNameLen-1] != 0 {
		return false
	}
	name := make([]byte, 0, 15)
	for i := 1; i < 31; i += 2 {
		hi, lo := b[i]-'A', b[i+1]-'A'
		if hi > 15 || lo > 15 {
			return false
		}
		name = append(name, hi<<4|lo)
	}
	*out = name
	return true
}

// parser reads one connection.
type parser struct {
	version  cordon.Protocol // spoken last
	dialects []string        // that an SMB 1 client offered
	pipes    map[handle]*dcerpc.Association
	file     observation.SMBFile
	failure  observation.SMBFailure
	trans    observation.SMBTransaction
}

// Parse implements dissect.Parser.
func (p *parser) Parse(c *dissect.Context, data []byte) int {
	if len(data) < frameLen {
		return 0
	}
	n := frameLength(data)
	body := data[frameLen:min(len(data), frameLen+n)]
	switch data[0] {
	case sessionMessage:
		return p.message(c, body, n)
	case sessionRequest:
		n &= 0x1ffff // 17 bits
		if len(body) < n && len(body) < 2*encodedNameLen {
			return 0
		}
		p.session(c, body)
		return frameLen + n
	case sessionPositive, sessionNegative, sessionKeep:
		return frameLen + n&0x1ffff
	default:
		return dissect.Stop
	}
}

func (p *parser) session(c *dissect.Context, body wire.Reader) {
	var called, calling []byte
	if netBIOSName(&body, &called) && netBIOSName(&body, &calling) {
		c.Emit(&observation.NetBIOSSession{Called: c.Text(called), Calling: c.Text(calling)})
	}
}

// message reads a message of n bytes of which have are there, and returns how
// many bytes it is done with: that may be more than are there.
func (p *parser) message(c *dissect.Context, have []byte, n int) int {
	if n == 0 {
		return frameLen
	}
	if len(have) < min(n, headerLen2) {
		return 0
	}
	if n < headerLen1 {
		return dissect.Stop
	}
	var want int
	switch string(have[:len(magic1)]) {
	case magic1:
		want = want1(have)
	case magic2:
		want = want2(have, n)
	case magicEncrypted:
		p.speak(c, cordon.SMB2)
		return frameLen + n
	case magicCompression:
		p.speak(c, cordon.SMB2)
		compression(c, have, n)
		return frameLen + n
	default:
		return dissect.Stop
	}
	if want = min(want, n); len(have) < want {
		return 0
	}
	if have[0] == magic1[0] {
		p.speak(c, cordon.SMB1)
		p.message1(c, have[:want])
	} else {
		p.speak(c, cordon.SMB2)
		p.message2(c, have[:want])
	}
	return frameLen + n
}

// speak notes the version in use: the flow's protocol is that of its latest
// messages.
func (p *parser) speak(c *dissect.Context, v cordon.Protocol) {
	if p.version != v {
		p.version = v
		c.Refine(v, dissect.Sure)
	}
}

// compression reads a compression header; its numbers are little-endian.
func compression(c *dissect.Context, have []byte, n int) {
	r := wire.Reader(have)
	o := observation.SMBCompression{Length: uint32(n)}
	if r.Skip(4) && r.LE32(&o.OriginalSize) && r.Skip(4) && r.LE32(&o.Offset) {
		c.Emit(&o)
	}
}

// fail tells of a refusal. Warnings and what only says that there is more to
// come are none.
func (p *parser) fail(c *dissect.Context, command uint16, status uint32) {
	const severityError, moreProcessing = 0xc0000000, 0xc0000016
	if status&severityError != severityError || status == moreProcessing {
		return
	}
	p.failure = observation.SMBFailure{Version: p.version, Command: command, Status: status}
	c.Emit(&p.failure)
}

// act tells of a request about a file.
func (p *parser) act(c *dissect.Context, a observation.SMBAction, name string, size uint32) {
	p.file = observation.SMBFile{Version: p.version, Action: a, Name: name, Size: size}
	c.Emit(&p.file)
}

// handle names an open pipe of a connection.
type handle [16]byte

// maxPipes bounds the pipes that are followed at a time.
const maxPipes = 8

// pipe reads what is written to or read from a named pipe, if it is DCE/RPC.
func (p *parser) pipe(c *dissect.Context, h handle, data []byte) {
	const firstByte, rpcHeaderLen = 5, 16
	if len(data) < rpcHeaderLen || data[0] != firstByte || data[1] > 1 {
		return
	}
	a := p.pipes[h]
	if a == nil {
		if p.pipes == nil {
			p.pipes = map[handle]*dcerpc.Association{}
		}
		if len(p.pipes) == maxPipes {
			clear(p.pipes)
		}
		a = &dcerpc.Association{Carrier: p.version}
		p.pipes[h] = a
	}
	a.Parse(c, data)
}
