package lab

import (
	"cmp"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// dayBegins is the clinic's time when a lab comes up: a Monday morning, before
// the first shift.
var dayBegins = time.Date(2026, 1, 5, 6, 45, 0, 0, time.UTC)

// habit is something that a device does again and again with a real program:
// every so often within hours of the day, or daily at fixed times.
type habit struct {
	device string
	does   string // in words that follow the device's name
	// every is the mean pause in clinic time; each one is drawn between half
	// and one and a half of it.
	every time.Duration
	// from and to are the hours of the day between which it happens; equal
	// means around the clock. The first time comes soon at any hour, so that a
	// lab shows itself whole.
	from, to int
	// daily are times of day instead, each kept to within a few minutes.
	daily []time.Duration
	act   action
}

// within is how soon after the lab comes up a habit shows for the first time,
// and punctual is how far people are off their fixed times.
const (
	within   = 5 * time.Minute
	punctual = 6 * time.Minute
)

// times are the clinic times at which the habit happens, from dayBegins on
// without end. They depend on the seed and on nothing else.
func (h *habit) times(seed uint64) iter.Seq[time.Time] {
	dice := dice(seed, h.device, h.does)
	if h.daily != nil {
		return h.dailyTimes(dice)
	}
	return func(yield func(time.Time) bool) {
		at := dayBegins.Add(time.Duration(dice.Int64N(int64(min(h.every, within)))))
		for first := true; ; first = false {
			hour := at.Hour()
			if inside := h.from == h.to || hour >= h.from && hour < h.to; (first || inside) && !yield(at) {
				return
			}
			at = at.Add(time.Duration(float64(h.every) * (0.5 + dice.Float64())))
		}
	}
}

func (h *habit) dailyTimes(dice *rand.Rand) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for day := dayBegins.Truncate(24 * time.Hour); ; day = day.AddDate(0, 0, 1) {
			for _, t := range h.daily {
				at := day.Add(t + time.Duration(dice.Int64N(int64(punctual))))
				if at.After(dayBegins) && !yield(at) {
					return
				}
			}
		}
	}
}

// dice are those of one name in one lab, so that what one device does changes
// nothing for another.
func dice(seed uint64, names ...string) *rand.Rand {
	h := fnv.New64a()
	for _, n := range names {
		_, _ = h.Write([]byte(n + "\x00")) // never fails
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// Appointment is one thing that the schedule has a device do.
type Appointment struct {
	At     time.Time `json:"at"` // clinic time
	Device string    `json:"device"`
	Does   string    `json:"does"`
}

// Schedule is what real programs do in the first part of the clinic's days, in
// order of time. The same seed gives the same schedule.
func Schedule(seed uint64, length time.Duration) []Appointment {
	var all []Appointment
	end := dayBegins.Add(length)
	for i := range habits {
		h := &habits[i]
		for at := range h.times(seed) {
			if !at.Before(end) {
				break
			}
			all = append(all, Appointment{at.Truncate(time.Second), h.device, h.does})
		}
	}
	slices.SortFunc(all, func(a, b Appointment) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Does, b.Does))
	})
	return all
}
