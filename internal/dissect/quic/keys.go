package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
)

// scheme is how a version protects its Initial packets.
type scheme struct {
	salt   string
	prefix string // of the labels under which keys are derived
	kind   uint8  // the packet type bits that mean Initial
	google bool   // the handshake is Google's own, not TLS
}

// The salts (RFC 9001 §5.2, RFC 9369 §3.3.1, and the drafts before them).
const (
	saltDraft22 = "\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a"
	saltDraft23 = "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02"
	saltDraft29 = "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99"
	saltV1      = "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"
	saltV2      = "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9"
	saltV2Draft = "\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3"
	saltQ050    = "\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45"
	saltT050    = "\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10"
	saltT051    = "\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d"
)

// schemeOf returns the scheme of a version; that of an unknown version does
// not exist.
func schemeOf(version uint32) scheme {
	switch version {
	case 0x00000001:
		return scheme{salt: saltV1, prefix: "quic"}
	case 0x6b3343cf:
		return scheme{salt: saltV2, prefix: "quicv2", kind: 1}
	case 0x709a50c4, 0xff020000: // drafts of version 2
		return scheme{salt: saltV2Draft, prefix: "quicv2", kind: 1}
	case 0xfaceb001: // Facebook's, on draft 22
		return scheme{salt: saltDraft22, prefix: "quic"}
	case 0xfaceb002, 0xfaceb003, 0xfaceb00e, 0xfaceb011, 0xfaceb015: // on draft 27
		return scheme{salt: saltDraft23, prefix: "quic"}
	case 0x51303530: // "Q050"
		return scheme{salt: saltQ050, prefix: "quic", google: true}
	case 0x54303530: // "T050"
		return scheme{salt: saltT050, prefix: "quic"}
	case 0x54303531: // "T051"
		return scheme{salt: saltT051, prefix: "quic"}
	}
	switch draft := version - 0xff000000; {
	case version < 0xff000000:
		return scheme{}
	case draft == 22:
		return scheme{salt: saltDraft22, prefix: "quic"}
	case draft >= 23 && draft < 29:
		return scheme{salt: saltDraft23, prefix: "quic"}
	case draft >= 29 && draft < 33:
		return scheme{salt: saltDraft29, prefix: "quic"}
	case draft >= 33 && draft <= 34:
		return scheme{salt: saltV1, prefix: "quic"}
	}
	return scheme{}
}

func (s scheme) exists() bool { return s.salt != "" }

// isInitial reports whether a long header with this first byte is that of an
// Initial packet (RFC 9000 §17.2.2, RFC 9369 §3.2).
func (s scheme) isInitial(first uint8) bool { return first>>4&3 == s.kind }

// keys protect one side's Initial packets.
type keys struct {
	aead   cipher.AEAD
	iv     [12]byte
	header cipher.Block
}

// deriveKeys derives the keys of the client or the server from the destination
// of the client's first packet (RFC 9001 §5.2). The errors that it passes over
// are those of wrong key lengths, which are fixed here.
func deriveKeys(s scheme, destination []byte, client bool) *keys {
	secret, _ := hkdf.Extract(sha256.New, destination, []byte(s.salt))
	side := "server in"
	if client {
		side = "client in"
	}
	secret = expand(secret, side, sha256.Size)
	k := new(keys)
	block, _ := aes.NewCipher(expand(secret, s.prefix+" key", 16))
	k.aead, _ = cipher.NewGCM(block)
	copy(k.iv[:], expand(secret, s.prefix+" iv", len(k.iv)))
	k.header, _ = aes.NewCipher(expand(secret, s.prefix+" hp", 16))
	return k
}

// expand is HKDF-Expand-Label with an empty context (RFC 8446 §7.1).
func expand(secret []byte, label string, n int) []byte {
	info := append([]byte{byte(n >> 8), byte(n), byte(len("tls13 ") + len(label))}, "tls13 "...)
	info = append(append(info, label...), 0)
	out, _ := hkdf.Expand(sha256.New, secret, string(info), n)
	return out
}

// open takes the protection off a packet whose payload starts with its packet
// number (RFC 9001 §5.4), and returns the frames in room, grown as needed.
func (k *keys) open(header, payload, room []byte) (frames, grown []byte, ok bool) {
	const sampleAt = 4
	if len(payload) < sampleAt+aes.BlockSize {
		return nil, room, false
	}
	var mask [aes.BlockSize]byte
	k.header.Encrypt(mask[:], payload[sampleAt:sampleAt+aes.BlockSize])
	first := header[0] ^ mask[0]&0x0f
	pnLen := int(first&3) + 1
	// What is authenticated is the header without its protection.
	room = append(append(room[:0], header...), payload[:pnLen]...)
	room[0] = first
	nonce := k.iv
	for i := range pnLen {
		room[len(header)+i] ^= mask[1+i]
		nonce[len(nonce)-pnLen+i] ^= room[len(header)+i]
	}
	clear := len(room)
	room, err := k.aead.Open(room, nonce[:], payload[pnLen:], room[:clear:clear])
	if err != nil {
		return nil, room[:0], false
	}
	return room[clear:], room, true
}
