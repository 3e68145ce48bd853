package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cordonhq/cordon/internal/capture"
)

// The tests run in a network namespace of their own, which ends with the
// goroutine's thread.

// wire is a pair of connected interfaces: what is sent on far arrives at near.
type wire struct {
	near, far string
	fd        int
}

func newWire(t testing.TB) *wire {
	t.Helper()
	if unix.Geteuid() != 0 {
		t.Skip("needs root, to make a network namespace")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs ip: apt-get install iproute2")
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("cannot make a network namespace: %v", err)
	}
	w := &wire{near: "near", far: "far"}
	ip(t, "link", "add", w.near, "type", "veth", "peer", "name", w.far)
	for _, name := range []string{w.near, w.far} {
		ip(t, "link", "set", name, "addrgenmode", "none") // no neighbour discovery
		ip(t, "link", "set", name, "up")
	}
	iface, err := net.InterfaceByName(w.far)
	if err != nil {
		t.Fatal(err)
	}
	w.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(w.fd) })
	if err := unix.Bind(w.fd, &unix.SockaddrLinklayer{Ifindex: iface.Index}); err != nil {
		t.Fatal(err)
	}
	return w
}

func ip(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v\n%s", args, err, out)
	}
}

func (w *wire) send(t testing.TB, frame []byte) {
	t.Helper()
	if _, err := unix.Write(w.fd, frame); err != nil {
		t.Fatal(err)
	}
}

// open listens on the near end.
func (w *wire) open(t testing.TB, c capture.LiveConfig) []*capture.Live {
	t.Helper()
	c.Interface = w.near
	lives, err := capture.OpenLive(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, l := range lives {
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return lives
}

// receive returns copies of what arrives until nothing has for a while, or
// the error that ended it.
func receive(l *capture.Live) ([]capture.Frame, error) {
	var frames []capture.Frame
	for {
		var f capture.Frame
		switch err := l.Next(&f); {
		case errors.Is(err, capture.ErrTimeout):
			return frames, nil
		case err != nil:
			return frames, err
		}
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}
}

// next waits for the next frame, but not forever.
func next(t testing.TB, l *capture.Live, f *capture.Frame) {
	t.Helper()
	for range 100 {
		err := l.Next(f)
		if err == nil {
			return
		}
		if !errors.Is(err, capture.ErrTimeout) {
			t.Fatal(err)
		}
	}
	t.Fatalf("no frame came; the kernel counts %+v", l.Stats())
}

// patient hands blocks over late, so that sending slowly, on a busy machine,
// does not use up a ring that nobody reads meanwhile.
const patient = time.Second / 4

// frame is an Ethernet frame of n bytes of a type that no stack answers.
func frame(mark byte, n int) []byte {
	b := make([]byte, max(n, 60))
	copy(b, []byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5})
	b[20] = mark
	return b
}

func tagged(tpid, tci uint16, f []byte) []byte {
	tag := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, tpid), tci)
	return cat(f[:12], tag, f[12:])
}

