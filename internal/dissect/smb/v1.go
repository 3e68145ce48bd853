package smb

import (
	"bytes"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/spnego"
	"github.com/cordonhq/cordon/internal/dissect/utf16le"
	"github.com/cordonhq/cordon/internal/dissect/wire"
	"github.com/cordonhq/cordon/internal/observation"
)

// Commands (MS-CIFS §2.2.2.1).
const (
	delete1          = 0x06
	rename1          = 0x07
	transaction1     = 0x25
	transactionMore1 = 0x26
	readAndX1        = 0x2e
	writeAndX1       = 0x2f
	transaction21    = 0x32
	transaction2More = 0x33
	negotiate1       = 0x72
	sessionSetup1    = 0x73
	treeConnect1     = 0x75
	ntTransact1      = 0xa0
	ntTransactMore1  = 0xa1
	ntCreate1        = 0xa2
)

const (
	headerLen1 = 32
	// maxChain bounds the commands in one message.
	maxChain     = 8
	flagReply    = 0x80
	flagUnicode  = 0x8000
	noneFollows1 = 0xff
)

// message1 is one message; its strings are Unicode or not, and Unicode ones
// stand at even offsets from its start.
type message1 struct {
	whole     []byte
	unicode   bool
	multiplex uint16
}

// block is the parameters and data of one command.
type block struct {
	words wire.Reader
	data  wire.Reader
	end   int // offset of data's end from the header's start
}

// want1 returns how much of a message must be there to read what is of interest
// in it.
func want1(have []byte) int {
	reply := have[9]&flagReply != 0
	if command := have[4]; command == readAndX1 && reply || command == writeAndX1 && !reply {
		return headerLen2 + pipeMessage
	}
	return window / 2
}

// message1 reads the chain of commands in one message (MS-CIFS §2.2.3).
func (p *parser) message1(c *dissect.Context, b []byte) {
	r := wire.Reader(b)
	m := message1{whole: b}
	var command, flags uint8
	var flags2 uint16
	var status uint32
	if !r.Skip(4) || !r.U8(&command) || !r.LE32(&status) || !r.U8(&flags) || !r.LE16(&flags2) || !r.Skip(18) || !r.LE16(&m.multiplex) {
		return
	}
	m.unicode = flags2&flagUnicode != 0
	at := headerLen1
	if flags&flagReply != 0 {
		p.fail(c, uint16(command), status)
	}
	for range maxChain {
		k, ok := m.block(at)
		if !ok {
			return
		}
		if flags&flagReply != 0 {
			p.response1(c, &m, command, k)
		} else {
			p.request1(c, &m, command, k)
		}
		next, offset, ok := chained(command, k)
		if !ok || offset <= at {
			return
		}
		command, at = next, offset
	}
}

// block reads the parameters and data at an offset.
func (m *message1) block(at int) (k block, ok bool) {
	if at > len(m.whole) {
		return k, false
	}
	r := wire.Reader(m.whole[at:])
	var count uint8
	var length uint16
	if !r.U8(&count) || !r.Sub(&k.words, 2*int(count)) || !r.LE16(&length) {
		return k, false
	}
	k.data = r[:min(r.Len(), int(length))]
	k.end = len(m.whole) - r.Len() + len(k.data)
	return k, true
}

// chained returns the command that follows in the same message, of those that
// can be followed (MS-CIFS §2.2.3.4).
func chained(command uint8, k block) (next uint8, at int, ok bool) {
	switch command {
	case sessionSetup1, treeConnect1, ntCreate1, readAndX1, writeAndX1:
	default:
		return 0, 0, false
	}
	r := k.words
	var offset uint16
	ok = r.U8(&next) && r.Skip(1) && r.LE16(&offset) && next != noneFollows1
	return next, int(offset), ok
}

// text eats a NUL-terminated string from the data of k, at an even offset if it
// is in Unicode.
func (m *message1) text(k *block) []byte {
	if m.unicode && (k.end-len(k.data))%2 != 0 {
		k.data.Skip(1)
	}
	return m.textHere(k)
}

