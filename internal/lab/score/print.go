package score

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Print writes the score for people.
func (s *Score) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DEVICE\tFOUND\tKIND\tVENDOR\tMODEL\tSOFTWARE")
	for i := range s.Devices {
		r := &s.Devices[i]
		found := "yes"
		if !r.Found {
			found = "NO"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, found, cell(r.Kind), cell(r.Vendor), cell(r.Model), cell(r.Software))
	}
	if len(s.Attacks) > 0 {
		fmt.Fprintln(w, "\nATTACK\tNOTICED\tBY")
	}
	for _, a := range s.Attacks {
		switch {
		case a.Found:
			fmt.Fprintf(w, "%s\tyes\t%s\n", a.Scenario, strings.Join(a.Rules, ", "))
		case len(a.Otherwise) > 0:
			fmt.Fprintf(w, "%s\tas something else\t%s\n", a.Scenario, strings.Join(a.Otherwise, ", "))
		default:
			fmt.Fprintf(w, "%s\tNO\t\n", a.Scenario)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nFound %d of %d devices. Right: kind %s, vendor %s, model %s, software %s.\n",
		s.Found.Right, s.Found.Of, share(s.Kind), share(s.Vendor), share(s.Model), share(s.Software))
	if s.Detected.Of > 0 {
		fmt.Fprintf(out, "Noticed %s of the attacks.\n", share(s.Detected))
	}
	fmt.Fprintf(out, "Not of the lab: %s. Findings without an attack: %s.\n", tally(s.Others), tally(s.FalseAlarms))
	return nil
}

// cell shows what was said, and what is true where that differs.
func cell(j Judgement) string {
	got := j.Got
	if got == "" {
		got = "-"
	}
	switch {
	case j.Right && j.Want == "":
		return "(" + got + ")"
	case j.Right:
		return got
	}
	return fmt.Sprintf("%s, NOT %s", j.Want, got)
}

func share(s Share) string { return fmt.Sprintf("%d of %d (%.0f %%)", s.Right, s.Of, s.Percent()) }

// tally counts equal names: "none", or "scan ×3, flood".
func tally(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	counts := map[string]int{}
	var order []string
	for _, n := range names {
		if counts[n]++; counts[n] == 1 {
			order = append(order, n)
		}
	}
	slices.Sort(order)
	for i, n := range order {
		if counts[n] > 1 {
			order[i] = fmt.Sprintf("%s ×%d", n, counts[n])
		}
	}
	return strings.Join(order, ", ")
}
