package storetest

import (
	"errors"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
	"github.com/cordonhq/cordon/internal/store"
)

func testDevices(t *testing.T, e Engine) {
	s := open(t, e)
	bare := cordon.Device{ID: "dev-bare", FirstSeen: stored(noon), LastSeen: stored(noon)}
	empty := bare
	empty.ID, empty.MACs, empty.IPs, empty.Hostnames = "dev-empty", []netid.MAC{}, []netip.Addr{}, []string{}
	want := []cordon.Device{device(1), bare, empty}
	save(t, s, store.Changes{Devices: want})
	for _, d := range want {
		got, err := s.Device(t.Context(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		check(t, string(d.ID), got, d)
	}
	check(t, "all", collect(t, s.AllDevices(t.Context())), want)
	_, err := s.Device(t.Context(), "dev-none")
	checkError(t, "a device that is not there", err, store.ErrNotFound)
	for _, id := range []cordon.DeviceID{"", "\x00", "\xff", cordon.DeviceID(make([]byte, 5000))} {
		_, err := s.Device(t.Context(), id)
		checkError(t, "a device that cannot be there", err, store.ErrNotFound)
	}
}

func testConversations(t *testing.T, e Engine) {
	s := open(t, e)
	huge := conversation(2)
	huge.BytesIn, huge.BytesOut, huge.Client.Device = math.MaxUint64, math.MaxUint64, ""
	want := []cordon.Conversation{conversation(1), huge}
	save(t, s, store.Changes{Conversations: want})
	check(t, "all", collect(t, s.AllConversations(t.Context())), want)
	page, err := s.Conversations(t.Context(), store.ConversationQuery{Paging: store.Paging{Limit: 10}, Device: "dev-server-1"})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "by server", page.Items, want[:1])
	page, err = s.Conversations(t.Context(), store.ConversationQuery{Paging: store.Paging{Limit: 10}, Protocol: ptr(cordon.DICOM)})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "by a protocol that none has", page.Items, []cordon.Conversation{})

	save(t, s, store.Changes{RemovedConversations: []cordon.ConversationID{want[0].ID, "conv-none"}})
	check(t, "after one was removed", collect(t, s.AllConversations(t.Context())), want[1:])
}

func testFindings(t *testing.T, e Engine) {
	s := open(t, e)
	want := []cordon.Finding{finding(1), finding(2)}
	want[1].Dst, want[1].DstDevice = netip.MustParseAddr("::1"), "dev-target"
	save(t, s, store.Changes{Findings: want})
	check(t, "all", collect(t, s.AllFindings(t.Context())), want)
	page, err := s.Findings(t.Context(), store.FindingQuery{Device: "dev-target"})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "by target", page.Items, want[1:])
}

func testTimeline(t *testing.T, e Engine) {
	s := open(t, e)
	other := entry(9)
	other.Device = "dev-other"
	save(t, s, store.Changes{Timeline: []cordon.TimelineEntry{entry(1), entry(3), entry(2), other}})
	save(t, s, store.Changes{Timeline: []cordon.TimelineEntry{entry(2), entry(4), entry(4)}})
	got := pages(t, 2, func(p store.Paging) (store.Page[cordon.TimelineEntry], error) {
		return s.Timeline(t.Context(), store.TimelineQuery{Paging: p, Device: "dev-000001"})
	})
	check(t, "newest first, each once", got, []cordon.TimelineEntry{entry(4), entry(3), entry(2), entry(1)})
}

