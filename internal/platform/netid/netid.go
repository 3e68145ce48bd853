// Package netid holds the link and network addresses that Cordon keys on, as
// small comparable values without pointers, so that they can be map keys and
// fields of packed structs. It parses and prints them and knows nothing else.
package netid

import (
	"encoding/hex"
	"fmt"
	"net/netip"
)

// MAC is an EUI-48 address (IEEE Std 802-2014 §8.2). The zero value means
// that none is known.
type MAC [6]byte

// ParseMAC reads six octets written in hexadecimal, separated by colons or
// hyphens, in either case.
func ParseMAC(s string) (MAC, error) {
	var m MAC
	if len(s) != 17 {
		return MAC{}, fmt.Errorf("parse MAC address %q: want six octets as aa:bb:cc:dd:ee:ff", s)
	}
	for i := range m {
		if i > 0 && s[3*i-1] != ':' && s[3*i-1] != '-' {
			return MAC{}, fmt.Errorf("parse MAC address %q: octets must be separated by colons or hyphens", s)
		}
		if _, err := hex.Decode(m[i:i+1], []byte(s[3*i:3*i+2])); err != nil {
			return MAC{}, fmt.Errorf("parse MAC address %q: octet %d: %w", s, i+1, err)
		}
	}
	return m, nil
}

// String prints m in lower case with colons; the zero value prints as "".
func (m MAC) String() string {
	if m == (MAC{}) {
		return ""
	}
	b, _ := m.AppendText(make([]byte, 0, 17))
	return string(b)
}

// AppendText appends m in lower case with colons.
func (m MAC) AppendText(b []byte) ([]byte, error) {
	const digits = "0123456789abcdef"
	for i, o := range m {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, digits[o>>4], digits[o&15])
	}
	return b, nil
}

// MarshalText writes m as String does.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what ParseMAC reads, and the empty text as zero.
func (m *MAC) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*m = MAC{}
		return nil
	}
	v, err := ParseMAC(string(b))
	if err != nil {
		return err
	}
	*m = v
	return nil
}

// IsZero reports whether no address is known.
func (m MAC) IsZero() bool { return m == MAC{} }

// IsGroup reports whether m is a multicast or broadcast address
// (IEEE Std 802-2014 §8.2.2, the I/G bit).
func (m MAC) IsGroup() bool { return m[0]&1 != 0 }

// IsLocal reports whether m is locally administered (the U/L bit), as the
// randomised addresses of phones and laptops are; such an address names no
// maker.
func (m MAC) IsLocal() bool { return m[0]&2 != 0 }

// Addr is an IPv4 or IPv6 address in 16 octets; IPv4 is kept in its
// IPv4-mapped form (RFC 4291 §2.5.5.2), so both families share one key. The
// zero value is the unspecified address and means that none is known.
type Addr [16]byte

// AddrFrom4 makes the mapped form of an IPv4 address.
func AddrFrom4(b [4]byte) Addr {
	return Addr{10: 0xff, 11: 0xff, 12: b[0], 13: b[1], 14: b[2], 15: b[3]}
}

// AddrFrom turns a into its 16-octet form; a zone is dropped.
func AddrFrom(a netip.Addr) Addr {
	if !a.IsValid() {
		return Addr{}
	}
	return Addr(a.As16())
}

// IsZero reports whether no address is known.
func (a Addr) IsZero() bool { return a == Addr{} }

// Is4 reports whether a holds an IPv4 address.
func (a Addr) Is4() bool {
	return [12]byte(a[:12]) == [12]byte{10: 0xff, 11: 0xff}
}

// Netip returns a as a netip.Addr with IPv4 unmapped. The zero value of a
// becomes the zero netip.Addr, which is invalid.
func (a Addr) Netip() netip.Addr {
	if a.IsZero() {
		return netip.Addr{}
	}
	return netip.AddrFrom16(a).Unmap()
}

// String prints a as netip does.
func (a Addr) String() string {
	if a.IsZero() {
		return ""
	}
	return a.Netip().String()
}
