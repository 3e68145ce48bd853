package analyze

import (
	"testing"
	"time"
)

func TestCalendarPrintsAsTimeDoes(t *testing.T) {
	const latest = int64(8_600_000_000e9) // in the year 2242, as late as a flow may be
	times := []int64{0, 1, 999, 1000, 86399_999999999, 86400_000000000, 951782400e9, 1709164799_123456e3, 1767323045_000006e3, latest}
	for i := range int64(2000) {
		times = append(times, i*(latest/2000)+i*7919)
	}
	var c calendar
	for _, ns := range times {
		want := time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000Z07:00")
		if got := string(c.append(nil, ns)); got != want {
			t.Fatalf("%d prints as %s, want %s", ns, got, want)
		}
	}
}
