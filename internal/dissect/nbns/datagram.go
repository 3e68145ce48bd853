package nbns

import (
	"bytes"
	"sync"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
	"github.com/cordonhq/cordon/internal/platform/netid"
)

// Datagram returns the row of the datagram service.
func Datagram() dissect.Dissector {
	return dissect.Dissector{
		Protocol: cordon.NBDGM,
		Over:     dissect.OverUDP,
		Ports:    []uint16{138},
		First:    func(b byte) bool { return b >= directUnique && b <= queryNegative },
		Probe:    probeDatagram,
		New:      func() dissect.Parser { return datagrams{} },
	}
}

// Message types of the datagram service (RFC 1002 §4.4.1).
const (
	directUnique  = 0x10
	broadcast     = 0x12
	queryNegative = 0x16
)

// datagram is the header of a datagram with names.
type datagram struct {
	kind     uint8
	ip       []byte
	from, to rawName
}

func (d *datagram) read(r *wire.Reader) bool {
	return r.U8(&d.kind) && d.kind >= directUnique && d.kind <= broadcast &&
		r.Skip(3) && // flags and id
		r.Bytes(&d.ip, 4) &&
		r.Skip(6) && // port, length, offset
		readName(r, &d.from) && readName(r, &d.to)
}

// probeDatagram is sure of a header with two encoded names. On its port it
// takes damaged ones too.
func probeDatagram(h *dissect.Head) dissect.Verdict {
	const headerLen = 14
	r := wire.Reader(h.Data)
	var d datagram
	if d.read(&r) {
		return dissect.Sure
	}
	if h.Hint && d.kind >= directUnique && d.kind <= queryNegative && len(h.Data) >= headerLen {
		return dissect.Likely
	}
	return dissect.NotMine
}

var spareDatagram = sync.Pool{New: func() any { return new(observation.NBDGM) }}

// datagrams keeps nothing between packets.
type datagrams struct{}

// Parse implements dissect.Parser.
func (datagrams) Parse(c *dissect.Context, data []byte) int {
	r := wire.Reader(data)
	var d datagram
	if !d.read(&r) {
		return len(data)
	}
	o := spareDatagram.Get().(*observation.NBDGM)
	defer spareDatagram.Put(o)
	*o = observation.NBDGM{Type: d.kind, Source: d.from.text(c), Destination: d.to.text(c)}
	if [4]byte(d.ip) != [4]byte{} {
		o.SourceIP = netid.AddrFrom4([4]byte(d.ip))
	}
	mailslot(c, r, o)
	c.Emit(o)
	return len(data)
}

// mailslot reads a mailslot write, which is an SMB transaction ([MS-MAIL]
// §2.2.1), and the browser frame in one to the browsers' mailslot.
func mailslot(c *dissect.Context, smb wire.Reader, o *observation.NBDGM) {
	const (
		headerLen   = 32
		transaction = 0x25
		words       = 17
	)
	if len(smb) < headerLen || !bytes.HasPrefix(smb, []byte("\xffSMB")) || smb[4] != transaction {
		return
	}
	r := smb[headerLen:]
	var count uint8
	var dataLen, dataAt uint16
	if !r.U8(&count) || count != words ||
		!r.Skip(22) || // up to ParameterOffset
		!r.LE16(&dataLen) || !r.LE16(&dataAt) ||
		!r.Skip(10) { // setup words and byte count
		return
	}
	var name []byte
	if !r.Until(&name, 0) {
		return
	}
	o.Mailslot = c.Text(name)
	body := smb
	if !bytes.EqualFold(name, []byte(`\MAILSLOT\BROWSE`)) || !body.Skip(int(dataAt)) {
		return
	}
	browser(c, body[:min(len(body), int(dataLen))], o)
}

// browser reads an announcement ([MS-BRWS] §2.2.1, §2.2.3, §2.2.6).
func browser(c *dissect.Context, r wire.Reader, o *observation.NBDGM) {
	if !r.U8(&o.Browser) {
		return
	}
	switch o.Browser {
	case observation.BrowserHost, observation.BrowserDomain, observation.BrowserLocalMaster:
	default:
		return
	}
	var name []byte
	var kind uint32
	if !r.Skip(5) || !r.Bytes(&name, 16) || !r.U8(&o.OSMajor) || !r.U8(&o.OSMinor) || !r.LE32(&kind) {
		o.Browser = 0
		return
	}
	o.Announced = c.Text(trim(name))
	o.ServerType = observation.NetBIOSServerType(kind)
	if r.Skip(4) { // browser version and signature
		o.Comment = c.Text(trim(r))
	}
}
