package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"syscall"
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
  sudo cordon lab attack --list
  sudo cordon lab down`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(labUpCommand(s), labDownCommand(s), labStatusCommand(s), labExecCommand(s), labAttackCommand(s),
		labCaptureCommand(s), labScoreCommand(s), labConductCommand(s))
	return cmd
}

func labOptions(cmd *cobra.Command) func() (lab.Options, error) {
	mode := cmd.Flags().String("mode", "router", "the gateway is a `router` or a transparent bridge")
	seed := cmd.Flags().Uint64("seed", 1, "`N` decides the schedule: the same gives the same day")
	speed := cmd.Flags().Float64("speed", 1, "`N` seconds of the clinic's day pass in one second")
	record := cmd.Flags().String("record", "", "record all that passes, from the first frame on, into `DIR`")
	withCordon := cmd.Flags().Bool("with-cordon", false, "put Cordon at the gateway and open its console")
	console := cmd.Flags().String("console", "127.0.0.1:8443", "the loopback `ADDRESS` of the console")
	return func() (lab.Options, error) {
		m := lab.Mode(*mode)
		if m != lab.Router && m != lab.Bridge {
			return lab.Options{}, usagef("--mode %q: give router or bridge", *mode)
		}
		if !(*speed > 0 && *speed <= lab.MaxSpeed) {
			return lab.Options{}, usagef("--speed %v: give a number above 0, at most %d", *speed, lab.MaxSpeed)
		}
		opt := lab.Options{Mode: m, Seed: *seed, Speed: *speed}
		if *record != "" {
			dir, err := filepath.Abs(*record)
			if err != nil {
				return lab.Options{}, err
			}
			opt.Record = dir
		}
		if *withCordon {
			opt.Console = *console
		}
		return opt, nil
	}
}

func labUpCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Build the lab and let its day run in the background",
		Example: `  sudo cordon lab up --mode bridge --seed 7 --speed 60
  sudo cordon lab up --with-cordon
  cordon lab up --dry-run --seed 7`,
		Args: noArgs,
	}
	options := labOptions(cmd)
	dry := cmd.Flags().Duration("dry-run", 0, "print the schedule of the first `TIME` instead, such as 24h")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = "24h"
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		opt, err := options()
		if err != nil {
			return err
		}
		if *dry > 0 {
			return printSchedule(s.out, lab.Schedule(opt.Seed, *dry))
		}
		if err := lab.Up(cmd.Context(), opt); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "The lab is up: %d devices. See them with 'cordon lab status', end it with 'cordon lab down'.\n", len(lab.Cast))
		if opt.Console != "" {
			fmt.Fprintf(s.out, "Cordon watches at the gateway: https://%s\n", opt.Console)
		}
		return nil
	}
	return cmd
}

// printSchedule prints what devices will do, one line each, in clinic time.
func printSchedule(out io.Writer, schedule []lab.Appointment) error {
	w := bufio.NewWriter(out)
	for _, a := range schedule {
		fmt.Fprintf(w, "%s %s %s\n", a.At.Format("Mon 15:04:05"), a.Device, a.Does)
	}
	return w.Flush()
}

func labDownCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the lab and remove all of it, also after a crash",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := lab.Down(cmd.Context()); err != nil {
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
		d := lab.Describe(state)
		if *asJSON {
			return json.NewEncoder(s.out).Encode(d)
		}
		return printLab(s.out, d)
	}
	return cmd
}

func printLab(out io.Writer, d lab.Description) error {
	fmt.Fprintf(out, "The lab runs as a %s, seed %d, speed %g.\n", d.Mode, d.Seed, d.Speed)
	switch {
	case d.Problem != "":
		fmt.Fprintf(out, "It has ended: %s\n", d.Problem)
	case !d.Running:
		fmt.Fprintln(out, "Nobody conducts it any more: end it with 'cordon lab down'.")
	case !d.Ready:
		fmt.Fprintln(out, "It is starting.")
	default:
		fmt.Fprintf(out, "In the clinic it is %s.\n", d.Clinic.Format("Monday, 15:04"))
	}
	if d.Console != "" {
		fmt.Fprintf(out, "Cordon watches at the gateway: https://%s\n", d.Console)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nDEVICE\tWHAT\tSEGMENT\tADDRESS\tMAC")
	for i := range d.Devices {
		m := &d.Devices[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.Name, m.Title, m.Segment, m.IP, m.MAC)
	}
	fmt.Fprintln(w, "\nWHAT ARRIVED\tTIMES")
	for _, c := range d.Counts.Lines() {
		fmt.Fprintf(w, "%s\t%d\n", c.What, c.Times)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if d.Counts.LastActionProblem != "" {
		fmt.Fprintf(out, "\nThe last exchange that did not come about: %s\n", d.Counts.LastActionProblem)
	}
	return nil
}

// exitStatus is the status with which a command of the lab ended, which is
// then that of this program.
type exitStatus struct {
	error
	status int
}

func (e exitStatus) Unwrap() error   { return e.error }
func (e exitStatus) ExitStatus() int { return e.status }

func labExecCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "exec DEVICE -- COMMAND",
		Short: "Run a command as one of the lab's devices",
		Long: `Run a command in the network of one of the lab's devices, or of the gateway.
Its exit status is that of the command, 128 and the signal's number if a signal
ended it.`,
		Example: `  sudo cordon lab exec ct-1 -- echoscu 10.77.30.10 104
  sudo cordon lab exec gateway -- ip address`,
		Args: func(_ *cobra.Command, args []string) error {
			if _, command := deviceAndCommand(args); len(command) == 0 {
				return usagef("lab exec needs a device and a command: cordon lab exec DEVICE -- COMMAND")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := lab.Current(); err != nil {
				return err
			}
			device, command := deviceAndCommand(args)
			where, err := lab.FindPlace(device)
			if err != nil {
				return err
			}
			path, err := lab.Program(command[0])
			if err != nil {
				fmt.Fprintf(s.err, "cordon: %v\n", err)
				return exitStatus{err, 127} // as shells have it
			}
			run := exec.CommandContext(cmd.Context(), path, command[1:]...)
			run.Stdin, run.Stdout, run.Stderr = s.in, s.out, s.err
			run.Cancel = func() error { return run.Process.Signal(syscall.SIGTERM) }
			if err := where.Start(run); err != nil {
				return err
			}
			return statusOf(run.Wait())
		},
	}
	cmd.Flags().SetInterspersed(false)
	return cmd
}

// deviceAndCommand parts the arguments; the command may follow two dashes.
func deviceAndCommand(args []string) (device string, command []string) {
	if len(args) == 0 {
		return "", nil
	}
	device, command = args[0], args[1:]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	return device, command
}

// statusOf turns the end of a command into one of this program.
func statusOf(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return exitStatus{err, 128 + int(w.Signal())}
	}
	return exitStatus{err, exit.ExitCode()}
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
