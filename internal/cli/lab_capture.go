package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonhq/cordon/internal/lab"
)

func labCaptureCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "capture --out DIR",
		Short: "Record what passes in the lab",
		Long: `Record what passes in the lab that is up, until interrupted: one capture for
each segment with all that passes in it, and one of the whole clinic
(clinic.pcap), in which each frame is there once, as it enters the network.
Beside them are labels.jsonl, the truth about attacks of that time, and
truth.json, the truth about each device.

To record from the first frame on, when devices ask for their addresses, use
'cordon lab up --record DIR' instead.`,
		Example: `  sudo cordon lab capture --seconds 60 --out captures
  sudo cordon lab capture --until-clinic 08:30 --segment ward --out captures`,
		Args: noArgs,
	}
	flags := cmd.Flags()
	out := flags.String("out", "", "write into `DIR`")
	seconds := flags.Float64("seconds", 0, "stop after `N` seconds")
	until := flags.String("until-clinic", "", "stop when the clinic's clocks show `HH:MM`")
	names := flags.StringSlice("segment", nil, "only the `SEGMENT`; may be repeated")
	_ = cmd.MarkFlagRequired("out") // the flag exists
	cmd.MarkFlagsMutuallyExclusive("seconds", "until-clinic")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := filepath.Abs(*out)
		if err != nil {
			return err
		}
		segments, err := segmentsOf(*names)
		if err != nil {
			return err
		}
		if *seconds < 0 {
			return usagef("--seconds %v: give a number above 0", *seconds)
		}
		state, err := lab.Current()
		if err != nil {
			return err
		}
		length := time.Duration(*seconds * float64(time.Second))
		if *until != "" {
			if length, err = untilClinic(state, *until); err != nil {
				return err
			}
		}
		if err := lab.MoveToGateway(); err != nil {
			return err
		}
		return runCapture(cmd.Context(), s, dir, segments, length)
	}
	return cmd
}

func runCapture(ctx context.Context, s streams, dir string, segments []lab.Segment, length time.Duration) error {
	if length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, length)
		defer cancel()
	}
	recorder, err := lab.NewRecorder(dir, segments)
	if err != nil {
		return err
	}
	if err := recorder.Run(ctx); err != nil {
		return err
	}
	r, err := lab.ReadRecording(dir)
	if err != nil {
		return err
	}
	for _, t := range r.Tracks {
		fmt.Fprintf(s.out, "%s: %d frames, %d bytes\n", filepath.Join(dir, t.File), t.Frames, t.Bytes)
		if t.Drops > 0 {
			fmt.Fprintf(s.err, "%s: %d frames were lost, for the machine was too busy\n", t.File, t.Drops)
		}
	}
	return nil
}

func segmentsOf(names []string) ([]lab.Segment, error) {
	var out []lab.Segment
	for _, n := range names {
		s := lab.Segment(n)
		if !s.Prefix().IsValid() {
			return nil, usagef("--segment %q: the lab has %v", n, lab.Segments)
		}
		out = append(out, s)
	}
	return out, nil
}

// untilClinic is how long it takes until the clinic's clocks show a time.
func untilClinic(state lab.State, clock string) (time.Duration, error) {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, usagef("--until-clinic %q: give a time of day such as 08:30", clock)
	}
	now := state.Clinic
	at := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, now.Location())
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return time.Duration(float64(at.Sub(now)) / state.Speed), nil
}
