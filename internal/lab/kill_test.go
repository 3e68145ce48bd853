package lab_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/labtest"
	"github.com/cordonhq/cordon/internal/lab/netns"
)

// machine is what a lab could leave behind.
type machine struct {
	namespaces, links, tables []string
	files                     []string
	strays                    []string // processes that name the lab's folder
}

func look(t *testing.T) machine {
	lines := func(name string, args ...string) []string {
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			t.Fatalf("%s %v: %v", name, args, err)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	var m machine
	for _, l := range lines("ip", "netns", "list") {
		if strings.HasPrefix(l, "cordon-lab-") {
			m.namespaces = append(m.namespaces, l)
		}
	}
	for _, l := range lines("ip", "-brief", "link") {
		name, _, _ := strings.Cut(l, " ")
		m.links = append(m.links, name)
	}
	m.tables = lines("nft", "list", "tables")
	for _, path := range []string{lab.Dir, "/run/sshd"} {
		if _, err := os.Stat(path); err == nil {
			m.files = append(m.files, path)
		}
	}
	for _, l := range lines("ps", "-eo", "args") {
		if strings.Contains(l, lab.Dir+"/") {
			m.strays = append(m.strays, l)
		}
	}
	return m
}

// expectNothingLeft compares the machine with how it was before the lab.
func expectNothingLeft(t *testing.T, before machine) {
	t.Helper()
	after := look(t)
	for what, pair := range map[string][2][]string{
		"namespaces": {before.namespaces, after.namespaces}, "interfaces": {before.links, after.links}, "nft tables": {before.tables, after.tables},
		"files": {before.files, after.files}, "processes": {before.strays, after.strays},
	} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("%s before: %q\nafter: %q", what, pair[0], pair[1])
		}
	}
}

func processes(t *testing.T) []int {
	all, err := netns.Family("cordon-lab").All()
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, n := range all {
		here, err := n.Processes()
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, here...)
	}
	return pids
}

func TestTwentyKillsLeaveNothing(t *testing.T) {
	labtest.Need(t)
	labtest.Binary(t)
	labtest.Turn(t)
	before := look(t)
	labtest.Cordon(t, "lab", "up", "--speed", "60")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	var killed []int
	for range 20 {
		pids := processes(t)
		if len(pids) == 0 {
			t.Fatalf("nothing is left to kill after %d", len(killed))
		}
		pid := pids[dice.IntN(len(pids))]
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		killed = append(killed, pid)
	}
	labtest.Cordon(t, "lab", "down")
	expectNothingLeft(t, before)
}

func TestAKilledConductorLeavesNothing(t *testing.T) {
	labtest.Need(t)
	labtest.Binary(t)
	labtest.Turn(t)
	before := look(t)
	labtest.Cordon(t, "lab", "up", "--mode", "bridge", "--with-cordon", "--console", freeAddress(t))
	comesBack(t)
	conductor := labtest.Status(t).Conductor
	if err := syscall.Kill(conductor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	labtest.Eventually(t, settled, func() (bool, string) { return !labtest.Status(t).Running, "the lab says that it runs" })
	labtest.Cordon(t, "lab", "down")
	expectNothingLeft(t, before)
	labtest.Cordon(t, "lab", "down") // nothing to do is no error
}

// comesBack kills a device's program and waits until it serves again.
func comesBack(t *testing.T) {
	broker, err := lab.Find("broker")
	if err != nil {
		t.Fatal(err)
	}
	pids, err := broker.Namespace().Processes()
	if err != nil || len(pids) == 0 {
		t.Fatalf("processes of the broker: %v, %v", pids, err)
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	labtest.Eventually(t, settled, func() (bool, string) { return labtest.Status(t).Restarts > 0, "nothing was started again" })
	labtest.Eventually(t, settled, func() (bool, string) {
		out, err := labtest.Exec(t, "wearable-1", "mosquitto_pub", "-h", "broker.clinic.lan", "-t", "home/wearable-1/test", "-m", "hello")
		return err == nil, out
	})
}

func TestAnUpThatIsKilledLeavesNothing(t *testing.T) {
	labtest.Need(t)
	path := labtest.Binary(t)
	labtest.Turn(t)
	before := look(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	for range 5 {
		cmd := exec.Command(path, "lab", "up")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(time.Duration(dice.IntN(4000)) * time.Millisecond):
			_ = cmd.Process.Kill() // it may have ended just now
			<-ended
		}
		labtest.Cordon(t, "lab", "down")
		expectNothingLeft(t, before)
	}
}
