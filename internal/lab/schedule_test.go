package lab_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordonhq/cordon/internal/lab"
)

func TestTheSeedDecidesTheSchedule(t *testing.T) {
	const day = 24 * time.Hour
	one, again, other := lab.Schedule(7, day), lab.Schedule(7, day), lab.Schedule(8, day)
	if !slices.Equal(one, again) {
		t.Error("two schedules of one seed differ")
	}
	if slices.Equal(one, other) {
		t.Error("the schedules of two seeds are the same")
	}
	if longer := lab.Schedule(7, 2*day); !slices.Equal(one, longer[:len(one)]) {
		t.Error("the first day changes with what comes after it")
	}
}

func TestTheDayHasItsShape(t *testing.T) {
	perHour := map[string][24]int{}
	for _, a := range lab.Schedule(1, 48*time.Hour) {
		if a.At.Day() == 5 && a.At.Hour() < 7 {
			continue // before it is up, everything shows itself once
		}
		n := perHour[a.Device+" "+a.Does]
		n[a.At.Hour()]++
		perHour[a.Device+" "+a.Does] = n
	}
	sum := func(what string, from, to int) (n int) {
		for h := from; h < to; h++ {
			n += perHour[what][h]
		}
		return n
	}
	tests := []struct {
		what     string
		from, to int // hours
		least    int
		most     int
	}{
		{"ct-1 stores a study", 7, 20, 60, 200},
		{"ct-1 stores a study", 21, 24, 0, 0},
		{"files backs the record database up", 1, 3, 1, 4},
		{"files backs the record database up", 8, 20, 0, 0},
		{"vendor-1 opens a remote session", 8, 18, 2, 12},
		{"nurse-pc-1 hands the shift over", 6, 8, 1, 2},
		{"nurse-pc-1 hands the shift over", 8, 14, 0, 0},
	}
	for _, tt := range tests {
		if n := sum(tt.what, tt.from, tt.to); n < tt.least || n > tt.most {
			t.Errorf("in two days between %d and %d o'clock, %s %d times; want %d to %d", tt.from, tt.to, tt.what, n, tt.least, tt.most)
		}
	}
}

func TestThePageKnowsEveryDevice(t *testing.T) {
	page, err := os.ReadFile("../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range lab.Cast {
		d := &lab.Cast[i]
		kind, number, _ := strings.Cut(d.Name, "-")
		listed := regexp.MustCompile(`(?m)^\| ` + kind + `[^|]*\b` + number + `[^|]* \|[^|]*\|[^|]*\.` + fmt.Sprint(d.Host) + `\b`)
		if !listed.Match(page) {
			t.Errorf("docs/lab.md does not list %s at %s", d.Name, d.IP())
		}
	}
}
