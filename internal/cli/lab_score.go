package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/lab"
	"github.com/cordonhq/cordon/internal/lab/score"
)

func labScoreCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "score",
		Short: "Hold what Cordon says of the lab against the lab's truth",
		Long: `Compare Cordon's inventory and findings with what the lab knows to be true, and
print the table. Cordon is asked where it watches the lab that is up; or it
analyses a capture of a lab, whose truth is taken from truth.json and
labels.jsonl beside it.

The exit status is 0 if every device was found and at least 95 % of the kinds
are right.`,
		Example: `  sudo cordon lab score
  cordon lab score --capture captures/clinic.pcap --json`,
		Args: noArgs,
	}
	flags := cmd.Flags()
	file := flags.String("capture", "", "analyse the capture `FILE`")
	site := flags.String("url", "", "ask the site at `URL`; default: the one that watches the lab")
	rules := flags.String("rules", "", "also read identification rules from `DIR`")
	asJSON := flags.Bool("json", false, "print as JSON")
	cmd.MarkFlagsMutuallyExclusive("capture", "url")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		truth, seen, err := observed(cmd.Context(), s, *file, *site, *rules)
		if err != nil {
			return err
		}
		result := score.Compare(truth, seen)
		if *asJSON {
			err = json.NewEncoder(s.out).Encode(result)
		} else {
			err = result.Print(s.out)
		}
		if err == nil && !result.Passed() {
			err = fmt.Errorf("the bars are not met: every device found, and %d %% of the kinds right", score.KindBar)
		}
		return err
	}
	return cmd
}

// observed gets the truth and what Cordon says.
func observed(ctx context.Context, s streams, file, site, rulesDir string) (truth score.Truth, seen score.Seen, err error) {
	if file != "" {
		rules, err := identify.Load(rulesDir)
		if err != nil {
			return truth, seen, err
		}
		if truth, err = score.TruthBeside(file); err != nil {
			return truth, seen, err
		}
		seen, err = score.FromCapture(ctx, file, rules, slog.New(slog.NewTextHandler(s.err, nil)))
		return truth, seen, err
	}
	if truth, err = score.TruthOfRunning(); err != nil {
		return truth, seen, err
	}
	if site == "" {
		state, err := lab.Current()
		if err != nil {
			return truth, seen, err
		}
		if state.Console == "" {
			return truth, seen, usagef("no Cordon watches this lab: start it with 'cordon lab up --with-cordon', or give --url or --capture")
		}
		site = "https://" + state.Console
	}
	seen, err = score.FromSite(ctx, site)
	return truth, seen, err
}
