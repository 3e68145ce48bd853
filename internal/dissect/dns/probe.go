package dns

import (
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/wire"
)

// maxProbed is how many entries of a message a probe walks over; the rest is
// taken to be like them.
const maxProbed = 32

// judge says how much a datagram, or the first so many bytes of a message,
// looks like DNS. whole is true if nothing of the message is missing.
func judge(msg []byte, hint, whole bool) dissect.Verdict {
	r := wire.Reader(msg)
	var h header
	if !h.read(&r) || !h.plausible() {
		return dissect.NotMine
	}
	questions, records, complete := walk(&r, &h)
	switch {
	case questions+records == 0:
		// A header alone: some servers refuse so (RFC 1035 §4.1.1, RCODE).
		if hint && r.Empty() && h.response() && h.rcode() != 0 {
			return dissect.Likely
		}
		if hint && h.counts[0] == 1 {
			return dissect.Weak
		}
		return dissect.NotMine
	case complete && (r.Empty() || !whole):
		return dissect.Sure
	case hint:
		// Cut, padded or damaged, but a question or record was there.
		return dissect.Likely
	default:
		return dissect.NotMine
	}
}

// judgeStream judges the start of a stream, where a length stands before each
// message (RFC 1035 §4.2.2).
func judgeStream(h *dissect.Head) dissect.Verdict {
	const leastMessage = headerLen + 5 // with a question for the root
	r := wire.Reader(h.Data)
	var n uint16
	switch {
	case h.Midway:
		return dissect.NotMine
	case !r.U16(&n):
		return dissect.More
	case n < leastMessage:
		return dissect.NotMine
	case r.Len() < headerLen:
		return dissect.More
	}
	var fixed header
	at := r
	if !fixed.read(&at) || !fixed.plausible() {
		return dissect.NotMine
	}
	msg := r[:min(r.Len(), int(n))]
	whole := len(msg) == int(n)
	if !whole && !h.Hint {
		return dissect.NotMine // too thin without a port or an end that fits
	}
	switch v := judge(msg, h.Hint, whole); {
	case v >= dissect.Likely:
		return v
	case !whole && len(msg) < 512:
		return dissect.More
	default:
		return dissect.NotMine
	}
}

// plausible checks what a header of real life keeps: a known opcode, the
// reserved bit zero, no response code in a query, few questions, and something
// that follows.
func (h *header) plausible() bool {
	const reserved = 0x0040
	switch op := h.opcode(); {
	case h.flags&reserved != 0, op == 3, op > 6, !h.response() && h.rcode() != 0:
		return false
	}
	return h.counts[0] <= 128 && int(h.counts[0])+int(h.counts[1])+int(h.counts[2])+int(h.counts[3]) > 0
}

// walk passes over the entries that h states, and reports how many of them
// were well-formed and whether that is all of them.
func walk(r *wire.Reader, h *header) (questions, records int, complete bool) {
	for range h.counts[0] {
		if questions == maxProbed {
			return questions, records, false
		}
		var kind, class uint16
		at := *r
		if !skipName(&at) || !at.U16(&kind) || !at.U16(&class) || kind == 0 || !knownClass(class) {
			return questions, records, false
		}
		*r = at
		questions++
	}
	for _, n := range h.counts[1:] {
		for range n {
			if records == maxProbed {
				return questions, records, true
			}
			if !walkRecord(r) {
				return questions, records, false
			}
			records++
		}
	}
	return questions, records, true
}

func walkRecord(r *wire.Reader) bool {
	const typeOPT, typeTSIG = 41, 250
	at := *r
	var kind, class uint16
	var data wire.Reader
	if !skipName(&at) || !at.U16(&kind) || !at.U16(&class) || !at.Skip(4) || !at.SubU16(&data) || kind == 0 {
		return false
	}
	if kind != typeOPT && kind != typeTSIG && !knownClass(class) {
		return false
	}
	*r = at
	return true
}

// knownClass takes Internet, Chaos, Hesiod, none and any (IANA "DNS CLASSes"),
// with or without the bit that mDNS puts on top.
func knownClass(class uint16) bool {
	switch class &^ topBit {
	case 1, 3, 4, 254, 255:
		return true
	}
	return false
}
