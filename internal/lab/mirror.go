package lab

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
)

// MirrorPort is the interface of GatewayNamespace that receives a copy of every
// frame of the clinic once, as it enters the network: what a switch sends to
// the port where a sensor is plugged in. A routed frame is not repeated where
// it leaves.
const MirrorPort = "mirror"

// mirrorSource is the switch's end of it.
const mirrorSource = "span"

// buildMirror makes the mirror port. What arrives at it is seen by those who
// listen and then dropped, so that the gateway does not answer twice.
func buildMirror() error {
	err := GatewayNamespace.Batch([]string{
		fmt.Sprintf("link add %s type veth peer name %s", mirrorSource, MirrorPort),
		fmt.Sprintf("link set %s arp off up", mirrorSource),
		fmt.Sprintf("link set %s arp off up", MirrorPort),
	})
	if err != nil {
		return err
	}
	path, err := lookPath("nft")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	cmd := exec.Command(path, "-f", "-")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(mirrorRules()), &out, &out
	if err := GatewayNamespace.Start(cmd); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, out.String())
	}
	return nil
}

// mirrorRules copies what the bridges carry. Frames from the router that are
// not its own have been copied where they entered.
func mirrorRules() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	own := "ip saddr " + LabSubnet // what comes from outside enters at the router
	line("table netdev lab_mirror {")
	for _, s := range Segments {
		line("chain from_%s {\ntype filter hook ingress device %q priority -400\nether saddr %s %s ip saddr != %s return\ndup to %q\n}",
			s, BridgeOf(s), RouterMAC, own, s.Gateway(), mirrorSource)
		line("chain to_%s {\ntype filter hook egress device %q priority -400\n%s ip saddr != %s return\ndup to %q\n}",
			s, BridgeOf(s), own, s.Gateway(), mirrorSource)
	}
	line("chain arrived {\ntype filter hook ingress device %q priority -400\npolicy drop\n}", MirrorPort)
	line("}")
	return b.String()
}
