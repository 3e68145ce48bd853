package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordonhq/cordon/internal/site"
)

type upFlags struct {
	interfaces []string
	replay     []string
	speed      string
	loop       bool
	listen     string
	data       string
	rules      string
	name       string
	workers    int
	verbose    bool
}

func upCommand(s streams) *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a site: sensor, inventory, API and console",
		Long: `Start a site: listen to the network, learn which devices there are, and show
them in the console. Without flags Cordon listens on the interfaces that carry
traffic; that takes root or the capability CAP_NET_RAW.

Cordon only listens: it sends nothing to any device. It keeps what it learns in
the data folder, and goes on from there at the next start. There is no sign-in
yet, so the console answers on this machine only.`,
		Example: `  sudo cordon up
  sudo cordon up --interface mirror0 --data /var/lib/cordon
  cordon up --replay ward.pcap --speed 10x`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runUp(cmd, s, f) },
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&f.interfaces, "interface", "i", nil, "listen on `NAME`; may be repeated")
	flags.StringSliceVar(&f.replay, "replay", nil, "play a capture or a folder of captures from `FILE` instead")
	flags.StringVar(&f.speed, "speed", "1x", "play `N` times as fast as recorded, or max")
	flags.BoolVar(&f.loop, "loop", false, "start the replay over when it ends")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8443", "answer on this loopback `ADDRESS`")
	flags.StringVar(&f.data, "data", defaultData(), "keep what is learned in `DIR`")
	flags.Lookup("data").DefValue = "/var/lib/cordon, without root ~/.local/share/cordon"
	flags.StringVar(&f.rules, "rules", "", "also read identification rules from `DIR`")
	flags.StringVar(&f.name, "name", "", "call the site `NAME`; default: the host's name")
	flags.IntVar(&f.workers, "workers", 0, "sensor workers for each interface; default: one a core")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log more on standard error")
	cmd.MarkFlagsMutuallyExclusive("interface", "replay")
	return cmd
}

func runUp(cmd *cobra.Command, s streams, f upFlags) error {
	speed, err := parseSpeed(f.speed)
	if err != nil {
		return err
	}
	if len(f.replay) == 0 && (cmd.Flags().Changed("speed") || f.loop) {
		return usagef("--speed and --loop go with --replay: live traffic has its own speed")
	}
	st, err := site.New(cmd.Context(), site.Config{
		Name: f.name, Version: Version(), Data: f.data, Listen: f.listen, Interfaces: f.interfaces, Workers: f.workers,
		Replay: f.replay, Speed: speed, Loop: f.loop, Rules: f.rules, Log: newLog(s.err, f.verbose),
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "Cordon is up: %s\n", st.URL())
	return errors.Join(st.Run(cmd.Context()), st.Close())
}

// parseSpeed reads 1x, 2.5x, 10 or max; max is 0.
func parseSpeed(text string) (float64, error) {
	if text == "max" {
		return 0, nil
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(text, "x"), 64)
	if err != nil || v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, usagef("--speed %q: give a number such as 1x or 10x, or max", text)
	}
	return v, nil
}

// defaultData is /var/lib/cordon for root, else a folder of the user's own
// (XDG Base Directory Specification, data home).
func defaultData() string {
	if os.Geteuid() == 0 {
		return "/var/lib/cordon"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "cordon")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "share", "cordon")
	}
	return "cordon-data"
}
