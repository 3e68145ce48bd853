package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cordonhq/cordon/internal/lab/netns"
)

// Extra is a namespace for somebody who comes to a running lab and goes again,
// such as an attacker's host. 'lab down' removes it with all others.
func Extra(short string) netns.Namespace { return family.Namespace(short) }

// RemoveExtra ends what runs in an extra namespace and removes it. It is no
// error if there is none.
func RemoveExtra(n netns.Namespace) error {
	all, err := family.All()
	if err != nil {
		return err
	}
	if !slices.Contains(all, n) {
		return nil
	}
	if err := endProcesses([]netns.Namespace{n}); err != nil {
		return err
	}
	return netns.Remove(n)
}

// AskDHCP runs one exchange of the device with the DHCP servers that it
// reaches, in its own way. script is told the outcome, as udhcpc(8) does.
func (d *Device) AskDHCP(ctx context.Context, script string) error { return d.lease(ctx, script) }

// RouterNamespace is where the segments' gateway addresses are, and the way
// out of the clinic begins.
func RouterNamespace(mode Mode) netns.Namespace { return routerOf(mode) }

// Program finds a program of the lab, also where only root looks.
func Program(name string) (string, error) { return findProgram(name) }

// SearchPath is the PATH of all programs of the lab.
const SearchPath = sbin

// CheckPrograms says which of the packages are missing that have those
// programs; needed maps program to package.
func CheckPrograms(needed map[string]string) error {
	missing := missingPackages(needed)
	if len(missing) == 0 {
		return nil
	}
	return &HintError{
		errors.New("this takes real programs that are not installed"),
		fmt.Sprintf("Run: apt-get install --no-install-recommends %s", strings.Join(missing, " ")),
	}
}

// The clinic's DNS hands questions about TunnelDomain to TunnelServer, an
// address outside of the clinic (RFC 5737, TEST-NET-3) that exists only while
// an attack plays it: for a clinic with a way to the internet this is true of
// every domain.
const (
	TunnelDomain = "cdn-sync.example.com"
	TunnelServer = "203.0.113.53"
)
