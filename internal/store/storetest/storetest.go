// Package storetest holds every engine to the contract of package store. An
// engine's test calls Run and, from TestMain, Main.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
	"github.com/cordonhq/cordon/internal/store"
)

// Engine is what is tested.
type Engine struct {
	// Fresh makes a place for data that is empty and goes away with the test.
	Fresh func(t testing.TB) (place string)
	// Open opens the store in a place.
	Open func(ctx context.Context, place string) (store.Store, error)
	// MakeNewer makes the closed data in a place look as if a newer Cordon had
	// written it.
	MakeNewer func(t testing.TB, place string)
}

// Run runs the suite.
func Run(t *testing.T, e Engine) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Engine)
	}{
		{"Devices", testDevices},
		{"Conversations", testConversations},
		{"Findings", testFindings},
		{"Timeline", testTimeline},
		{"Overrides", testOverrides},
		{"Meta", testMeta},
		{"TextAsItCame", testText},
		{"TimesInUTC", testTimes},
		{"NumbersWithoutJSON", testNumbers},
		{"LastWriteWins", testUpsert},
		{"AllOrNothing", testAllOrNothing},
		{"Merge", testMerge},
		{"MergeChains", testMergeChains},
		{"Gone", testGone},
		{"Counts", testCounts},

		{"DeviceOrder", testDeviceOrder},
		{"DeviceFilters", testDeviceFilters},
		{"Search", testSearch},
		{"ConversationOrder", testConversationOrder},
		{"FindingOrder", testFindingOrder},
		{"PagingWhileWriting", testPagingWhileWriting},
		{"StrangePositions", testStrangePositions},
		{"Many", testMany},

		{"Reopen", testReopen},
		{"Killed", testKilled},
		{"NewerSchema", testNewerSchema},
		{"OneAtATime", testOneAtATime},
		{"Cancelled", testCancelled},
		{"Concurrent", testConcurrent},
		{"Closed", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, e) })
	}
}

// open opens a fresh store that the test closes at its end.
func open(t testing.TB, e Engine) store.Store {
	t.Helper()
	return openIn(t, e, e.Fresh(t))
}

func openIn(t testing.TB, e Engine, place string) store.Store {
	t.Helper()
	s, err := e.Open(t.Context(), place)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func save(t testing.TB, s store.Store, c store.Changes) {
	t.Helper()
	if err := s.Save(t.Context(), c); err != nil {
		t.Fatalf("save: %v", err)
	}
}

// check fails the test unless got is want.
func check(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netid.MAC{})); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func checkError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error %v, want %v", what, got, want)
	}
}

// collect reads an iterator to its end.
func collect[T any](t testing.TB, seq iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for v, err := range seq {
		if err != nil {
			t.Fatalf("iterate: %v", err)
		}
		out = append(out, v)
	}
	return out
}

// pages walks a list from its start to its end.
func pages[T any](t testing.TB, limit int, ask func(store.Paging) (store.Page[T], error)) []T {
	t.Helper()
	var out []T
	p := store.Paging{Limit: limit}
	for {
		page, err := ask(p)
		if err != nil {
			t.Fatalf("page after %d items: %v", len(out), err)
		}
		if page.Items == nil {
			t.Fatal("a page's items are nil")
		}
		if len(page.Items) > limit {
			t.Fatalf("a page has %d items, want at most %d", len(page.Items), limit)
		}
		out = append(out, page.Items...)
		if page.Next == nil {
			return out
		}
		if len(page.Items) == 0 {
			t.Fatal("an empty page has a next one")
		}
		p.After = page.Next
	}
}

// noon is the time that the tests count from, with digits below microseconds
// that a store cuts.
var noon = time.Date(2021, 6, 5, 12, 0, 0, 123456789, time.UTC)

// stored is t as a store returns it.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// device returns a device with every field set, different for each n.
func device(n int) cordon.Device {
	since := stored(noon.Add(time.Hour))
	seen := stored(noon.Add(time.Duration(n) * time.Second))
	return cordon.Device{
		ID: cordon.DeviceID(fmt.Sprintf("dev-%06d", n)), Name: fmt.Sprintf("Pump %d", n),
		MACs:      []netid.MAC{{2, 0, 0, byte(n >> 16), byte(n >> 8), byte(n)}},
		IPs:       []netip.Addr{netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), netip.MustParseAddr("fe80::1")},
		Hostnames: []string{fmt.Sprintf("pump-%d.ward.example", n)}, VLAN: 12, RandomMAC: true,
		Vendor: "B. Braun", Kind: cordon.InfusionPump, Model: "Space", OS: "VxWorks", Software: "1.2", Confidence: 0.75,
		Claims:   []cordon.Claim{{Attribute: cordon.AttrKind, Value: "infusion-pump", Confidence: 0.75}},
		Evidence: []cordon.Evidence{{Source: "oui", Field: "prefix", Value: "00:01", Says: cordon.AttrVendor, Claim: "B. Braun", Weight: 0.5, Rule: "oui", First: seen}},
		Care: cordon.Care{
			Function: "Infusion", Criticality: cordon.LifeSustaining, Location: "Ward 3", InUse: cordon.InUseYes,
			InUseSince: &since, Overridden: []string{"location"},
		},
		Services:  []cordon.Service{{Role: cordon.RoleServer, Transport: "tcp", Port: 443, Protocol: cordon.TLS, FirstSeen: seen, LastSeen: seen}},
		FirstSeen: seen, LastSeen: seen.Add(time.Minute),
	}
}

// conversation returns a conversation of device n with a device of its own.
func conversation(n int) cordon.Conversation {
	seen := stored(noon.Add(time.Duration(n) * time.Millisecond))
	return cordon.Conversation{
		ID:        cordon.ConversationID(fmt.Sprintf("conv-%06d", n)),
		Client:    cordon.Peer{Device: device(n).ID, IP: netip.MustParseAddr("10.0.0.1"), Name: "client"},
		Server:    cordon.Peer{Device: cordon.DeviceID(fmt.Sprintf("dev-server-%d", n)), IP: netip.MustParseAddr("10.0.0.2"), Name: "server"},
		Transport: "tcp", Port: 2575, Protocol: cordon.HL7,
		Flows: 1, PacketsOut: 2, PacketsIn: 3, BytesOut: uint64(n), BytesIn: 5,
		FirstSeen: seen, LastSeen: seen.Add(time.Minute),
	}
}

func finding(n int) cordon.Finding {
	seen := stored(noon.Add(time.Duration(n) * time.Second))
	return cordon.Finding{
		ID: cordon.FindingID(fmt.Sprintf("find-%06d", n)), Rule: "scan-horizontal", Severity: cordon.SeverityHigh, Confidence: 0.9,
		Technique: "T0846", Title: "Scan", Src: netip.MustParseAddr("10.0.0.1"), SrcDevice: device(n).ID,
		Evidence: map[string]any{"ports": 17.0, "names": []any{"a", "b"}},
		Packets:  []cordon.PacketRef{{File: "a.pcap", Number: 17}}, Count: 3, First: seen, Last: seen.Add(time.Minute),
	}
}

func entry(n int) cordon.TimelineEntry {
	return cordon.TimelineEntry{
		Device: "dev-000001", Time: stored(noon.Add(time.Duration(n) * time.Second)),
		Event: cordon.TimelineAddress, Text: fmt.Sprintf("Got the address 10.0.0.%d", n),
	}
}

func ids(devices []cordon.Device) []string {
	out := []string{}
	for _, d := range devices {
		out = append(out, string(d.ID))
	}
	return out
}

func ptr[T any](v T) *T { return &v }
