package analyze

import (
	"testing"
	"time"
)

func TestInstantsPrintAsTimeDoes(t *testing.T) {
	const latest = int64(8_600_000_000e9) // in the year 2242, as late as a flow may be
	times := []int64{0, 1, 999, 1000, 86399_999999999, 86400_000000000, 951782400e9, 1709164799_123456e3, 1767323045_000006e3, latest}
	for i := range int64(2000) {
		times = append(times, i*(latest/2000)+i*7919, i*(latest/2000)+i*100e6)
	}
	for _, ns := range times {
		at := time.Unix(0, ns).UTC()
		if got, want := string(appendInstant(nil, ns)), at.Format("2006-01-02T15:04:05.000000Z07:00"); got != want {
			t.Fatalf("%d prints as %s, want %s", ns, got, want)
		}
		if got, want := string(appendNano(nil, ns)), at.Format(time.RFC3339Nano); got != want {
			t.Fatalf("%d prints as %s, want %s", ns, got, want)
		}
	}
}