func TestLiveDeliversWhatIsOnTheWire(t *testing.T) {
	w := newWire(t)
	l := w.open(t, capture.LiveConfig{})[0]
	sent := [][]byte{
		frame(1, 60),
		frame(2, 1514),
		tagged(0x8100, 0xe005, frame(3, 100)),
		tagged(0x88a8, 7, tagged(0x8100, 5, frame(4, 100))),
		frame(5, 60),
	}
	before := time.Now()
	for _, f := range sent {
		w.send(t, f)
	}
	got, err := receive(l)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(sent) {
		t.Fatalf("%d frames arrived, %d were sent", len(got), len(sent))
	}
	for i, f := range got {
		if !bytes.Equal(f.Data, sent[i]) || int(f.WireLen) != len(sent[i]) || f.Number != uint64(i+1) || f.Link != capture.LinkEthernet {
			t.Errorf("frame %d: number %d, link %d, %d bytes of %d\ngot  %x\nwant %x", i, f.Number, f.Link, len(f.Data), f.WireLen, f.Data, sent[i])
		}
		if at := time.Unix(0, f.Time); at.Before(before.Add(-time.Minute)) || at.After(before.Add(time.Minute)) {
			t.Errorf("frame %d came at %v", i, at)
		}
	}
	if s := l.Stats(); s.Frames != uint64(len(sent)) || s.Drops != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestLiveRingGoesRoundAndRound(t *testing.T) {
	w := newWire(t)
	l := w.open(t, capture.LiveConfig{Blocks: 16, BlockTimeout: 10 * time.Millisecond})[0]
	for round := range 200 {
		for i := range 50 {
			w.send(t, frame(byte(i), 1500))
		}
		for i := range 50 {
			var f capture.Frame
			next(t, l, &f)
			if f.Data[20] != byte(i) || f.Number != uint64(round*50+i+1) {
				t.Fatalf("round %d, frame %d: mark %d, number %d", round, i, f.Data[20], f.Number)
			}
		}
	}
}

func TestLiveCountsWhatTheKernelDropped(t *testing.T) {
	w := newWire(t)
	l := w.open(t, capture.LiveConfig{Blocks: 2})[0]
	const sent = 1000
	for range sent {
		w.send(t, frame(0, 1500))
	}
	got, err := receive(l)
	if err != nil {
		t.Fatal(err)
	}
	s := l.Stats()
	if s.Drops == 0 || s.Frames != uint64(len(got)) || s.Frames+s.Drops != sent {
		t.Errorf("stats %+v, %d frames received of %d", s, len(got), sent)
	}
	if again := l.Stats(); again != s {
		t.Errorf("stats were %+v and are %+v", s, again)
	}
}

// udp4 is a frame with a UDP datagram.
func udp4(src, dst byte, srcPort, dstPort uint16) []byte {
	ip := []byte{0x45, 0, 0, 46, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 0, 0, src, 10, 0, 0, dst}
	sum := uint32(0)
	for i := 0; i < len(ip); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum+sum>>16))
	udp := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, srcPort), dstPort)
	udp = append(udp, 0, 26, 0, 0)
	return cat([]byte{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0}, ip, udp, make([]byte, 18))
}

func TestLiveFanOutKeepsBothDirectionsTogether(t *testing.T) {
	w := newWire(t)
	lives := w.open(t, capture.LiveConfig{Workers: 2, BlockTimeout: patient, Timeout: 3 * patient})
	const flows = 200
	for port := range uint16(flows) {
		w.send(t, udp4(1, 2, 1000+port, 53))
		w.send(t, udp4(2, 1, 53, 1000+port))
	}
	seen := map[uint16]map[int]int{} // by flow and worker
	for worker, l := range lives {
		got, err := receive(l)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			t.Errorf("worker %d received nothing", worker)
		}
		for _, f := range got {
			port := max(binary.BigEndian.Uint16(f.Data[34:]), binary.BigEndian.Uint16(f.Data[36:]))
			if seen[port] == nil {
				seen[port] = map[int]int{}
			}
			seen[port][worker]++
		}
	}
	if len(seen) != flows {
		t.Errorf("%d flows seen, want %d", len(seen), flows)
	}
	for port, by := range seen {
		if len(by) != 1 || by[0]+by[1] != 2 {
			t.Errorf("flow %d: frames by worker %v, want both with one", port, by)
		}
	}
}

func TestLiveSaysWhenTheInterfaceGoes(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		says string
	}{
		{"down", []string{"link", "set", "near", "down"}, "went down"},
		{"away", []string{"link", "del", "near"}, "is gone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t)
			l := w.open(t, capture.LiveConfig{})[0]
			if _, err := receive(l); err != nil {
				t.Fatal(err)
			}
			ip(t, tt.args...)
			_, err := receive(l)
			var live *capture.LiveError
			if !errors.As(err, &live) || !errors.Is(err, unix.ENETDOWN) || !bytes.Contains([]byte(live.Reason), []byte(tt.says)) {
				t.Errorf("got %v, want a LiveError that says %q", err, tt.says)
			}
			if _, again := receive(l); again != err {
				t.Errorf("then got %v", again)
			}
		})
	}
}

func TestOpenLiveSaysWhatIsWrong(t *testing.T) {
	w := newWire(t)
	ip(t, "link", "set", w.near, "down")
	if _, err := capture.OpenLive(capture.LiveConfig{Interface: w.near}); !errors.Is(err, unix.ENETDOWN) {
		t.Errorf("of an interface that is down: %v", err)
	}
	if _, err := capture.OpenLive(capture.LiveConfig{Interface: "none"}); !errors.Is(err, unix.ENODEV) {
		t.Errorf("of an interface that is not there: %v", err)
	}
	ip(t, "link", "set", w.near, "up")
	// The capabilities are those of this thread, which ends with the test.
	none := [2]unix.CapUserData{}
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
		t.Skipf("cannot drop capabilities: %v", err)
	}
	_, err := capture.OpenLive(capture.LiveConfig{Interface: w.near})
	if !errors.Is(err, fs.ErrPermission) || !bytes.Contains([]byte(fmt.Sprint(err)), []byte("setcap")) {
		t.Errorf("without the right: %v", err)
	}
}