// textHere eats a string that starts right here.
func (m *message1) textHere(k *block) []byte {
	var b []byte
	if !m.unicode {
		if !k.data.Until(&b, 0) {
			b = k.data.Rest()
		}
		return b
	}
	end := len(k.data) &^ 1
	for i := 0; i+1 < len(k.data); i += 2 {
		if k.data[i] == 0 && k.data[i+1] == 0 {
			end = i
			break
		}
	}
	k.data.Bytes(&b, end)
	k.data.Skip(min(2, len(k.data)))
	return utf16le.Decode(b)
}

func (p *parser) request1(c *dissect.Context, m *message1, command uint8, k block) {
	r := k.words
	var low, high uint16
	switch command {
	case negotiate1:
		p.offer1(c, k.data)
	case sessionSetup1:
		clientSession1(c, m, k)
	case treeConnect1:
		tree1(c, m, k)
	case ntCreate1:
		p.act(c, observation.SMBOpen, lastPart(c, m.text(&k)), 0)
	case delete1:
		k.data.Skip(1) // the buffer format
		p.act(c, observation.SMBDelete, lastPart(c, m.text(&k)), 0)
	case rename1:
		k.data.Skip(1)
		m.text(&k)
		k.data.Skip(1)
		p.act(c, observation.SMBRename, lastPart(c, m.text(&k)), 0)
	case readAndX1:
		if r.Skip(10) && r.LE16(&low) {
			p.act(c, observation.SMBRead, "", uint32(low))
		}
	case writeAndX1:
		if r.Skip(18) && r.LE16(&high) && r.LE16(&low) {
			p.act(c, observation.SMBWrite, "", uint32(high)<<16|uint32(low))
			p.writePipe1(c, m, k, low)
		}
	case transaction1, transaction21, ntTransact1, transactionMore1, transaction2More, ntTransactMore1:
		p.transaction1(c, m, command, k)
	}
}

func (p *parser) response1(c *dissect.Context, m *message1, command uint8, k block) {
	switch command {
	case negotiate1:
		p.server1(c, m, k)
	case sessionSetup1:
		serverSession1(c, m, k)
	}
}

// offer1 reads a NEGOTIATE request (MS-CIFS §2.2.4.52.1).
func (p *parser) offer1(c *dissect.Context, data wire.Reader) {
	o := observation.SMBOffer{Version: cordon.SMB1}
	var name []byte
	for len(o.Dialects) < maxDialects && data.Skip(1) && data.Until(&name, 0) {
		o.Dialects = append(o.Dialects, c.Text(name))
	}
	p.dialects = o.Dialects
	c.Emit(&o)
}

// server1 reads a NEGOTIATE response (MS-CIFS §2.2.4.52.2, MS-SMB §2.2.4.5.2).
func (p *parser) server1(c *dissect.Context, m *message1, k block) {
	const signingRequired, canUnicode, extendedSecurity = 8, 1 << 2, 1 << 31
	o := observation.SMBServer{Version: cordon.SMB1}
	r := k.words
	var index uint16
	var mode, keyLen uint8
	var abilities uint32
	var now uint64
	if !r.LE16(&index) {
		return
	}
	if int(index) < len(p.dialects) {
		o.Dialect = p.dialects[index]
	}
	if r.U8(&mode) && r.Skip(16) && r.LE32(&abilities) && r.LE64(&now) && r.Skip(2) && r.U8(&keyLen) {
		o.SigningRequired, o.Time = mode&signingRequired != 0, fileTime(now)
		var guid []byte
		if abilities&extendedSecurity != 0 {
			if k.data.Bytes(&guid, 16) {
				o.GUID = guidText(c, guid)
			}
		} else if k.data.Skip(int(keyLen)) {
			m.unicode = abilities&canUnicode != 0 // whatever the header says
			o.Domain, o.Name = c.Text(m.textHere(&k)), c.Text(m.textHere(&k))
		}
	}
	c.Emit(&o)
}

