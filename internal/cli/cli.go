// Package cli is the command line: flags, output and exit status. What a
// command does lies in the packages below; nothing else imports this one but
// main and the generator of the command reference.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
	// exitSecondSignal is for a second interrupt while a clean stop is under
	// way: 128 + SIGINT, as shells report it.
	exitSecondSignal = 130
)

// version is stamped by the build.
var version = "unversioned"

// streams are what a command reads and writes. Standard output carries only
// what was asked for.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a wrong use of the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// hinter is an error that knows what to do next.
type hinter interface{ Hint() string }

// Main runs the command line and returns its exit status.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := interruptible()
	defer stop()
	root := Root(streams{in, out, errOut})
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitDone
	}
	var other interface{ ExitStatus() int }
	if errors.As(err, &other) {
		return other.ExitStatus() // what ran has said why
	}
	var usage usageError
	isUsage := errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command")
	fmt.Fprintf(errOut, "cordon: %v\n", err)
	var h hinter
	if errors.As(err, &h) {
		fmt.Fprintf(errOut, "        %s\n", h.Hint())
	}
	if isUsage {
		fmt.Fprintln(errOut, "        See 'cordon --help', or 'cordon COMMAND --help' for one command.")
		return ExitUsage
	}
	return ExitFailed
}

// interruptible returns a context that ends at the first SIGINT or SIGTERM; a
// second one ends the program at once.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-signals; !ok {
			return
		}
		cancel()
		if _, ok := <-signals; ok {
			os.Exit(exitSecondSignal)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}

// Root returns the command tree.
func Root(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "cordon",
		Short: "Protect the connected devices of a clinic",
		Long: `Cordon sees every device on a clinic's network, knows what each is for, and
protects it without cutting care.

Start with 'cordon analyze' on a capture, or 'cordon up' on a live interface.`,
		Version:       Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetVersionTemplate("cordon {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(analyzeCommand(s), upCommand(s), labCommand(s), versionCommand(s))
	return root
}

// NewRoot returns the command tree without input, for documentation.
func NewRoot() *cobra.Command { return Root(streams{strings.NewReader(""), io.Discard, io.Discard}) }

// Version returns the version that the build was stamped with.
func Version() string {
	if version != "unversioned" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return version
}

func versionCommand(s streams) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  cordon version --json",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				_, err := fmt.Fprintf(s.out, "{\"version\":%q}\n", Version())
				return err
			}
			_, err := fmt.Fprintln(s.out, "cordon", Version())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no arguments, got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// newLog writes for people on standard error.
func newLog(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
