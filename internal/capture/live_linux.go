package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Live is one ring of frames that the kernel fills (AF_PACKET, TPACKET_V3;
// Linux Documentation/networking/packet_mmap.rst). It belongs to one
// goroutine, Close and Stats included.
type Live struct {
	name    string
	fd      int
	timeout int // milliseconds
	link    LinkType

	ring      []byte
	blockSize int
	block     int // the block being read, or to be handed over next
	at        int // of the next frame, in ring
	left      int // frames left in the block
	held      bool

	number, bytes uint64
	stats         LiveStats
	failed        error
}

var _ Source = (*Live)(nil)

// vlanTag is the size of an IEEE 802.1Q tag. That much room is kept before
// each frame, for the kernel hands tags over beside the frame.
const vlanTag = 4

// OpenLive opens an interface with one ring per worker. It returns a
// *LiveError if the interface is not there or down, or the right to listen is
// missing.
func OpenLive(c LiveConfig) ([]*Live, error) {
	c = c.withDefaults()
	iface, err := findInterface(c.Interface)
	if err != nil {
		return nil, err
	}
	var lives []*Live
	for range c.Workers {
		l, err := openRing(c, iface)
		if err != nil {
			closeAll(lives)
			return nil, err
		}
		lives = append(lives, l)
	}
	if err := share(lives); err != nil {
		closeAll(lives)
		return nil, &LiveError{c.Interface, "cannot be shared among workers; try a single one", err}
	}
	return lives, nil
}

func closeAll(lives []*Live) {
	for _, l := range lives {
		l.Close()
	}
}

func findInterface(name string) (*net.Interface, error) {
	iface, err := net.InterfaceByName(name)
	if err != nil {
		return nil, &LiveError{name, "does not exist; ip -br link lists those that do", unix.ENODEV}
	}
	if iface.Flags&net.FlagUp == 0 {
		return nil, &LiveError{name, "is down; switch it on: ip link set " + name + " up", unix.ENETDOWN}
	}
	return iface, nil
}

// openRing makes a socket with its ring, bound to iface but deaf until share.
func openRing(c LiveConfig, iface *net.Interface) (*Live, error) {
	link, kind, err := linkTypeOf(iface.Name)
	if err != nil {
		return nil, err
	}
	// Protocol 0 receives nothing before bind.
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, notPermitted(iface.Name, err)
	}
	l := &Live{name: iface.Name, fd: fd, link: link, blockSize: c.BlockSize, timeout: int(max(1, c.Timeout.Milliseconds()))}
	if err := l.setUp(c, iface); err != nil {
		l.Close()
		return nil, &LiveError{iface.Name, "cannot be listened on", err}
	}
	return l, nil
}

func notPermitted(name string, err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return &LiveError{name, "may not be listened on; run as root or grant the right: setcap cap_net_raw,cap_net_admin+ep bin/cordon", err}
	}
	return &LiveError{name, "cannot be listened on", err}
}

// setUp orders the ring and binds the socket.
func (l *Live) setUp(c LiveConfig, iface *net.Interface) error {
	if err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("set ring version: %w", err)
	}
	if err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_RESERVE, vlanTag); err != nil {
		return fmt.Errorf("reserve room for a VLAN tag: %w", err)
	}
	// Frames of a version 3 ring have the size that they need; the size given
	// here only has to divide the block.
	const frameSize = 2048
	request := unix.TpacketReq3{
		Block_size: uint32(c.BlockSize), Block_nr: uint32(c.Blocks),
		Frame_size: frameSize, Frame_nr: uint32(c.BlockSize / frameSize * c.Blocks),
		Retire_blk_tov: uint32(max(1, c.BlockTimeout/time.Millisecond)),
	}
	if err := unix.SetsockoptTpacketReq3(l.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &request); err != nil {
		return fmt.Errorf("order a ring of %d MiB: %w", c.BlockSize*c.Blocks>>20, err)
	}
	ring, err := unix.Mmap(l.fd, 0, c.BlockSize*c.Blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map the ring: %w", err)
	}
	l.ring = ring
	if iface.Flags&net.FlagLoopback != 0 {
		// There each frame would come twice, as it leaves and as it arrives.
		if err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return fmt.Errorf("ignore outgoing frames: %w", err)
		}
	}
	if err := l.deafen(); err != nil {
		return fmt.Errorf("set filter: %w", err)
	}
	if c.Promiscuous {
		m := unix.PacketMreq{Ifindex: int32(iface.Index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(l.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
			return fmt.Errorf("set promiscuous mode: %w", err)
		}
	}
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	if err := unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: iface.Index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// deafen drops all frames until hear. Without it the sockets of a group would
// each receive everything until they have joined it.
func (l *Live) deafen() error {
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	return unix.SetsockoptSockFprog(l.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
}

func (l *Live) hear() error {
	return unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
}

// share joins the sockets to one group, by a hash that is the same for both
// directions and, since datagrams are put together first, for all fragments.
func share(lives []*Live) error {
	const mode = unix.PACKET_FANOUT_HASH | unix.PACKET_FANOUT_FLAG_DEFRAG
	id := 0
	for i, l := range lives {
		if len(lives) == 1 {
			break
		}
		flags := mode
		if i == 0 {
			flags |= unix.PACKET_FANOUT_FLAG_UNIQUEID
		}
		if err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, flags<<16|id); err != nil {
			return fmt.Errorf("join group: %w", err)
		}
		if i == 0 {
			got, err := unix.GetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
			if err != nil {
				return fmt.Errorf("read group: %w", err)
			}
			id = got & 0xffff
		}
	}
	for _, l := range lives {
		if err := l.hear(); err != nil {
			return fmt.Errorf("unset filter: %w", err)
		}
	}
	return nil
}

// Next implements Source.
func (l *Live) Next(f *Frame) error {
	for l.left == 0 {
		if l.failed != nil {
			return l.failed
		}
		l.release()
		if l.take() {
			continue
		}
		if err := l.wait(); err != nil {
			return err
		}
	}
	l.frame(f)
	return nil
}

// status is the word by which kernel and reader hand a block to each other.
func (l *Live) status() *uint32 {
	return &l.header().Block_status
}

func (l *Live) header() *unix.TpacketHdrV1 {
	d := (*unix.TpacketBlockDesc)(unsafe.Pointer(&l.ring[l.block*l.blockSize]))
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&d.Hdr))
}