// clientSession1 reads a SESSION_SETUP_ANDX request in its three forms
// (MS-CIFS §2.2.4.53.1, MS-SMB §2.2.4.6.1, and that of LAN Manager).
func clientSession1(c *dissect.Context, m *message1, k block) {
	var o observation.SMBSession
	r := k.words
	var first, second uint16
	if !r.Skip(14) || !r.LE16(&first) {
		return
	}
	switch len(k.words) / 2 {
	case 12:
		blob := k.data[:min(len(k.data), int(first))]
		spnego.Read(c, cordon.SMB1, blob)
	case 13:
		r.LE16(&second)
	}
	if !k.data.Skip(int(first) + int(second)) {
		return
	}
	if len(k.words)/2 != 12 {
		o.User = c.Pseudonym(bytes.ToLower(m.text(&k)))
		o.Domain = c.Text(m.text(&k))
	}
	o.NativeOS, o.NativeManager = c.Text(m.text(&k)), c.Text(m.text(&k))
	c.Emit(&o)
}

// serverSession1 reads the response (MS-CIFS §2.2.4.53.2, MS-SMB §2.2.4.6.2).
func serverSession1(c *dissect.Context, m *message1, k block) {
	const guest = 1
	o := observation.SMBSession{Server: true}
	r := k.words
	var action, length uint16
	if !r.Skip(4) || !r.LE16(&action) {
		return
	}
	if r.LE16(&length) {
		spnego.Read(c, cordon.SMB1, k.data[:min(len(k.data), int(length))])
	}
	if !k.data.Skip(int(length)) {
		return
	}
	o.Guest = action&guest != 0
	o.NativeOS, o.NativeManager = c.Text(m.text(&k)), c.Text(m.text(&k))
	o.Domain = c.Text(m.text(&k))
	c.Emit(&o)
}

// tree1 reads a TREE_CONNECT_ANDX request (MS-CIFS §2.2.4.55.1).
func tree1(c *dissect.Context, m *message1, k block) {
	r := k.words
	var password uint16
	if !r.Skip(6) || !r.LE16(&password) || !k.data.Skip(int(password)) {
		return
	}
	if path := c.Text(m.text(&k)); path != "" {
		c.Emit(&observation.SMBTree{Version: cordon.SMB1, Path: path})
	}
}

// at returns the bytes at an offset from the header's start.
func (m *message1) at(offset, length uint16) []byte {
	if int(offset)+int(length) > len(m.whole) {
		return nil
	}
	return m.whole[offset : int(offset)+int(length)]
}

// writePipe1 reads what a WRITE_ANDX request writes to a pipe.
func (p *parser) writePipe1(c *dissect.Context, m *message1, k block, length uint16) {
	r := k.words
	var file, at uint16
	if r.Skip(4) && r.LE16(&file) && r.Skip(16) && r.LE16(&at) {
		p.pipe(c, handle{byte(file), byte(file >> 8)}, m.at(at, length))
	}
}

// transaction1 reads a transaction (MS-CIFS §2.2.4.33, §2.2.4.46, §2.2.4.62).
func (p *parser) transaction1(c *dissect.Context, m *message1, command uint8, k block) {
	const transactPipe = 0x26
	p.trans = observation.SMBTransaction{Command: command, Multiplex: m.multiplex}
	r := k.words
	var total, length, at, file uint16
	var setups uint8
	switch command {
	case ntTransact1:
		_ = r.Skip(7) && r.LE32(&p.trans.TotalData) && r.Skip(25) && r.LE16(&p.trans.Function)
	case ntTransactMore1:
		_ = r.Skip(7) && r.LE32(&p.trans.TotalData)
	default:
		_ = r.Skip(2) && r.LE16(&total)
		p.trans.TotalData = uint32(total)
		if command != transaction1 && command != transaction21 {
			break
		}
		if r.Skip(18) && r.LE16(&length) && r.LE16(&at) && r.U8(&setups) && r.Skip(1) && setups > 0 && r.LE16(&p.trans.Function) &&
			command == transaction1 && p.trans.Function == transactPipe && r.LE16(&file) {
			p.pipe(c, handle{byte(file), byte(file >> 8)}, m.at(at, length))
		}
	}
	c.Emit(&p.trans)
}
