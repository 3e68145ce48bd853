package netns_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/cordonhq/cordon/internal/lab/netns"
)

// family keeps these tests apart from a lab that may be up.
const family = netns.Family("cordon-test")

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
}

func create(t *testing.T, n netns.Namespace) {
	t.Helper()
	if err := netns.Create(n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := netns.Remove(n); err != nil {
			t.Error(err)
		}
	})
}

func TestTwoNamespacesTalk(t *testing.T) {
	needRoot(t)
	a, b := family.Namespace("a"), family.Namespace("b")
	create(t, a)
	create(t, b)
	err := a.Batch([]string{
		"link add eth0 type veth peer name eth0 netns " + b.Name(),
		"addr add 192.0.2.1/24 dev eth0",
		"link set eth0 up",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Batch([]string{"addr add 192.0.2.2/24 dev eth0", "link set eth0 up"}); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	l, err := b.Listen(ctx, "tcp", "192.0.2.2:104")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			_, _ = io.WriteString(c, "hello") // the reader tells
			c.Close()
		}
	}()
	c, err := a.Dial(ctx, "tcp", "192.0.2.2:104")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
		t.Errorf("heard %q, %v", got, err)
	}
	if _, err := a.Dial(ctx, "tcp", "host.example:80"); err == nil {
		t.Error("a name was dialled: it would be looked up outside of the lab")
	}
}

func TestProcessesAreFound(t *testing.T) {
	needRoot(t)
	n := family.Namespace("p")
	create(t, n)
	cmd := exec.Command("sleep", "60")
	if err := n.Start(cmd); err != nil {
		t.Fatal(err)
	}
	pids, err := n.Processes()
	if err != nil || !slices.Equal(pids, []int{cmd.Process.Pid}) {
		t.Errorf("processes %v, %v; want %d", pids, err, cmd.Process.Pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed, as meant
}

func TestOnlyOwnNamespacesAreListed(t *testing.T) {
	needRoot(t)
	mine := family.Namespace("mine")
	create(t, mine)
	foreign := family.Namespace("foreign").Name()
	if out, err := exec.Command("ip", "netns", "add", foreign).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", foreign).Run() })
	if out, err := exec.Command("ip", "-n", foreign, "link", "add", "x0", "type", "veth", "peer", "name", "x1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	all, err := family.All()
	if err != nil || !slices.Contains(all, mine) || slices.Contains(all, family.Namespace("foreign")) {
		t.Errorf("namespaces %v, %v; want test-mine and not test-foreign", all, err)
	}
}