func testOverrides(t *testing.T, e Engine) {
	s := open(t, e)
	full := cordon.Override{
		Name: ptr("Pumpe \x00 4"), Vendor: ptr(""), Kind: ptr(cordon.Ventilator), Model: ptr("x"), Function: ptr("y"),
		Criticality: ptr(cordon.CareCritical), Location: ptr("Bed 4"), InUse: ptr(cordon.InUseNo),
	}
	save(t, s, store.Changes{Overrides: map[cordon.DeviceID]cordon.Override{"dev-b": full, "dev-a": {Name: ptr("A")}, "dev-c": {}}})
	check(t, "all", collect(t, s.AllOverrides(t.Context())), []store.DeviceOverride{
		{Device: "dev-a", Override: cordon.Override{Name: ptr("A")}}, {Device: "dev-b", Override: full},
	})
	save(t, s, store.Changes{Overrides: map[cordon.DeviceID]cordon.Override{"dev-a": {}}})
	for id, want := range map[cordon.DeviceID]cordon.Override{"dev-a": {}, "dev-b": full, "dev-none": {}, "\x00": {}} {
		got, err := s.Override(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		check(t, "override of "+string(id), got, want)
	}
}

func testMeta(t *testing.T, e Engine) {
	s := open(t, e)
	for _, want := range []string{"", "one", "zwei · 二"} {
		if want != "" {
			if err := s.SetMeta(t.Context(), "site", want); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Meta(t.Context(), "site")
		if err != nil {
			t.Fatal(err)
		}
		check(t, "meta", got, want)
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Engine == "" || info.Version == "" || info.Place == "" || info.SchemaVersion < 1 || info.Bytes <= 0 {
		t.Errorf("info has gaps: %+v", info)
	}
}

func testText(t *testing.T, e Engine) {
	s := open(t, e)
	for name, c := range map[string]struct{ in, out string }{
		"nul":       {"a\x00b", "a\x00b"},
		"umlauts":   {"Gerät Ä ß", "Gerät Ä ß"},
		"scripts":   {"心電計 🫀 مضخة", "心電計 🫀 مضخة"},
		"combining": {"e\u0301", "e\u0301"},
		"lines":     {"a\r\nb\tc\u2028", "a\r\nb\tc\u2028"},
		"quotes":    {`'; DROP TABLE devices; --"\`, `'; DROP TABLE devices; --"\`},
		"not utf-8": {"a\xffb", "a\uFFFDb"},
		"long":      {string(make([]byte, 20000)), string(make([]byte, 20000))},
	} {
		d := device(1)
		d.Name, d.Vendor, d.Model, d.Hostnames, d.Kind = c.in, c.in, c.in, []string{c.in}, cordon.Kind(c.in)
		v := conversation(1)
		v.Client.Name, v.Transport = c.in, c.in
		f := finding(1)
		f.Title, f.Rule, f.Severity, f.Evidence = c.in, c.in, cordon.Severity(c.in), map[string]any{"x": c.in}
		n := entry(1)
		n.Text = c.in
		save(t, s, store.Changes{
			Devices: []cordon.Device{d}, Conversations: []cordon.Conversation{v}, Findings: []cordon.Finding{f}, Timeline: []cordon.TimelineEntry{n},
		})
		d.Name, d.Vendor, d.Model, d.Hostnames, d.Kind = c.out, c.out, c.out, []string{c.out}, cordon.Kind(c.out)
		v.Client.Name, v.Transport = c.out, c.out
		f.Title, f.Rule, f.Severity, f.Evidence = c.out, c.out, cordon.Severity(c.out), map[string]any{"x": c.out}
		check(t, name, collect(t, s.AllDevices(t.Context())), []cordon.Device{d})
		check(t, name, collect(t, s.AllConversations(t.Context())), []cordon.Conversation{v})
		check(t, name, collect(t, s.AllFindings(t.Context())), []cordon.Finding{f})
		for _, sort := range []store.DeviceSort{store.DevicesByName, store.DevicesByVendor, store.DevicesByKind} {
			page, err := s.Devices(t.Context(), store.DeviceQuery{Sort: sort, Vendor: c.in, Search: c.in})
			if err != nil {
				t.Errorf("%s: list by %s: %v", name, sort, err)
			}
			if len(page.Items) != 1 && name != "long" { // only the start of a long text can be searched
				t.Errorf("%s: found %d devices by vendor and text, want 1", name, len(page.Items))
			}
		}
	}
}

func testTimes(t *testing.T, e Engine) {
	s := open(t, e)
	berlin := time.FixedZone("CEST", 2*60*60)
	for name, c := range map[string]struct{ in, out time.Time }{
		"nanoseconds": {noon, stored(noon)},
		"zone":        {noon.In(berlin), stored(noon)},
		"zero":        {time.Time{}, time.Time{}},
		"epoch":       {time.Unix(0, 0), time.Unix(0, 0).UTC()},
		"before 1970": {time.Unix(-1, 999999999), time.Unix(-1, 999999000).UTC()},
		"far future":  {time.Date(292277, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		"far past":    {time.Date(-5000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		d := device(1)
		d.FirstSeen, d.LastSeen, d.Care.InUseSince = c.in, c.in, &c.in
		d.Evidence[0].First, d.Services[0].FirstSeen, d.Services[0].LastSeen = c.in, c.in, c.in
		save(t, s, store.Changes{Devices: []cordon.Device{d}})
		if d.Evidence[0].First != c.in {
			t.Errorf("%s: Save changed the caller's device", name)
		}
		got, err := s.Device(t.Context(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []time.Time{got.FirstSeen, got.LastSeen, *got.Care.InUseSince, got.Evidence[0].First, got.Services[0].FirstSeen, got.Services[0].LastSeen} {
			if !v.Equal(c.out) || v.Location() != time.UTC {
				t.Errorf("%s: got %v, want %v", name, v, c.out)
			}
		}
	}
}

func testNumbers(t *testing.T, e Engine) {
	s := open(t, e)
	d, f := device(1), finding(1)
	d.Confidence, d.Claims[0].Confidence, d.Evidence[0].Weight = math.NaN(), math.Inf(1), math.Inf(-1)
	f.Confidence = math.NaN()
	f.Evidence = map[string]any{"rate": math.Inf(1), "list": []float64{1, math.NaN()}, "fine": 2.0}
	save(t, s, store.Changes{Devices: []cordon.Device{d}, Findings: []cordon.Finding{f}})
	got, err := s.Device(t.Context(), d.ID)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "device", []float64{got.Confidence, got.Claims[0].Confidence, got.Evidence[0].Weight}, []float64{0, 0, 0})
	check(t, "finding", collect(t, s.AllFindings(t.Context()))[0].Evidence,
		map[string]any{"rate": "+Inf", "list": []any{1.0, "NaN"}, "fine": 2.0})
}

func testUpsert(t *testing.T, e Engine) {
	s := open(t, e)
	first, second, third := device(1), device(1), device(1)
	first.Name, second.Name, third.Name = "First", "Second", "Third"
	save(t, s, store.Changes{Devices: []cordon.Device{first, device(2), second}})
	got, _ := s.Device(t.Context(), first.ID)
	check(t, "the last of two in one save", got, second)
	save(t, s, store.Changes{Devices: []cordon.Device{third}})
	got, _ = s.Device(t.Context(), first.ID)
	check(t, "the last of two saves", got, third)
	page, err := s.Devices(t.Context(), store.DeviceQuery{Search: "second"})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "search for what was replaced", ids(page.Items), []string{})
	save(t, s, store.Changes{})
}

func testAllOrNothing(t *testing.T, e Engine) {
	s := open(t, e)
	for _, id := range []cordon.DeviceID{"", "dev\x00", "dev\xff", cordon.DeviceID(make([]byte, 1000))} {
		bad := device(2)
		bad.ID = id
		err := s.Save(t.Context(), store.Changes{
			Devices: []cordon.Device{device(1), bad}, Conversations: []cordon.Conversation{conversation(1)},
		})
		if err == nil {
			t.Errorf("a device with the id %.10q was saved", id)
		}
	}
	err := s.Save(t.Context(), store.Changes{
		Devices: []cordon.Device{device(1)}, Removed: map[cordon.DeviceID]cordon.DeviceID{"dev-a": "\x00"},
	})
	if err == nil {
		t.Error("a merge into an id that cannot be was saved")
	}
	check(t, "devices", ids(collect(t, s.AllDevices(t.Context()))), []string{})
	check(t, "conversations", len(collect(t, s.AllConversations(t.Context()))), 0)
}

func testMerge(t *testing.T, e Engine) {
	s := open(t, e)
	gone, into := device(1), device(2)
	f := finding(1)
	f.DstDevice = "dev-x"
	save(t, s, store.Changes{
		Devices: []cordon.Device{gone, into}, Conversations: []cordon.Conversation{conversation(1)}, Findings: []cordon.Finding{f},
		Timeline: []cordon.TimelineEntry{entry(1)}, Overrides: map[cordon.DeviceID]cordon.Override{gone.ID: {Name: ptr("Mine")}},
	})
	save(t, s, store.Changes{
		Removed:  map[cordon.DeviceID]cordon.DeviceID{gone.ID: into.ID},
		Timeline: []cordon.TimelineEntry{entry(2)}, // of the device that is gone
	})
	_, err := s.Device(t.Context(), gone.ID)
	checkError(t, "the merged device", err, store.ErrNotFound)
	var merged *store.MergedError
	if !errors.As(err, &merged) || *merged != (store.MergedError{Device: gone.ID, Into: into.ID}) {
		t.Errorf("the merged device: error %v, want that it went into %s", err, into.ID)
	}
	v := conversation(1)
	v.Client.Device = into.ID
	f.SrcDevice = into.ID
	check(t, "conversations", collect(t, s.AllConversations(t.Context())), []cordon.Conversation{v})
	check(t, "findings", collect(t, s.AllFindings(t.Context())), []cordon.Finding{f})
	page, err := s.Timeline(t.Context(), store.TimelineQuery{Device: into.ID})
	if err != nil {
		t.Fatal(err)
	}
	one, two := entry(1), entry(2)
	one.Device, two.Device = into.ID, into.ID
	check(t, "timeline", page.Items, []cordon.TimelineEntry{two, one})
	check(t, "overrides", collect(t, s.AllOverrides(t.Context())), []store.DeviceOverride{{Device: into.ID, Override: cordon.Override{Name: ptr("Mine")}}})

	save(t, s, store.Changes{Devices: []cordon.Device{gone}})
	got, err := s.Device(t.Context(), gone.ID)
	if err != nil {
		t.Fatalf("a device that came back: %v", err)
	}
	check(t, "a device that came back", got, gone)
}

func testMergeChains(t *testing.T, e Engine) {
	s := open(t, e)
	d := []cordon.Device{device(0), device(1), device(2), device(3), device(4), device(5)}
	save(t, s, store.Changes{Devices: d, Overrides: map[cordon.DeviceID]cordon.Override{
		d[0].ID: {Name: ptr("Zero")}, d[3].ID: {Name: ptr("Three")},
	}})
	save(t, s, store.Changes{Removed: map[cordon.DeviceID]cordon.DeviceID{d[0].ID: d[1].ID, d[1].ID: d[2].ID}})
	save(t, s, store.Changes{Removed: map[cordon.DeviceID]cordon.DeviceID{d[2].ID: d[3].ID}})
	save(t, s, store.Changes{Removed: map[cordon.DeviceID]cordon.DeviceID{d[4].ID: d[5].ID, d[5].ID: d[4].ID}})
	for _, gone := range d[:3] {
		_, err := s.Device(t.Context(), gone.ID)
		var merged *store.MergedError
		if !errors.As(err, &merged) || merged.Into != d[3].ID {
			t.Errorf("%s: error %v, want that it went into %s", gone.ID, err, d[3].ID)
		}
	}
	check(t, "left", ids(collect(t, s.AllDevices(t.Context()))), []string{string(d[3].ID)})
	check(t, "the successor keeps its own override", collect(t, s.AllOverrides(t.Context())),
		[]store.DeviceOverride{{Device: d[3].ID, Override: cordon.Override{Name: ptr("Three")}}})
}

func testGone(t *testing.T, e Engine) {
	s := open(t, e)
	save(t, s, store.Changes{
		Devices: []cordon.Device{device(1), device(2)}, Timeline: []cordon.TimelineEntry{entry(1)},
		Removed: map[cordon.DeviceID]cordon.DeviceID{"dev-old": device(1).ID},
	})
	save(t, s, store.Changes{Removed: map[cordon.DeviceID]cordon.DeviceID{device(1).ID: ""}})
	for _, id := range []cordon.DeviceID{device(1).ID, "dev-old"} {
		_, err := s.Device(t.Context(), id)
		var merged *store.MergedError
		if !errors.Is(err, store.ErrNotFound) || errors.As(err, &merged) {
			t.Errorf("%s: error %v, want just %v", id, err, store.ErrNotFound)
		}
	}
	page, err := s.Timeline(t.Context(), store.TimelineQuery{Device: device(1).ID})
	if err != nil {
		t.Fatal(err)
	}
	check(t, "timeline", page.Items, []cordon.TimelineEntry{})
}

func testCounts(t *testing.T, e Engine) {
	s := open(t, e)
	check0, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "of nothing", check0, store.Counts{DevicesByKind: map[cordon.Kind]int{}, FindingsBySeverity: map[cordon.Severity]int{}})
	camera, low := device(3), finding(3)
	camera.Kind, low.Severity = cordon.Camera, cordon.SeverityLow
	save(t, s, store.Changes{
		Devices:       []cordon.Device{device(1), device(2), camera},
		Conversations: []cordon.Conversation{conversation(1), conversation(2)},
		Findings:      []cordon.Finding{finding(1), finding(2), low},
	})
	got, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "counts", got, store.Counts{
		Devices: 3, DevicesByKind: map[cordon.Kind]int{cordon.InfusionPump: 2, cordon.Camera: 1}, Conversations: 2,
		Findings: 3, FindingsBySeverity: map[cordon.Severity]int{cordon.SeverityHigh: 2, cordon.SeverityLow: 1},
	})
}
