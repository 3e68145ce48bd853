package telnet

// side is where one direction stands within a command.
type side struct {
	state   state
	command byte
	option  byte
	value   []byte // of a subnegotiation
}

type state uint8

const (
	inText state = iota
	afterIAC
	beforeOption
	beforeSubOption
	inSub
	inSubAfterIAC
)

// event is what a byte completes.
type event uint8

const (
	nothing        event = iota
	text                 // the byte is text
	negotiation          // side.command for side.option
	subnegotiation       // side.value for side.option
)

// maxValue bounds what is kept of a subnegotiation, in bytes.
const maxValue = 64

// step takes the next byte (RFC 854, RFC 855).
func (s *side) step(b byte) event {
	switch s.state {
	case inText:
		if b != iac {
			return text
		}
		s.state = afterIAC
	case afterIAC:
		switch {
		case b == iac: // an escaped 255
			s.state = inText
			return text
		case b == sb:
			s.state = beforeSubOption
		case b >= will:
			s.command, s.state = b, beforeOption
		default:
			s.state = inText
		}
	case beforeOption:
		s.option, s.state = b, inText
		return negotiation
	case beforeSubOption:
		s.option, s.value, s.state = b, s.value[:0], inSub
	case inSub:
		if b == iac {
			s.state = inSubAfterIAC
		} else {
			s.keep(b)
		}
	case inSubAfterIAC:
		if b != iac { // SE, or a server that forgot it
			s.state = inText
			return subnegotiation
		}
		s.keep(b)
		s.state = inSub
	}
	return nothing
}

func (s *side) keep(b byte) {
	if len(s.value) < maxValue {
		s.value = append(s.value, b)
	}
}
