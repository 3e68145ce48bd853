package attack

import (
	"fmt"
	"strings"
)

// pageHead is what stands before the table of the page about the attacks.
const pageHead = `# Attacks in the lab

<!-- Written from the table of scenarios: go test ./internal/lab/attack -run Page -args -update -->

` + "`cordon lab attack NAME`" + ` plays an attack in the lab that is up, with the tools that attackers use. It is bounded in time and
number, touches only the lab, and puts back what it changed. An attack that is blocked is no failure: the result says for each
step whether it was attempted and whether it succeeded.

    sudo cordon lab attack --list
    sudo cordon lab attack ransomware-smb --json
    sudo cordon lab attack recon-slow --from phone-1 --duration 2m

The exit status is 0 when the attack was played, also if it was blocked; 1 when it could not be; 2 for wrong usage.

## Truth

Each run adds one line to ` + "`/run/cordon-lab/labels.jsonl`" + `:

| field | what it says |
| --- | --- |
| ` + "`scenario`, `title`, `techniques`" + ` | what was played; ids, names and matrix of MITRE ATT&CK |
| ` + "`attacker`, `victims`, `outside`" + ` | device, address, MAC and segment of each side; the host outside, if one took part |
| ` + "`services`" + ` | transport and port of what was attacked |
| ` + "`begin`, `end`" + ` | wall time, RFC 3339 with nanoseconds, as packets have it |
| ` + "`phases`" + ` | the steps in their order: name, succeeded, begin, end, and the selectors of their packets |

A selector in ` + "`packets`" + ` matches a packet between ` + "`begin` and `end`" + ` that passes between ` + "`src` and `dst`" + `, in both directions, over
` + "`transport` and `port`" + ` (the port of ` + "`dst`" + `). One with ` + "`src_mac` or `dst_mac`" + ` is one way instead: frames that a card sent, or that were
sent to it. A field that is absent takes any. ` + "`filter`" + ` says the same, but for the time, for tcpdump. The end of a selector lies half a
second or more after that of its phase, for the last answers.

By default each attack comes from a device that has no business of its own with the services that it attacks, so that no packet of
the clinic's day, but the card's own ARP, is taken for one of the attack. With ` + "`--from`" + ` that is up to you.

Where an attack needs a host outside of the clinic, one is made at 203.0.113.66 (RFC 5737), behind the router, and removed at the
end. It is a namespace of this machine like all others.

An attack that is interrupted puts back what it changed and writes down its truth up to there. One that is killed cannot: its tools
end by themselves within its time, and what it left behind goes with ` + "`cordon lab down`" + `.

## Scenarios

`

// Page is the page about the attacks, in Markdown.
func Page() string {
	var b strings.Builder
	b.WriteString(pageHead)
	for i := range Scenarios {
		c := &Scenarios[i]
		from := c.From
		if from == "" {
			from = "a host of its own"
		}
		fmt.Fprintf(&b, "### %s\n\n%s. %s\n\n", c.Name, c.Title, c.About)
		fmt.Fprintf(&b, "- From %s; victims: %s", from, strings.Join(c.VictimsFrom(c.From), ", "))
		if c.Outside {
			b.WriteString("; a host outside takes part")
		}
		if c.Near != "" {
			fmt.Fprintf(&b, "; only from the segment %s", c.Near)
		}
		fmt.Fprintf(&b, ".\n- Over %s, for %s unless told otherwise.\n", servicesText(c.Services), c.Duration)
		var names []string
		for _, t := range c.TechniquesOf() {
			names = append(names, fmt.Sprintf("%s %s", t.ID, t.Name))
		}
		fmt.Fprintf(&b, "- ATT&CK: %s.\n\n", strings.Join(names, "; "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func servicesText(services []Service) string {
	var out []string
	for _, s := range services {
		if s.Port == 0 {
			out = append(out, s.Transport)
			continue
		}
		out = append(out, fmt.Sprintf("%s/%d", s.Transport, s.Port))
	}
	return strings.Join(out, ", ")
}
