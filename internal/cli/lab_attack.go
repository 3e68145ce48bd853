package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordonhq/cordon/internal/lab/attack"
)

func labAttackCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attack NAME",
		Short: "Play an attack in the lab that is up",
		Long: `Play an attack in the lab with the tools that attackers use, for a bounded time.
What it did, to whom, when, and by which packets is added to the lab's labels
file. An attack that is blocked is no failure: its steps say how far it came.`,
		Example: `  sudo cordon lab attack --list
  sudo cordon lab attack ransomware-smb
  sudo cordon lab attack recon-slow --from phone-1 --duration 2m --json`,
		Args: cobra.ArbitraryArgs,
	}
	list := cmd.Flags().Bool("list", false, "list the attacks")
	asJSON := cmd.Flags().Bool("json", false, "print as JSON")
	from := cmd.Flags().String("from", "", "the `DEVICE` that is taken over, instead of the attack's own")
	duration := cmd.Flags().Duration("duration", 0, "how long to attack, instead of the attack's own `time`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case *list && len(args) > 0:
			return usagef("--list lists all attacks and takes no name")
		case *list:
			return listAttacks(s.out, *asJSON)
		case len(args) != 1:
			return usagef("give the name of one attack: 'cordon lab attack --list' shows them")
		}
		opt := attack.Options{From: *from, Duration: *duration}
		if !*asJSON {
			opt.Progress = func(step attack.Step) { fmt.Fprintln(s.err, stepLine(step)) }
		}
		result, err := attack.Run(cmd.Context(), args[0], opt)
		var use attack.UseError
		if errors.As(err, &use) {
			return usageError{err}
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(s.out).Encode(result)
		}
		_, err = fmt.Fprintf(s.out, "%s, from %s, took %s. Its truth is in %s.\n",
			result.Scenario, result.Attacker.Device, result.End.Sub(result.Begin).Round(time.Millisecond), result.Labels)
		return err
	}
	return cmd
}

// stepLine is a step for people.
func stepLine(step attack.Step) string {
	outcome := "failed"
	switch {
	case step.Succeeded:
		outcome = "succeeded"
	case !step.Attempted:
		outcome = "not attempted"
	}
	line := fmt.Sprintf("%s: %s", step.Name, outcome)
	if step.Detail != "" {
		line += " (" + step.Detail + ")"
	}
	return line
}

// listedAttack is a scenario as --list --json prints it.
type listedAttack struct {
	Name       string             `json:"name"`
	Title      string             `json:"title"`
	About      string             `json:"about"`
	Techniques []attack.Technique `json:"techniques"`
	From       string             `json:"from,omitempty"`
	Victims    []string           `json:"victims"`
	Services   []attack.Service   `json:"services"`
	Seconds    float64            `json:"duration_seconds"`
}

func listAttacks(out io.Writer, asJSON bool) error {
	if asJSON {
		all := make([]listedAttack, len(attack.Scenarios))
		for i := range attack.Scenarios {
			c := &attack.Scenarios[i]
			all[i] = listedAttack{c.Name, c.Title, c.About, c.TechniquesOf(), c.From, c.VictimsFrom(c.From), c.Services, c.Duration.Seconds()}
		}
		return json.NewEncoder(out).Encode(all)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tWHAT\tFROM\tTECHNIQUES")
	for i := range attack.Scenarios {
		c := &attack.Scenarios[i]
		from := c.From
		if from == "" {
			from = "a host of its own"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Name, c.Title, from, strings.Join(c.Techniques, " "))
	}
	return w.Flush()
}
