package storetest

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/platform/netid"
	"github.com/cordonhq/cordon/internal/store"
)

// named returns devices with these names and ids in the same order.
func named(names ...string) []cordon.Device {
	var out []cordon.Device
	for i, n := range names {
		d := device(i)
		d.Name, d.Vendor = n, n
		out = append(out, d)
	}
	return out
}

func testDeviceOrder(t *testing.T, e Engine) {
	s := open(t, e)
	names := []string{
		"", "10.0.0.9", "10.0.0.10", "10.0.0.100", "Ärzte", "ärzte", "bed 2", "Bed 3", "bed 12", "BED 012", "straße", "STRASSE", "Übung", "zebra", "ω", "Ω", "心電計",
	}
	devices := named(names...)
	kinds := []cordon.Kind{cordon.Camera, cordon.UPS, "", cordon.InfusionPump}
	for i := range devices {
		devices[i].Kind = kinds[i%len(kinds)]
		devices[i].Confidence = float64(i%3) / 7
		devices[i].FirstSeen = stored(noon.Add(time.Duration(i%5) * time.Microsecond))
		devices[i].LastSeen = stored(noon.Add(time.Duration(-i) * time.Hour))
	}
	save(t, s, store.Changes{Devices: devices})

	for by, compare := range map[store.DeviceSort]func(a, b cordon.Device) int{
		"":                        func(a, b cordon.Device) int { return cmp.Compare(store.SortKey(a.Name), store.SortKey(b.Name)) },
		store.DevicesByName:       func(a, b cordon.Device) int { return cmp.Compare(store.SortKey(a.Name), store.SortKey(b.Name)) },
		store.DevicesByVendor:     func(a, b cordon.Device) int { return cmp.Compare(store.SortKey(a.Vendor), store.SortKey(b.Vendor)) },
		store.DevicesByKind:       func(a, b cordon.Device) int { return cmp.Compare(a.Kind, b.Kind) },
		store.DevicesByConfidence: func(a, b cordon.Device) int { return cmp.Compare(a.Confidence, b.Confidence) },
		store.DevicesByFirstSeen:  func(a, b cordon.Device) int { return a.FirstSeen.Compare(b.FirstSeen) },
		store.DevicesByLastSeen:   func(a, b cordon.Device) int { return a.LastSeen.Compare(b.LastSeen) },
	} {
		want := slices.Clone(devices)
		slices.SortFunc(want, func(a, b cordon.Device) int { return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID)) })
		for _, desc := range []bool{false, true} {
			for _, limit := range []int{1, 3, len(devices), 100} {
				got := pages(t, limit, func(p store.Paging) (store.Page[cordon.Device], error) {
					p.Desc = desc
					return s.Devices(t.Context(), store.DeviceQuery{Paging: p, Sort: by})
				})
				check(t, fmt.Sprintf("by %q, desc %v, %d a page", by, desc, limit), ids(got), ids(want))
			}
			slices.Reverse(want)
		}
	}
	if _, err := s.Devices(t.Context(), store.DeviceQuery{Sort: "name; DROP TABLE devices"}); err == nil {
		t.Error("an order that does not exist was taken")
	}

	// What people expect of names, beside what the key says.
	page, err := s.Devices(t.Context(), store.DeviceQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range page.Items {
		if strings.HasPrefix(strings.ToLower(d.Name), "bed") || strings.HasPrefix(d.Name, "10.") {
			got = append(got, d.Name)
		}
	}
	check(t, "numbers by value", got, []string{"10.0.0.9", "10.0.0.10", "10.0.0.100", "bed 2", "Bed 3", "bed 12", "BED 012"})
}

