package smb

import (
	"bytes"
	"encoding/hex"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/spnego"
	"github.com/cordonhq/cordon/internal/dissect/utf16le"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Commands (MS-SMB2 §2.2.1.2).
const (
	negotiate2    = 0
	sessionSetup2 = 1
	treeConnect2  = 3
	create2       = 5
	read2         = 8
	write2        = 9
	ioctl2        = 11
	setInfo2      = 17
	lastCommand2  = 19
)

const (
	headerLen2 = 64
	// pipeMessage is up to which length a message may be one to a pipe.
	pipeMessage = 8 << 10
	fromServer  = 1 << 0
	// maxCompound bounds the requests in one message.
	maxCompound = 64
)

// header2 is the header of a request or response. Offsets in its body count
// from the header's start.
type header2 struct {
	status  uint32
	command uint16
	flags   uint32
	next    uint32
	whole   []byte // from the header's start
	body    wire.Reader
}

// want2 returns how much of a message of n bytes must be there to read what is
// of interest in it.
func want2(have []byte, n int) int {
	r := wire.Reader(have)
	var h header2
	if !h.read(&r) {
		return headerLen2
	}
	bulk := h.command == read2 && h.flags&fromServer != 0 || h.command == write2 && h.flags&fromServer == 0
	if bulk && n > pipeMessage {
		const fixedPart = 48
		return headerLen2 + fixedPart
	}
	return min(n, window/2)
}

// read eats a header (MS-SMB2 §2.2.1).
func (h *header2) read(r *wire.Reader) bool {
	h.whole = *r
	var size uint16
	ok := r.Skip(4) && r.LE16(&size) && r.Skip(2) && r.LE32(&h.status) && r.LE16(&h.command) && r.Skip(2) &&
		r.LE32(&h.flags) && r.LE32(&h.next) && r.Skip(headerLen2-24)
	return ok && size == headerLen2 && h.command < lastCommand2
}

// message2 reads the requests or responses in one message.
func (p *parser) message2(c *dissect.Context, b []byte) {
	for range maxCompound {
		r := wire.Reader(b)
		var h header2
		if !bytes.HasPrefix(b, []byte(magic2)) || !h.read(&r) {
			return
		}
		if h.next >= headerLen2 && int64(h.next) < int64(len(b)) {
			h.whole = b[:h.next]
			h.body = h.whole[headerLen2:]
		} else {
			h.body = r
		}
		if h.flags&fromServer != 0 {
			p.response2(c, &h)
		} else {
			p.request2(c, &h)
		}
		if h.next < headerLen2 || int64(h.next) >= int64(len(b)) {
			return
		}
		b = b[h.next:]
	}
}

// buffer returns the bytes that an offset and a length in h point at.
func (h *header2) buffer(offset, length uint32) []byte {
	if uint64(offset)+uint64(length) > uint64(len(h.whole)) {
		return nil
	}
	return h.whole[offset : offset+length]
}

// buffer16 eats a 16-bit offset and length, and returns what they point at.
func (h *header2) buffer16(r *wire.Reader) []byte {
	var offset, length uint16
	if !r.LE16(&offset) || !r.LE16(&length) {
		return nil
	}
	return h.buffer(uint32(offset), uint32(length))
}

func (p *parser) request2(c *dissect.Context, h *header2) {
	r := h.body
	var size uint32
	switch h.command {
	case negotiate2:
		offer2(c, r)
	case sessionSetup2:
		if r.Skip(12) {
			spnego.Read(c, cordon.SMB2, h.buffer16(&r))
		}
	case treeConnect2:
		if r.Skip(4) {
			if path := c.Text(utf16le.Decode(h.buffer16(&r))); path != "" {
				c.Emit(&observation.SMBTree{Version: cordon.SMB2, Path: path})
			}
		}
	case create2:
		p.create2(c, h)
	case read2:
		if r.Skip(4) && r.LE32(&size) {
			p.act(c, observation.SMBRead, "", size)
		}
	case write2:
		p.write2(c, h)
	case ioctl2:
		p.ioctl2(c, h)
	case setInfo2:
		p.setInfo2(c, h)
	}
}

func (p *parser) response2(c *dissect.Context, h *header2) {
	p.fail(c, h.command, h.status)
	r := h.body
	switch h.command {
	case negotiate2:
		if h.status == 0 {
			server2(c, r)
		}
	case sessionSetup2:
		if r.Skip(4) {
			spnego.Read(c, cordon.SMB2, h.buffer16(&r))
		}
	}
}

// dialects2 are the revisions (MS-SMB2 §2.2.3).
var dialects2 = map[uint16]string{
	0x0202: "2.0.2", 0x0210: "2.1", 0x0224: "3.0 draft", 0x02ff: "2.???",
	0x0300: "3.0", 0x0302: "3.0.2", 0x0310: "3.1 draft", 0x0311: "3.1.1",
}

const maxDialects = 32

// offer2 reads a NEGOTIATE request (MS-SMB2 §2.2.3).
func offer2(c *dissect.Context, r wire.Reader) {
	o := observation.SMBOffer{Version: cordon.SMB2}
	var count, dialect uint16
	var guid []byte
	if !r.Skip(2) || !r.LE16(&count) || !r.Skip(8) || !r.Bytes(&guid, 16) || !r.Skip(8) {
		return
	}
	o.ClientGUID = guidText(c, guid)
	for range min(count, maxDialects) {
		if !r.LE16(&dialect) {
			break
		}
		if name := dialects2[dialect]; name != "" {
			o.Dialects = append(o.Dialects, name)
		}
	}
	c.Emit(&o)
}

// guidText returns a GUID in hexadecimal as it stands on the wire; none is all
// zeros.
func guidText(c *dissect.Context, guid []byte) string {
	if [16]byte(guid) == [16]byte{} {
		return ""
	}
	return c.Text(hex.AppendEncode(nil, guid))
}

// server2 reads a NEGOTIATE response (MS-SMB2 §2.2.4).
func server2(c *dissect.Context, r wire.Reader) {
	const signingRequired = 2
	o := observation.SMBServer{Version: cordon.SMB2}
	var mode, dialect uint16
	var guid []byte
	var now, boot uint64
	if !r.Skip(2) || !r.LE16(&mode) || !r.LE16(&dialect) || !r.Skip(2) || !r.Bytes(&guid, 16) || !r.Skip(16) || !r.LE64(&now) || !r.LE64(&boot) {
		return
	}
	o.Dialect, o.SigningRequired = dialects2[dialect], mode&signingRequired != 0
	o.GUID = guidText(c, guid)
	o.Time, o.Boot = fileTime(now), fileTime(boot)
	c.Emit(&o)
}

// fileTime turns 100 ns steps since 1601 (MS-DTYP §2.3.3) into a time; zero is
// none.
func fileTime(v uint64) time.Time {
	const toUnix, perSecond = 116444736000000000, 10000000
	if v < toUnix || v > 1<<62 {
		return time.Time{}
	}
	v -= toUnix
	return time.Unix(int64(v/perSecond), int64(v%perSecond)*100).UTC()
}

// create2 reads a CREATE request (MS-SMB2 §2.2.13).
func (p *parser) create2(c *dissect.Context, h *header2) {
	const deleteOnClose = 0x1000
	r := h.body
	var options uint32
	if !r.Skip(40) || !r.LE32(&options) {
		return
	}
	name := lastPart(c, utf16le.Decode(h.buffer16(&r)))
	p.act(c, observation.SMBOpen, name, 0)
	if options&deleteOnClose != 0 {
		p.act(c, observation.SMBDelete, name, 0)
	}
}

// lastPart returns what stands behind the last backslash of a path.
func lastPart(c *dissect.Context, path []byte) string {
	return c.Text(path[bytes.LastIndexByte(path, '\\')+1:])
}

// write2 reads a WRITE request (MS-SMB2 §2.2.21).
func (p *parser) write2(c *dissect.Context, h *header2) {
	r := h.body
	var at uint16
	var size uint32
	var id []byte
	if !r.Skip(2) || !r.LE16(&at) || !r.LE32(&size) || !r.Skip(8) || !r.Bytes(&id, 16) {
		return
	}
	p.act(c, observation.SMBWrite, "", size)
	p.pipe(c, handle(id), h.buffer(uint32(at), size))
}

// ioctl2 reads an IOCTL request (MS-SMB2 §2.2.31) to a pipe.
func (p *parser) ioctl2(c *dissect.Context, h *header2) {
	const transceive = 0x0011c017
	r := h.body
	var code, at, size uint32
	var id []byte
	if r.Skip(4) && r.LE32(&code) && r.Bytes(&id, 16) && r.LE32(&at) && r.LE32(&size) && code == transceive {
		p.pipe(c, handle(id), h.buffer(at, size))
	}
}

// setInfo2 reads a SET_INFO request (MS-SMB2 §2.2.39) that renames or deletes.
func (p *parser) setInfo2(c *dissect.Context, h *header2) {
	const file, rename, disposition, dispositionEx = 1, 10, 13, 64
	r := h.body
	var kind, class uint8
	var size, nameLen uint32
	var at uint16
	if !r.Skip(2) || !r.U8(&kind) || !r.U8(&class) || !r.LE32(&size) || !r.LE16(&at) || kind != file {
		return
	}
	info := wire.Reader(h.buffer(uint32(at), size))
	switch class {
	case rename:
		var name []byte
		if info.Skip(16) && info.LE32(&nameLen) && nameLen <= window && info.Bytes(&name, int(nameLen)) {
			p.act(c, observation.SMBRename, lastPart(c, utf16le.Decode(name)), 0)
		}
	case disposition, dispositionEx:
		if len(info) > 0 && info[0]&1 != 0 {
			p.act(c, observation.SMBDelete, "", 0)
		}
	}
}
