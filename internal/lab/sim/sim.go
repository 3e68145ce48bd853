// Package sim plays the devices for which no program exists: infusion pumps
// and their gateway, patient monitors and their central station, a ventilator,
// a FHIR server, a thermostat, a medical gas panel. Each speaks its protocol by
// the standard, over real sockets inside its namespace, and has the states that
// a clinician would recognise. Patients are invented.
package sim

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/cordonhq/cordon/internal/lab/netns"
)

// Clock is the clinic's time, which may pass faster than the wall's. Packets
// have wall time; the schedule and the messages have clinic time.
type Clock struct {
	wall, clinic time.Time
	speed        float64
}

// NewClock starts clinic time now, at the given time of the clinic's day.
func NewClock(clinic time.Time, speed float64) *Clock {
	return &Clock{wall: time.Now(), clinic: clinic, speed: speed}
}

// Now is the clinic's time.
func (c *Clock) Now() time.Time {
	return c.clinic.Add(time.Duration(float64(time.Since(c.wall)) * c.speed))
}

// leastPause is the shortest wall pause between the messages of one device:
// in a compressed day readings are thinned, so that a small machine keeps up.
const leastPause = 250 * time.Millisecond

// Sleep waits for d of clinic time, or until ctx ends.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	return pause(ctx, time.Duration(float64(d)/c.speed))
}

// Until waits for a clinic time, or until ctx ends.
func (c *Clock) Until(ctx context.Context, at time.Time) error { return c.Sleep(ctx, at.Sub(c.Now())) }

// Pace waits for d of clinic time, but no shorter than a small machine can
// bear.
func (c *Clock) Pace(ctx context.Context, d time.Duration) error {
	return pause(ctx, max(time.Duration(float64(d)/c.speed), leastPause))
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Env is what a simulator lives in.
type Env struct {
	At    netns.Namespace
	IP    string // its own address
	Clock *Clock
	Rand  *rand.Rand
	Log   *slog.Logger
}

// Patient is an invented one.
type Patient struct {
	MRN, Family, Given string
	Bed                int
}

// Patients are those of the ward, by bed.
var Patients = []Patient{
	{"MRN100001", "Adler", "Greta", 1},
	{"MRN100002", "Bianchi", "Luca", 2},
	{"MRN100003", "Costa", "Marta", 3},
	{"MRN100004", "Dumas", "Henri", 4},
}

// InBed returns the patient of a bed.
func InBed(bed int) Patient {
	for _, p := range Patients {
		if p.Bed == bed {
			return p
		}
	}
	return Patient{}
}

// about is d, more or less.
func (e *Env) about(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.7 + 0.6*e.Rand.Float64()))
}