func testDeviceFilters(t *testing.T, e Engine) {
	s := open(t, e)
	devices := named("a", "b", "c", "d")
	devices[0].Kind, devices[0].Vendor = cordon.Camera, "Dräger"
	devices[1].Kind, devices[1].Vendor = cordon.UPS, "DRÄGER"
	devices[2].Kind, devices[2].Vendor = cordon.Camera, "Dräger Medical"
	devices[3].Vendor = ""
	save(t, s, store.Changes{Devices: devices})
	for name, c := range map[string]struct {
		q    store.DeviceQuery
		want []int
	}{
		"all":            {store.DeviceQuery{}, []int{0, 1, 2, 3}},
		"kind":           {store.DeviceQuery{Kinds: []cordon.Kind{cordon.Camera}}, []int{0, 2}},
		"kinds":          {store.DeviceQuery{Kinds: []cordon.Kind{cordon.Camera, cordon.UPS}}, []int{0, 1, 2}},
		"no such kind":   {store.DeviceQuery{Kinds: []cordon.Kind{"x"}}, []int{}},
		"vendor":         {store.DeviceQuery{Vendor: "dräger"}, []int{0, 1}},
		"vendor, kind":   {store.DeviceQuery{Vendor: "dräger", Kinds: []cordon.Kind{cordon.UPS}}, []int{1}},
		"vendor, search": {store.DeviceQuery{Vendor: "dräger", Search: "a"}, []int{0, 1}},
	} {
		got := pages(t, 1, func(p store.Paging) (store.Page[cordon.Device], error) {
			c.q.Paging = p
			return s.Devices(t.Context(), c.q)
		})
		want := []string{}
		for _, i := range c.want {
			want = append(want, string(devices[i].ID))
		}
		check(t, name, ids(got), want)
	}
}

func testSearch(t *testing.T, e Engine) {
	s := open(t, e)
	d := cordon.Device{
		ID: "dev-a", Name: "Perfusor 100% Ω", Vendor: "Größe & Söhne", Kind: cordon.InfusionPump, Model: "X_1\\y",
		MACs:      []netid.MAC{{0xaa, 0xbb, 0xcc, 0, 0, 1}},
		IPs:       []netip.Addr{netip.MustParseAddr("192.168.7.20"), netip.MustParseAddr("2001:db8::7")},
		Hostnames: []string{"PUMP-7.Ward.example"}, Care: cordon.Care{Location: "Bed 4"}, FirstSeen: noon, LastSeen: noon,
	}
	save(t, s, store.Changes{Devices: []cordon.Device{d, {ID: "dev-b", Name: "other"}}})
	for search, found := range map[string]bool{
		"": true, "   ": true, "perfusor": true, "PERFUSOR": true, "fusor": true, "grösse": true, "GRÖSSE": true, "söhne größe": true, "ω": true,
		"infusion-pump": true, "infusion pump": true, "aa:bb:cc": true, "AA-BB-CC-00-00-01": true, "aabbcc000001": true,
		"192.168.7": true, "2001:DB8::7": true, "pump-7.ward": true, "bed 4": true, "perfusor bed": true, "100%": true, "x_1\\": true,
		"perfusor nothing": false, "1_0%": false, "x%1": false, "perf%": false, "p_rfusor": false, "\x00": false, "'": false, "\\": true, "\\\\": false,
	} {
		page, err := s.Devices(t.Context(), store.DeviceQuery{Search: search})
		if err != nil {
			t.Errorf("search %q: %v", search, err)
			continue
		}
		if got := slices.Contains(ids(page.Items), "dev-a"); got != found {
			t.Errorf("search %q: found %v, want %v", search, got, found)
		}
	}
}

