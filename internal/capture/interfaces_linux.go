package capture

import (
	"encoding/binary"
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cordonhq/cordon/internal/platform/netid"
)

// linkTypeOf says how frames of an interface begin, and the kind of socket
// that delivers them so. Interfaces whose link header is not read deliver
// their network layer only.
func linkTypeOf(name string) (link LinkType, socket int, err error) {
	const dot11, dot11Radiotap = 105, 127
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, 0, &LiveError{name, "has a name that no interface can have", err}
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, &LiveError{name, "cannot be asked for its kind", err}
	}
	defer unix.Close(fd)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFHWADDR, request); err != nil {
		return 0, 0, &LiveError{name, "cannot be asked for its kind", err}
	}
	switch request.Uint16() {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return LinkEthernet, unix.SOCK_RAW, nil
	case unix.ARPHRD_IEEE80211:
		return dot11, unix.SOCK_RAW, nil
	case unix.ARPHRD_IEEE80211_RADIOTAP:
		return dot11Radiotap, unix.SOCK_RAW, nil
	}
	return LinkRaw, unix.SOCK_DGRAM, nil
}

// Interfaces lists the interfaces of this machine in the kernel's order.
func Interfaces() ([]Interface, error) {
	// Netlink, unlike the files below /sys, is of the caller's network
	// namespace.
	table, err := syscall.NetlinkRIB(unix.RTM_GETLINK, unix.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(table)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var list []Interface
	for i := range messages {
		if messages[i].Header.Type != unix.RTM_NEWLINK || len(messages[i].Data) < unix.SizeofIfInfomsg {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(&messages[i])
		if err != nil {
			return nil, fmt.Errorf("list interfaces: %w", err)
		}
		list = append(list, newInterface(messages[i].Data, attributes))
	}
	return list, nil
}

// newInterface reads an ifinfomsg and its attributes (rtnetlink(7)).
func newInterface(info []byte, attributes []syscall.NetlinkRouteAttr) Interface {
	native := binary.NativeEndian
	flags := native.Uint32(info[8:])
	i := Interface{
		Index:    int(native.Uint32(info[4:])),
		Up:       flags&unix.IFF_UP != 0 && flags&unix.IFF_RUNNING != 0,
		Loopback: flags&unix.IFF_LOOPBACK != 0,
	}
	for _, a := range attributes {
		switch v := a.Value; a.Attr.Type {
		case unix.IFLA_IFNAME:
			i.Name = text(v)
		case unix.IFLA_ADDRESS:
			if len(v) == len(i.MAC) {
				i.MAC = netid.MAC(v)
			}
		case unix.IFLA_MASTER:
			i.Master = index(v)
		case unix.IFLA_LINK:
			i.Parent = index(v)
		case unix.IFLA_LINKINFO:
			i.Kind = kindOf(v)
		case unix.IFLA_STATS64: // struct rtnl_link_stats64
			if len(v) >= 32 {
				i.Frames = native.Uint64(v) + native.Uint64(v[8:])
				i.Bytes = native.Uint64(v[16:]) + native.Uint64(v[24:])
			}
		}
	}
	return i
}

func text(v []byte) string { return strings.TrimRight(string(v), "\x00") }

func index(v []byte) int {
	if len(v) < 4 {
		return 0
	}
	return int(binary.NativeEndian.Uint32(v))
}

// kindOf finds IFLA_INFO_KIND among the attributes nested in IFLA_LINKINFO.
func kindOf(b []byte) string {
	const header = 4
	for len(b) >= header {
		n, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if n < header || n > len(b) {
			return ""
		}
		if kind == unix.IFLA_INFO_KIND {
			return text(b[header:n])
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return ""
}
