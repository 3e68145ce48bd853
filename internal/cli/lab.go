package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/cordonhq/cordon/internal/lab"
)

func labCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Run a clinic in a box, on this machine only",
		Long: `Build a small clinic out of network namespaces and real programs, to see Cordon
work and to test it. It takes root, touches only what it makes, and no packet
leaves the machine.`,
		Example: `  sudo cordon lab up
  sudo cordon lab status
  sudo cordon lab exec nurse-pc-1 -- curl -s http://10.77.30.11/
  sudo cordon lab down`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(labUpCommand(s), labDownCommand(s), labStatusCommand(s), labExecCommand(s), labAttackCommand(s), labConductCommand(s))
	return cmd
}

func labOptions(cmd *cobra.Command) func() (lab.Options, error) {
	mode := cmd.Flags().String("mode", "router", "the gateway is a `router` or a transparent bridge")
	seed := cmd.Flags().Uint64("seed", 1, "`N` decides the schedule: the same gives the same day")
	speed := cmd.Flags().Float64("speed", 1, "`N` seconds of the clinic's day pass in one second")
	return func() (lab.Options, error) {
		m := lab.Mode(*mode)
		if m != lab.Router && m != lab.Bridge {
			return lab.Options{}, usagef("--mode %q: give router or bridge", *mode)
		}
		if !(*speed > 0 && *speed <= lab.MaxSpeed) {
			return lab.Options{}, usagef("--speed %v: give a number above 0, at most %d", *speed, lab.MaxSpeed)
		}
		return lab.Options{Mode: m, Seed: *seed, Speed: *speed}, nil
	}
}

func labUpCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "up",
		Short:   "Build the lab and let its day run in the background",
		Example: "  sudo cordon lab up --mode bridge --seed 7 --speed 60",
		Args:    noArgs,
	}
	options := labOptions(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opt, err := options()
		if err != nil {
			return err
		}
		if err := lab.Up(cmd.Context(), opt); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The lab is up: %d devices. See them with 'cordon lab status', end it with 'cordon lab down'.\n", len(lab.Cast))
		return nil
	}
	return cmd
}

func labDownCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the lab and remove all of it, also after a crash",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := lab.Down(); err != nil {
				return err
			}
			_, err := fmt.Fprintln(s.out, "The lab is down; nothing of it is left.")
			return err
		},
	}
}

func labStatusCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{Use: "status", Short: "Say what the lab is doing and who is in it", Args: noArgs}
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	cmd.RunE = func(*cobra.Command, []string) error {
		state, err := lab.Current()
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(s.out).Encode(lab.Describe(state))
		}
		return printLab(s.out, state)
	}
	return cmd
}

func printLab(out io.Writer, state lab.State) error {
	fmt.Fprintf(out, "The lab runs as a %s, seed %d, speed %g.\n\n", state.Mode, state.Seed, state.Speed)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DEVICE\tWHAT\tSEGMENT\tADDRESS\tMAC")
	for i := range lab.Cast {
		d := &lab.Cast[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Name, d.Title, d.Segment, d.IP(), d.MAC)
	}
	return w.Flush()
}

func labExecCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:     "exec DEVICE -- COMMAND",
		Short:   "Run a command as one of the lab's devices",
		Example: "  sudo cordon lab exec ct-1 -- echoscu 10.77.30.10 104",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usagef("lab exec needs a device and a command: cordon lab exec DEVICE -- COMMAND")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := lab.Current(); err != nil {
				return err
			}
			d, err := lab.Find(args[0])
			if err != nil {
				return err
			}
			run := exec.CommandContext(cmd.Context(), args[1], args[2:]...)
			run.Stdin, run.Stdout, run.Stderr = s.in, s.out, s.err
			if err := d.Namespace().Start(run); err != nil {
				return err
			}
			err = run.Wait()
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return fmt.Errorf("%s on %s: %w", args[1], d.Name, err)
			}
			return err
		},
	}
}

// labConductCommand is what 'lab up' leaves running; it is of no use alone.
func labConductCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{Use: "conduct", Short: "Play the lab (run by 'lab up')", Hidden: true, Args: noArgs}
	options := labOptions(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opt, err := options()
		if err != nil {
			return err
		}
		return lab.Conduct(cmd.Context(), opt, slog.New(slog.NewTextHandler(s.err, nil)))
	}
	return cmd
}