func testConversationOrder(t *testing.T, e Engine) {
	s := open(t, e)
	var all []cordon.Conversation
	protocols := []cordon.Protocol{cordon.DICOM, cordon.HL7, cordon.Unknown}
	for i := range 20 {
		c := conversation(i)
		c.Protocol, c.BytesOut, c.BytesIn = protocols[i%3], uint64(i%4), uint64(i%2)
		c.LastSeen = c.LastSeen.Add(time.Duration(-(i % 7)) * time.Hour)
		if i%5 == 0 {
			c.Server.Device = "dev-pacs"
		}
		all = append(all, c)
	}
	save(t, s, store.Changes{Conversations: all})
	for by, compare := range map[store.ConversationSort]func(a, b cordon.Conversation) int{
		"":                             func(a, b cordon.Conversation) int { return a.LastSeen.Compare(b.LastSeen) },
		store.ConversationsByLastSeen:  func(a, b cordon.Conversation) int { return a.LastSeen.Compare(b.LastSeen) },
		store.ConversationsByFirstSeen: func(a, b cordon.Conversation) int { return a.FirstSeen.Compare(b.FirstSeen) },
		store.ConversationsByBytes:     func(a, b cordon.Conversation) int { return cmp.Compare(a.BytesIn+a.BytesOut, b.BytesIn+b.BytesOut) },
		store.ConversationsByProtocol:  func(a, b cordon.Conversation) int { return cmp.Compare(a.Protocol.String(), b.Protocol.String()) },
	} {
		for _, q := range []store.ConversationQuery{{}, {Device: "dev-pacs"}, {Protocol: &protocols[1]}} {
			want := slices.Clone(all)
			want = slices.DeleteFunc(want, func(c cordon.Conversation) bool {
				return q.Device != "" && c.Client.Device != q.Device && c.Server.Device != q.Device || q.Protocol != nil && c.Protocol != *q.Protocol
			})
			slices.SortFunc(want, func(a, b cordon.Conversation) int { return cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID)) })
			for _, desc := range []bool{false, true} {
				got := pages(t, 3, func(p store.Paging) (store.Page[cordon.Conversation], error) {
					q.Paging, q.Sort, q.Desc = p, by, desc
					return s.Conversations(t.Context(), q)
				})
				check(t, fmt.Sprintf("%+v", q), got, want)
				slices.Reverse(want)
			}
		}
	}
	if _, err := s.Conversations(t.Context(), store.ConversationQuery{Sort: "x"}); err == nil {
		t.Error("an order that does not exist was taken")
	}
}

func testFindingOrder(t *testing.T, e Engine) {
	s := open(t, e)
	var all []cordon.Finding
	severities := []cordon.Severity{cordon.SeverityInfo, cordon.SeverityLow, cordon.SeverityMedium, cordon.SeverityHigh, cordon.SeverityCritical}
	for i := range 20 {
		f := finding(i)
		f.Severity = severities[i*3%5]
		f.Last = f.Last.Add(time.Duration(-(i % 4)) * time.Hour)
		all = append(all, f)
	}
	save(t, s, store.Changes{Findings: all})
	for by, compare := range map[store.FindingSort]func(a, b cordon.Finding) int{
		store.FindingsByLast: func(a, b cordon.Finding) int { return a.Last.Compare(b.Last) },
		store.FindingsBySeverity: func(a, b cordon.Finding) int {
			return cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity))
		},
	} {
		for _, only := range [][]cordon.Severity{nil, severities[3:], severities[:1]} {
			want := slices.DeleteFunc(slices.Clone(all), func(f cordon.Finding) bool { return only != nil && !slices.Contains(only, f.Severity) })
			slices.SortFunc(want, func(a, b cordon.Finding) int { return -cmp.Or(compare(a, b), cmp.Compare(a.ID, b.ID)) })
			got := pages(t, 3, func(p store.Paging) (store.Page[cordon.Finding], error) {
				p.Desc = true
				return s.Findings(t.Context(), store.FindingQuery{Paging: p, Sort: by, Severities: only})
			})
			check(t, fmt.Sprintf("by %s of %v", by, only), got, want)
		}
	}
	if _, err := s.Findings(t.Context(), store.FindingQuery{Sort: "x"}); err == nil {
		t.Error("an order that does not exist was taken")
	}
}

