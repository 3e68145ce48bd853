package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/store"
)

// placeVariable tells a child of the test binary where to write until it is
// killed.
const placeVariable = "CORDON_STORETEST_WRITE_TO"

// Main runs the tests, or, in a child that testKilled started, writes until
// killed. TestMain calls it.
func Main(m *testing.M, open func(ctx context.Context, place string) (store.Store, error)) {
	place := os.Getenv(placeVariable)
	if place == "" {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, writeForever(open, place))
	os.Exit(1)
}

// rowsPerSave is how many devices and conversations each save of the child
// has.
const rowsPerSave = 100

// writeForever saves one batch after another, and says so when each is saved.
func writeForever(open func(ctx context.Context, place string) (store.Store, error), place string) error {
	ctx := context.Background()
	s, err := open(ctx, place)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		if err := s.Save(ctx, batchOf(n)); err != nil {
			return err
		}
		if _, err := fmt.Println(n); err != nil {
			return err
		}
	}
}

func batchOf(n int) store.Changes {
	var c store.Changes
	for i := range rowsPerSave {
		d := device(i) // each save replaces the devices of the one before
		d.Model = strconv.Itoa(n)
		c.Devices = append(c.Devices, d)
		c.Conversations = append(c.Conversations, conversation(n*rowsPerSave+i))
	}
	return c
}

func testReopen(t *testing.T, e Engine) {
	place := e.Fresh(t)
	s, err := e.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	save(t, s, store.Changes{
		Devices: []cordon.Device{device(1)}, Conversations: []cordon.Conversation{conversation(1)}, Findings: []cordon.Finding{finding(1)},
		Timeline: []cordon.TimelineEntry{entry(1)}, Overrides: map[cordon.DeviceID]cordon.Override{device(1).ID: {Name: ptr("x")}},
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openIn(t, e, place)
	check(t, "devices", collect(t, s.AllDevices(t.Context())), []cordon.Device{device(1)})
	check(t, "conversations", collect(t, s.AllConversations(t.Context())), []cordon.Conversation{conversation(1)})
	check(t, "findings", collect(t, s.AllFindings(t.Context())), []cordon.Finding{finding(1)})
	check(t, "overrides", collect(t, s.AllOverrides(t.Context())), []store.DeviceOverride{{Device: device(1).ID, Override: cordon.Override{Name: ptr("x")}}})
}

// testKilled kills a writing process without warning, several times over, and
// holds that what it had acknowledged is there, and nothing by half.
func testKilled(t *testing.T, e Engine) {
	place := e.Fresh(t)
	for _, saves := range []int{1, 4, 9, 20} {
		acknowledged := killAfter(t, place, saves)
		s, err := e.Open(t.Context(), place)
		if err != nil {
			t.Fatalf("open after a kill: %v", err)
		}
		checkWhole(t, s, acknowledged)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter runs a writer, kills it after that many saves were acknowledged,
// and returns the number of the last one that was.
func killAfter(t *testing.T, place string, saves int) int {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), placeVariable+"="+place)
	var stderr strings.Builder
	child.Stderr = &stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the writer said %q", lines.Text())
		}
		if last+1 == saves {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		} // then drain what it still said before it died
	}
	if err := child.Wait(); err == nil || last+1 < saves {
		t.Fatalf("the writer ended by itself after save %d: %v\n%s", last, err, stderr.String())
	}
	return last
}

// checkWhole holds that everything up to the save with the number acknowledged
// is there, and at most one more save, whole.
func checkWhole(t *testing.T, s store.Store, acknowledged int) {
	t.Helper()
	devices := collect(t, s.AllDevices(t.Context()))
	if len(devices) != rowsPerSave {
		t.Fatalf("%d devices, want %d", len(devices), rowsPerSave)
	}
	last, err := strconv.Atoi(devices[0].Model)
	if err != nil || last < acknowledged || last > acknowledged+1 {
		t.Fatalf("the devices are of save %q, want %d or the one after it", devices[0].Model, acknowledged)
	}
	for _, d := range devices {
		if d.Model != devices[0].Model {
			t.Fatalf("device %s is of save %s, another of %s", d.ID, d.Model, devices[0].Model)
		}
	}
	// Conversations of earlier runs are the same ones, so there may be more.
	got := map[cordon.ConversationID]bool{}
	for _, c := range collect(t, s.AllConversations(t.Context())) {
		got[c.ID] = true
	}
	for n := range (last + 1) * rowsPerSave {
		if !got[conversation(n).ID] {
			t.Fatalf("conversation %d of %d is missing", n, (last+1)*rowsPerSave)
		}
	}
	if len(got)%rowsPerSave != 0 {
		t.Fatalf("%d conversations: a save is there by half", len(got))
	}
}