func TestInterfacesAndWhichCarry(t *testing.T) {
	w := newWire(t)
	ip(t, "link", "add", "bridge0", "type", "bridge")
	ip(t, "link", "set", "bridge0", "addrgenmode", "none")
	ip(t, "link", "set", "bridge0", "up")
	ip(t, "link", "set", w.near, "master", "bridge0")
	ip(t, "link", "set", "lo", "up")
	for range 100 {
		w.send(t, frame(0, 100))
	}
	list, err := capture.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]capture.Interface{}
	for _, i := range list {
		by[i.Name] = i
	}
	near := by[w.near]
	if !near.Up || near.Kind != "veth" || near.Master != by["bridge0"].Index || near.Frames < 100 || near.Bytes < 10_000 || near.MAC.IsZero() {
		t.Errorf("near is %+v", near)
	}
	if i := by["bridge0"]; i.Kind != "bridge" || !i.Up {
		t.Errorf("bridge is %+v", i)
	}
	if i := by["lo"]; !i.Loopback || !i.Up {
		t.Errorf("loopback is %+v", i)
	}
	var names []string
	for _, i := range capture.Carrying(list) {
		names = append(names, i.Name)
	}
	if len(names) != 2 {
		t.Errorf("carrying are %q, want both ends of the wire", names)
	}
}

func TestCarryingSeesEachFrameOnce(t *testing.T) {
	up := func(i capture.Interface) capture.Interface { i.Up, i.Frames = true, 1; return i }
	list := []capture.Interface{
		up(capture.Interface{Name: "lo", Index: 1, Loopback: true}),
		up(capture.Interface{Name: "eth0", Index: 2, Master: 10}),
		up(capture.Interface{Name: "eth1", Index: 3, Master: 10}),
		up(capture.Interface{Name: "eth2", Index: 4, Master: 11}),
		up(capture.Interface{Name: "eth3", Index: 5}),
		{Name: "eth4", Index: 6, Up: true},
		{Name: "eth5", Index: 7, Frames: 1},
		up(capture.Interface{Name: "bond0", Index: 10, Kind: "bond"}),
		up(capture.Interface{Name: "br0", Index: 11, Kind: "bridge"}),
		up(capture.Interface{Name: "br1", Index: 12, Kind: "bridge"}),
		up(capture.Interface{Name: "eth3.5", Index: 13, Kind: "vlan", Parent: 5}),
		up(capture.Interface{Name: "veth", Index: 14, Kind: "veth", Parent: 5}),
	}
	got := ""
	for _, i := range capture.Carrying(list) {
		got += i.Name + " "
	}
	if want := "eth2 eth3 bond0 br1 veth "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLiveAllocatesNothingAFrame(t *testing.T) {
	w := newWire(t)
	l := w.open(t, capture.LiveConfig{})[0]
	f := frame(0, 100)
	var got capture.Frame
	if n := testing.AllocsPerRun(100, func() {
		w.send(t, f)
		next(t, l, &got)
	}); n != 0 {
		t.Errorf("%v allocations a frame, want 0", n)
	}
}

// BenchmarkLive measures what it takes to read a frame out of the ring; the
// time of sending is left out.
func BenchmarkLive(b *testing.B) {
	w := newWire(b)
	l := w.open(b, capture.LiveConfig{BlockTimeout: patient})[0]
	const burst = 20_000
	f := frame(0, 483)
	b.ReportAllocs()
	read := 0
	for b.Loop() {
		b.StopTimer()
		for range burst {
			w.send(b, f)
		}
		time.Sleep(2 * patient) // until the last block has been handed over
		b.StartTimer()
		var got capture.Frame
		for range burst {
			next(b, l, &got)
		}
		read += burst
	}
	b.ReportMetric(float64(read)/b.Elapsed().Seconds()/1e6, "Mframes/s")
	if s := l.Stats(); s.Drops > 0 {
		b.Errorf("%d frames were dropped", s.Drops)
	}
}