// testPagingWhileWriting holds that a reader who walks a list sees each row
// that nobody touches exactly once, whatever else comes and goes.
func testPagingWhileWriting(t *testing.T, e Engine) {
	s := open(t, e)
	const n = 300
	var devices []cordon.Device
	want := []string{}
	for i := range n {
		d := device(2 * i)
		devices = append(devices, d)
		want = append(want, string(d.ID))
	}
	save(t, s, store.Changes{Devices: devices})
	written := 0
	got := pages(t, 7, func(p store.Paging) (store.Page[cordon.Device], error) {
		// Between two pages one device comes before, one after, and one goes.
		lo, hi := device(2*written+1), device(2*(n-written)+1)
		save(t, s, store.Changes{
			Devices: []cordon.Device{lo, hi},
			Removed: map[cordon.DeviceID]cordon.DeviceID{device(2*written - 1).ID: ""},
		})
		written++
		return s.Devices(t.Context(), store.DeviceQuery{Paging: p})
	})
	seen := map[string]int{}
	for _, d := range got {
		seen[string(d.ID)]++
	}
	for _, id := range want {
		if seen[id] != 1 {
			t.Errorf("%s was listed %d times", id, seen[id])
		}
	}
	for id, times := range seen {
		if times > 1 {
			t.Errorf("%s was listed %d times", id, times)
		}
	}
}

func testStrangePositions(t *testing.T, e Engine) {
	s := open(t, e)
	save(t, s, store.Changes{
		Devices: named("a", "b"), Conversations: []cordon.Conversation{conversation(1)}, Findings: []cordon.Finding{finding(1)},
		Timeline: []cordon.TimelineEntry{entry(1)},
	})
	for _, after := range []store.Position{
		{}, {Text: "\x00", ID: "\x00"}, {Text: "\xff\xfe", ID: "\xff"}, {Int: -1 << 63}, {Int: 1<<63 - 1, ID: "x"}, {Text: string(make([]byte, 70000))},
	} {
		for _, desc := range []bool{false, true} {
			p := store.Paging{Limit: -5, After: &after, Desc: desc}
			for _, sort := range []store.DeviceSort{store.DevicesByName, store.DevicesByLastSeen} {
				if _, err := s.Devices(t.Context(), store.DeviceQuery{Paging: p, Sort: sort}); err != nil {
					t.Errorf("devices after %.20q: %v", after.Text, err)
				}
			}
			if _, err := s.Conversations(t.Context(), store.ConversationQuery{Paging: p, Device: "\x00"}); err != nil {
				t.Errorf("conversations after %.20q: %v", after.Text, err)
			}
			if _, err := s.Findings(t.Context(), store.FindingQuery{Paging: p, Device: "\xff"}); err != nil {
				t.Errorf("findings after %.20q: %v", after.Text, err)
			}
			if _, err := s.Timeline(t.Context(), store.TimelineQuery{Paging: p, Device: "\x00"}); err != nil {
				t.Errorf("timeline after %.20q: %v", after.Text, err)
			}
		}
	}
}

// testMany holds that nothing bends at the size that a large site has.
func testMany(t *testing.T, e Engine) {
	if testing.Short() {
		t.Skip("100,000 conversations take a while")
	}
	s := open(t, e)
	const n, batch = 100_000, 10_000
	for start := 0; start < n; start += batch {
		var c store.Changes
		for i := range batch {
			c.Conversations = append(c.Conversations, conversation(start+i))
		}
		save(t, s, c)
	}
	counts, err := s.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check(t, "count", counts.Conversations, n)
	next := n
	pages(t, store.MaxLimit, func(p store.Paging) (store.Page[cordon.Conversation], error) {
		p.Desc = true
		page, err := s.Conversations(t.Context(), store.ConversationQuery{Paging: p})
		for _, c := range page.Items {
			next--
			if want := conversation(next).ID; c.ID != want {
				t.Fatalf("got %s where %s comes next", c.ID, want)
			}
		}
		page.Items = page.Items[:min(1, len(page.Items))] // nothing is to pile up
		return page, err
	})
	check(t, "left to list", next, 0)
	total := 0
	for _, err := range s.AllConversations(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		total++
	}
	check(t, "restored", total, n)
}