func testNewerSchema(t *testing.T, e Engine) {
	place := e.Fresh(t)
	s, err := e.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	save(t, s, store.Changes{Devices: []cordon.Device{device(1)}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	e.MakeNewer(t, place)
	for range 2 { // the refusal leaves no lock behind
		s, err = e.Open(t.Context(), place)
		checkError(t, "open", err, store.ErrNewerSchema)
		if err == nil {
			t.Fatal(s.Close())
		}
	}
}

func testOneAtATime(t *testing.T, e Engine) {
	place := e.Fresh(t)
	first, err := e.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	second, err := e.Open(t.Context(), place)
	checkError(t, "a second open", err, store.ErrLocked)
	if err == nil {
		t.Fatal(second.Close())
	}
	save(t, first, store.Changes{Devices: []cordon.Device{device(1)}})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	third := openIn(t, e, place)
	check(t, "devices", ids(collect(t, third.AllDevices(t.Context()))), []string{string(device(1).ID)})
}

func testCancelled(t *testing.T, e Engine) {
	s := open(t, e)
	save(t, s, store.Changes{Devices: []cordon.Device{device(1)}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, device1 := s.Device(ctx, device(1).ID)
	_, devices := s.Devices(ctx, store.DeviceQuery{})
	_, conversations := s.Conversations(ctx, store.ConversationQuery{})
	_, findings := s.Findings(ctx, store.FindingQuery{})
	_, timeline := s.Timeline(ctx, store.TimelineQuery{Device: "x"})
	_, override := s.Override(ctx, "x")
	_, counts := s.Counts(ctx)
	_, meta := s.Meta(ctx, "x")
	_, info := s.Info(ctx)
	var all error
	for _, err := range s.AllDevices(ctx) {
		all = err
	}
	for what, err := range map[string]error{
		"Save": s.Save(ctx, store.Changes{Devices: []cordon.Device{device(2)}}), "SetMeta": s.SetMeta(ctx, "x", "y"),
		"Device": device1, "Devices": devices, "Conversations": conversations, "Findings": findings, "Timeline": timeline,
		"Override": override, "Counts": counts, "Meta": meta, "Info": info, "AllDevices": all,
	} {
		checkError(t, what, err, context.Canceled)
	}
	check(t, "devices", ids(collect(t, s.AllDevices(t.Context()))), []string{string(device(1).ID)})
	if _, err := e.Open(ctx, e.Fresh(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: error %v, want %v", err, context.Canceled)
	}
}

// testConcurrent is for the race detector, and holds that readers always see
// whole saves.
func testConcurrent(t *testing.T, e Engine) {
	s := open(t, e)
	save(t, s, batchOf(0))
	ctx, cancel := context.WithCancel(t.Context())
	var writers, readers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			for n := range 20 {
				save(t, s, batchOf(n))
			}
		})
	}
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				page, err := s.Devices(ctx, store.DeviceQuery{})
				if err != nil {
					if ctx.Err() == nil {
						t.Errorf("read beside a save: %v", err)
					}
					return
				}
				for _, d := range page.Items {
					if d.Model != page.Items[0].Model {
						t.Errorf("one page shows saves %s and %s", d.Model, page.Items[0].Model)
						return
					}
				}
			}
		})
	}
	writers.Wait()
	cancel()
	readers.Wait()
}

func testClosed(t *testing.T, e Engine) {
	s, err := e.Open(t.Context(), e.Fresh(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Save(t.Context(), store.Changes{Devices: []cordon.Device{device(1)}}); err == nil {
		t.Error("Save after Close succeeded")
	}
	if _, err := s.Devices(t.Context(), store.DeviceQuery{}); err == nil {
		t.Error("Devices after Close succeeded")
	}
}
