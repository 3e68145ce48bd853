package lab

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"
)

// habits are the clinic's day beside what simulators play: a study every few
// minutes, people at their computers by day, handovers between shifts, a backup
// at night, a vendor's session now and then.
var habits = []habit{
	{device: "ct-1", does: "stores a study", every: 12 * time.Minute, from: 7, to: 20, act: scan("ct-1")},
	{device: "mr-1", does: "stores a study", every: 25 * time.Minute, from: 7, to: 18, act: scan("mr-1")},
	{device: "us-1", does: "stores a study", every: 18 * time.Minute, from: 8, to: 18, act: scan("us-1")},
	{device: "ct-1", does: "checks the archive", every: 4 * time.Hour, act: echo("CT1")},
	{device: "reading-1", does: "opens a study", every: 20 * time.Minute, from: 7, to: 20, act: retrieve},
	{device: "reading-1", does: "opens a record", every: 25 * time.Minute, from: 7, to: 20, act: openRecord},
	{device: "reading-1", does: "looks at the archive's pages", every: 45 * time.Minute, from: 7, to: 20, act: viewArchive},
	{device: "reception-1", does: "looks at the building's pages", every: 2 * time.Hour, from: 7, to: 19, act: viewBuilding},
	{device: "reception-1", does: "opens a record", every: 4 * time.Minute, from: 7, to: 19, act: openRecord},
	{device: "reception-1", does: "opens a document", every: 15 * time.Minute, from: 7, to: 19, act: openDocument},
	{device: "reception-1", does: "looks a name up", every: 7 * time.Minute, from: 7, to: 19, act: lookUp},
	{device: "nurse-pc-1", does: "opens a record", every: 5 * time.Minute, act: openRecord},
	{device: "nurse-pc-1", does: "opens a document", every: 11 * time.Minute, act: openDocument},
	{device: "nurse-pc-1", does: "signs in over RADIUS", every: 40 * time.Minute, from: 6, to: 22, act: signIn},
	{device: "nurse-pc-1", does: "looks at the printer", every: 30 * time.Minute, act: watchPrinter},
	{device: "nurse-pc-1", does: "hands the shift over", daily: shifts, act: handOver},
	{device: "nursecall-1", does: "calls a nurse", every: 20 * time.Minute, act: callNurse},
	{device: "wearable-2", does: "raises a lone worker's alarm", every: 5 * time.Hour, act: alarmLoneWorker},
	{device: "ehr", does: "queries the database", every: 3 * time.Minute, act: queryDatabase},
	{device: "files", does: "backs the record database up", daily: []time.Duration{2 * time.Hour}, act: backUp},
	{device: "files", does: "backs up what changed", every: 6 * time.Hour, from: 0, to: 5, act: backUp},
	{device: "bms-1", does: "looks at the power supply", every: 5 * time.Minute, act: watchPower},
	{device: "vendor-1", does: "opens a remote session", every: 3 * time.Hour, from: 8, to: 18, act: serve},
	{device: "vendor-1", does: "opens a record", every: 90 * time.Minute, from: 8, to: 18, act: viewAsVendor},
	{device: "phone-1", does: "looks a name up", every: 6 * time.Minute, from: 7, to: 22, act: lookUp},
	{device: "ct-1", does: "asks the time", every: 30 * time.Minute, act: askTime},
	{device: "central-1", does: "asks the time", every: 30 * time.Minute, act: askTime},
	{device: "monitor-1", does: "asks the time", every: 30 * time.Minute, act: askTime},
	{device: "pump-4", does: "asks the time", every: 45 * time.Minute, act: askTime},
}

// shifts begin in the morning, in the afternoon and at night.
var shifts = []time.Duration{6*time.Hour + 50*time.Minute, 14*time.Hour + 50*time.Minute, 22*time.Hour + 50*time.Minute}

// action is what a habit does. Its error means that the exchange did not come
// about.
type action func(ctx context.Context, l *Lab, d *Device, o occasion) error

// occasion is one time that a habit happens.
type occasion struct {
	number int       // from 0
	at     time.Time // of the clinic
	dice   *rand.Rand
}

// live keeps one habit until ctx ends. What the machine was too slow for is
// left out, so that the clinic's time is kept.
func (l *Lab) live(ctx context.Context, h *habit) error {
	d := member(h.device)
	number := -1
	for at := range h.times(l.opt.Seed) {
		number++
		if number > 0 && l.clockwork.Now().Sub(at) > h.every/2 && h.every > 0 {
			continue
		}
		if l.clockwork.Until(ctx, at) != nil {
			return nil
		}
		o := occasion{number, at, dice(l.opt.Seed, h.device, h.does, fmt.Sprint(number))}
		if err := h.act(ctx, l, d, o); err != nil && ctx.Err() == nil {
			l.tally.fail(fmt.Errorf("%s, which %s: %w", d.Name, h.does, err))
			l.log.Warn("an exchange did not come about", "device", d.Name, "does", h.does, "err", err)
		}
	}
	return nil
}

// actTimeout bounds one exchange.
const actTimeout = 30 * time.Second

// as runs a real program as a device and returns what it printed.
func (l *Lab) as(ctx context.Context, d *Device, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	path, err := findProgram(name)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = l.folder(d), &out, &out
	cmd.Env = []string{"PATH=" + sbin, "HOME=" + l.folder(d), "LANG=C.UTF-8"}
	if err := d.Home().Start(cmd); err != nil {
		return "", err
	}
	if err := cmd.Wait(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, tail(out.String()))
	}
	return out.String(), nil
}

// tail is the end of a program's output, for a message.
func tail(s string) string {
	const most = 300
	s = strings.TrimSpace(s)
	return s[max(0, len(s)-most):]
}

// nameOf is the device's name in the clinic's DNS.
func nameOf(name string) string { return name + "." + Domain }

func addressOf(name string) string { return member(name).IP().String() }

func counted(n *atomic.Uint64, err error) error {
	if err == nil {
		n.Add(1)
	}
	return err
}
