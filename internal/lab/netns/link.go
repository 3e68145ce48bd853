package netns

import (
	"encoding/binary"
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ChecksumInSoftware has an interface of n send frames whose checksums are
// filled in, as they would be on a wire. Virtual links leave that to hardware
// unless told otherwise (linux/ethtool.h, ETHTOOL_STXCSUM).
func (n Namespace) ChecksumInSoftware(name string) error {
	const setTxChecksum = 0x17
	value := struct{ cmd, on uint32 }{setTxChecksum, 0}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of struct ifreq
	}{data: unsafe.Pointer(&value)}
	copy(request.name[:unix.IFNAMSIZ-1], name)
	err := n.Do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
			return errno
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("switch checksum offload of %s in %s off: %w", name, n, err)
	}
	return nil
}

// Link sends whole frames on an interface. It belongs to one goroutine.
type Link struct {
	fd    int
	index int
}

// OpenLink opens an interface of n for sending.
func (n Namespace) OpenLink(name string) (*Link, error) {
	l := &Link{fd: -1}
	err := n.Do(func() error {
		i, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		l.index = i.Index
		l.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0) // protocol 0 receives nothing
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open %s in %s: %w", name, n, err)
	}
	return l, nil
}

// Send sends one frame, from its destination address on, without a checksum.
func (l *Link) Send(frame []byte) error {
	to := &unix.SockaddrLinklayer{Ifindex: l.index, Protocol: binary.NativeEndian.Uint16(frame[12:14])}
	return unix.Sendto(l.fd, frame, 0, to)
}

// Close closes the link.
func (l *Link) Close() error { return unix.Close(l.fd) }
