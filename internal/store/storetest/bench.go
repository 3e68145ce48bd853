package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/store"
)

// The size of a large site.
const (
	siteDevices       = 10_000
	siteConversations = 100_000
)

// Bench measures an engine at the size of a large site: 10,000 devices and
// 100,000 conversations.
func Bench(b *testing.B, e Engine) {
	s := open(b, e)
	for start := 0; start < siteDevices; start += 1000 {
		save(b, s, store.Changes{Devices: deviceBatch(start, 1000, 0)})
	}
	for start := 0; start < siteConversations; start += 10_000 {
		save(b, s, store.Changes{Conversations: conversationBatch(start, 10_000, 0)})
	}
	b.Run("Save/1000devices", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			save(b, s, store.Changes{Devices: deviceBatch(n*1000%siteDevices, 1000, n+1)})
		}
		perSecond(b, 1000)
	})
	b.Run("Save/10000conversations", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			save(b, s, store.Changes{Conversations: conversationBatch(n*10_000%siteConversations, 10_000, n+1)})
		}
		perSecond(b, 10_000)
	})
	b.Run("Save/1device", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			save(b, s, store.Changes{Devices: deviceBatch(n%siteDevices, 1, n+1)})
		}
	})
	for _, q := range []store.DeviceQuery{
		{Paging: store.Paging{Limit: 100}},
		{Paging: store.Paging{Limit: 1000}},
		{Paging: store.Paging{Limit: 100, Desc: true}, Sort: store.DevicesByLastSeen},
		{Paging: store.Paging{Limit: 100}, Kinds: []cordon.Kind{cordon.InfusionPump}},
		{Paging: store.Paging{Limit: 100}, Search: "ward 9999"},
	} {
		b.Run(fmt.Sprintf("Devices/%d,%s,%s,%s", q.Limit, q.Sort, q.Kinds, q.Search), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Devices(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("Devices/all", func(b *testing.B) {
		for b.Loop() {
			got := pages(b, store.MaxLimit, func(p store.Paging) (store.Page[cordon.Device], error) {
				return s.Devices(b.Context(), store.DeviceQuery{Paging: p})
			})
			if len(got) != siteDevices {
				b.Fatalf("%d devices, want %d", len(got), siteDevices)
			}
		}
	})
	b.Run("Conversations/ofDevice", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Conversations(b.Context(), store.ConversationQuery{Paging: store.Paging{Limit: 100, Desc: true}, Device: device(5).ID}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Counts(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Restore", func(b *testing.B) {
		for b.Loop() {
			collect(b, s.AllDevices(b.Context()))
			collect(b, s.AllConversations(b.Context()))
		}
	})
}

func perSecond(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func deviceBatch(start, n, round int) []cordon.Device {
	out := make([]cordon.Device, n)
	for i := range out {
		out[i] = device(start + i)
		out[i].LastSeen = out[i].LastSeen.Add(time.Duration(round) * time.Second)
	}
	return out
}

func conversationBatch(start, n, round int) []cordon.Conversation {
	out := make([]cordon.Conversation, n)
	for i := range out {
		out[i] = conversation(start + i)
		out[i].Client.Device = device((start + i) % siteDevices).ID
		out[i].LastSeen = out[i].LastSeen.Add(time.Duration(round) * time.Second)
		out[i].BytesIn += uint64(round)
	}
	return out
}
