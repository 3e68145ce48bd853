package lab

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/cordonhq/cordon/internal/lab/sim"
)

// wearableEvery is how often a wearable sends a reading.
const wearableEvery = 5 * time.Second

// wear has a wearable publish its readings through a client that stays
// connected; a lost connection is made again.
func (l *Lab) wear(ctx context.Context, name string) error {
	d := member(name)
	w, env := sim.NewWearable(name), l.env(d)
	return l.keep(ctx, name, func() error {
		path, err := lookPath("mosquitto_pub")
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, path, "-h", nameOf("broker"), "-i", name, "-q", "1", "-t", "home/"+name+"/vitals", "-l")
		lines, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		if err := d.Home().Start(cmd); err != nil {
			return err
		}
		for {
			if _, err := lines.Write(append(w.Reading(env.Rand.NormFloat64, env.Clock.Now()), '\n')); err != nil {
				break
			}
			if err := env.Clock.Pace(ctx, wearableEvery); err != nil {
				break
			}
		}
		_ = lines.Close() // the client ends with its input
		return cmd.Wait()
	})
}

// subscribe has the central station take readings and alarms from the broker.
func (l *Lab) subscribe(ctx context.Context) error {
	d := member("central-1")
	return l.keep(ctx, "central-1", func() error {
		path, err := lookPath("mosquitto_sub")
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, path, "-h", nameOf("broker"), "-i", "central-1", "-q", "1", "-v", "-t", "ward/+/alarm", "-t", "home/+/alarm", "-t", "home/+/vitals")
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := d.Home().Start(cmd); err != nil {
			return err
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if topic, _, _ := strings.Cut(lines.Text(), " "); strings.HasSuffix(topic, "/alarm") {
				l.tally.alarms.Add(1)
			} else {
				l.tally.wearables.Add(1)
			}
		}
		return cmd.Wait()
	})
}

// keep runs a client of the broker again when it ends, until ctx ends.
func (l *Lab) keep(ctx context.Context, name string, client func() error) error {
	const again = time.Second
	for {
		err := client()
		if ctx.Err() != nil {
			return nil
		}
		l.tally.fail(fmt.Errorf("%s, as a client of the broker: %w", name, err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(again):
		}
	}
}