// take begins to read the next block, if the kernel has handed it over.
func (l *Live) take() bool {
	if atomic.LoadUint32(l.status())&unix.TP_STATUS_USER == 0 {
		return false
	}
	h := l.header()
	l.held = true
	l.left = int(h.Num_pkts)
	l.at = l.block*l.blockSize + int(h.Offset_to_first_pkt)
	return true
}

// release hands the block that was read back to the kernel.
func (l *Live) release() {
	if !l.held {
		return
	}
	atomic.StoreUint32(l.status(), unix.TP_STATUS_KERNEL)
	l.held = false
	l.block++
	if l.block*l.blockSize == len(l.ring) {
		l.block = 0
	}
}

// frame reads the frame at l.at and steps over it.
func (l *Live) frame(f *Frame) {
	h := (*unix.Tpacket3Hdr)(unsafe.Pointer(&l.ring[l.at]))
	start := l.at + int(h.Mac)
	end := start + int(h.Snaplen)
	wire := h.Len
	if h.Status&unix.TP_STATUS_VLAN_VALID != 0 && l.link == LinkEthernet && h.Snaplen >= 12 {
		start -= vlanTag
		wire += vlanTag
		insertTag(l.ring[start:end], h)
	}
	l.number++
	l.bytes += uint64(end - start)
	f.Time = int64(h.Sec)*1e9 + int64(h.Nsec)
	f.Number = l.number
	f.Data = l.ring[start:end:end]
	f.WireLen = max(wire, uint32(end-start))
	f.Link = l.link
	l.left--
	l.at += int(h.Next_offset)
}

// insertTag puts the tag that the kernel took out of a frame back. The frame
// begins vlanTag bytes into b.
func insertTag(b []byte, h *unix.Tpacket3Hdr) {
	const addresses = 12
	copy(b[:addresses], b[vlanTag:])
	tpid := uint16(unix.ETH_P_8021Q)
	if h.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		tpid = h.Hv1.Vlan_tpid
	}
	b[addresses], b[addresses+1] = byte(tpid>>8), byte(tpid)
	b[addresses+2], b[addresses+3] = byte(h.Hv1.Vlan_tci>>8), byte(h.Hv1.Vlan_tci)
}

// wait sleeps until there may be a block, or the timeout has passed.
func (l *Live) wait() error {
	fds := [1]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN | unix.POLLERR}}
	n, err := unix.Poll(fds[:], l.timeout)
	switch {
	case err == unix.EINTR:
		return nil
	case err != nil:
		return l.fail("cannot be waited for", err)
	case n == 0:
		return ErrTimeout
	case fds[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0:
		return l.trouble()
	}
	return nil
}

// trouble asks the socket what its matter is.
func (l *Live) trouble() error {
	code, err := unix.GetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if !errors.Is(err, unix.ENETDOWN) {
		return l.fail("stopped delivering", err)
	}
	if _, missing := net.InterfaceByName(l.name); missing != nil {
		return l.fail("is gone; it was removed or unplugged", err)
	}
	return l.fail("went down; switch it on: ip link set "+l.name+" up", err)
}

func (l *Live) fail(reason string, err error) error {
	l.failed = &LiveError{l.name, reason, err}
	return l.failed
}

// Stats returns the kernel's counts.
func (l *Live) Stats() LiveStats {
	// Reading sets the kernel's counters to zero.
	if s, err := unix.GetsockoptTpacketStatsV3(l.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		l.stats.Frames += uint64(s.Packets - s.Drops)
		l.stats.Drops += uint64(s.Drops)
	}
	return l.stats
}

// Progress implements Source: the bytes delivered, of a number that nobody
// knows.
func (l *Live) Progress() (read, total int64) { return int64(l.bytes), -1 }

// Close unmaps the ring; the last frame is no longer valid then.
func (l *Live) Close() error {
	if l.fd < 0 {
		return nil
	}
	var err error
	if l.ring != nil {
		err = unix.Munmap(l.ring)
	}
	err = errors.Join(err, unix.Close(l.fd))
	l.fd, l.ring, l.left, l.held = -1, nil, 0, false
	l.failed = &LiveError{l.name, "was closed", net.ErrClosed}
	return err
}
