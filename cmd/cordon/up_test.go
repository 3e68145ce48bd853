package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cordonhq/cordon/internal/capture/capturetest"
	"github.com/cordonhq/cordon/internal/lab/netns"
)

// build returns the program under test, built once.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cordon-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cordon")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return path, nil
})

// up is a running `cordon up`.
type up struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	http http.Client
	log  *bytes.Buffer
}

var upLine = regexp.MustCompile(`^Cordon is up: (https://\S+)/\n`)

// start runs cordon up with args and waits for its address. In a namespace it
// is reached through dial.
func startUp(t *testing.T, at *netns.Namespace, args ...string) *up {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	u := &up{t: t, cmd: exec.Command(program, append([]string{"up", "--listen", "127.0.0.1:0"}, args...)...), log: &bytes.Buffer{}}
	u.cmd.Stderr = u.log
	out, err := u.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	dial := (&net.Dialer{}).DialContext
	begin := u.cmd.Start
	if at != nil {
		dial, begin = at.Dial, func() error { return at.Start(u.cmd) }
	}
	if err := begin(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.end(os.Interrupt) })
	u.http = http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	line := make([]byte, 200)
	n, err := out.Read(line)
	m := upLine.FindSubmatch(line[:n])
	if m == nil {
		u.end(os.Interrupt)
		t.Fatalf("cordon up says %q, %v; log: %s", line[:n], err, u.log)
	}
	u.url = string(m[1])
	return u
}

// end ends the program and returns its exit status, -1 if a signal did.
func (u *up) end(sig os.Signal) int {
	if u.cmd.ProcessState == nil {
		_ = u.cmd.Process.Signal(sig) // it may have ended by itself
		_ = u.cmd.Wait()              // the exit status is what we return
	}
	return u.cmd.ProcessState.ExitCode()
}

// devices returns the addresses of the devices by id.
func (u *up) devices() map[string][]string {
	u.t.Helper()
	var page struct {
		Items []struct {
			ID  string
			IPs []string
		}
	}
	res, err := u.http.Get(u.url + "/api/v1/devices?limit=1000")
	if err != nil {
		u.t.Fatalf("%v; log: %s", err, u.log)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	if err := json.Unmarshal(data, &page); err != nil {
		u.t.Fatalf("%v: %s", err, data)
	}
	out := map[string][]string{}
	for _, d := range page.Items {
		out[d.ID] = d.IPs
	}
	return out
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited in vain until %s", what)
}

// TestKilledSiteKeepsWhatItShowed: whatever the API showed before a SIGKILL at
// any moment is there after a restart.
func TestKilledSiteKeepsWhatItShowed(t *testing.T) {
	const workstations, kills = 400, 6
	var frames [][]byte
	for i := range workstations {
		frames = append(frames, capturetest.Browse(capturetest.Workstation(i), capturetest.WebServer)...)
	}
	recording, err := capturetest.Pcap(frames)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path, data := filepath.Join(dir, "browse.pcap"), filepath.Join(dir, "data")
	if err := os.WriteFile(path, recording, 0o600); err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	dice := rand.New(rand.NewPCG(seed, 0))
	shown := map[string][]string{}
	for range kills {
		u := startUp(t, nil, "--replay", path, "--data", data, "--speed", "2x")
		now := u.devices()
		for id := range shown {
			if _, ok := now[id]; !ok {
				t.Fatalf("seed %d: device %s was shown before the kill and is gone", seed, id)
			}
		}
		until := len(shown) + 1 + dice.IntN(40)
		await(t, "more devices are shown", func() bool {
			shown = u.devices()
			return len(shown) >= min(until, workstations)
		})
		if status := u.end(syscall.SIGKILL); status != -1 {
			t.Fatalf("cordon ended by itself with status %d: %s", status, u.log)
		}
	}
}

func TestCleanShutdown(t *testing.T) {
	dir := t.TempDir()
	if err := writeCaptures(dir); err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		u := startUp(t, nil, "--replay", filepath.Join(dir, "hello.pcap"), "--data", filepath.Join(dir, "data"))
		await(t, "the devices are shown", func() bool { return len(u.devices()) == 2 })
		if status := u.end(sig); status != 0 {
			t.Errorf("after %v: exit status %d, log: %s", sig, status, u.log)
		}
	}
}

// TestLiveInterface listens on a virtual link, sees a device, loses the link
// and finds it again.
func TestLiveInterface(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("listening takes root")
	}
	n := netns.Family("cordon-up-test").Namespace("wire")
	if err := netns.Create(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := netns.Remove(n); err != nil {
			t.Error(err)
		}
	})
	plug := []string{"link add tap0 type veth peer name far0", "link set tap0 up", "link set far0 up"}
	if err := n.Batch(plug); err != nil {
		t.Fatal(err)
	}
	u := startUp(t, &n, "--interface", "tap0", "--data", t.TempDir())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("devices %v, log: %s", u.devices(), u.log)
		}
	})
	sendUntilSeen(t, u, n, 1)
	if err := n.Batch([]string{"link del tap0"}); err != nil {
		t.Fatal(err)
	}
	await(t, "the interface is missed", func() bool { return u.state() == "waiting" })
	if err := n.Batch(plug); err != nil {
		t.Fatal(err)
	}
	await(t, "the interface is back", func() bool { return u.state() == "running" })
	sendUntilSeen(t, u, n, 2)
}

func (u *up) state() string {
	var site struct {
		Sensor struct{ Sources []struct{ State string } }
	}
	res, err := u.http.Get(u.url + "/api/v1/site")
	if err != nil {
		u.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&site); err != nil || len(site.Sensor.Sources) != 1 {
		u.t.Fatalf("site: %v, %+v", err, site)
	}
	return site.Sensor.Sources[0].State
}

// sendUntilSeen puts the n-th workstation's exchange on the wire once and waits
// until its device is shown.
func sendUntilSeen(t *testing.T, u *up, n netns.Namespace, which int) {
	t.Helper()
	client := capturetest.Workstation(which)
	began := time.Now()
	err := n.Do(func() error {
		link, err := net.InterfaceByName("far0")
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, frame := range capturetest.Browse(client, capturetest.WebServer) {
			if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: link.Index}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the workstation is shown", func() bool {
		for _, ips := range u.devices() {
			if slices.Contains(ips, client.IP.String()) {
				return true
			}
		}
		return false
	})
	t.Logf("shown %v after its first packet", time.Since(began).Round(time.Millisecond))
}

func TestNoPermissionSaysWhatToDo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("dropping root takes root")
	}
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(program), dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "up", "--interface", "lo", "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 || !bytes.Contains(out, []byte("CAP_NET_RAW")) && !bytes.Contains(out, []byte("cap_net_raw")) {
		t.Errorf("%v: %s", err, out)
	}
}
