package site

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/cordonhq/cordon"
)

// timeline tells what happened to a device between two of its states; before
// is nil for a new one.
func timeline(before, after *cordon.Device) []cordon.TimelineEntry {
	var out []cordon.TimelineEntry
	add := func(event cordon.TimelineEvent, format string, args ...any) {
		at := after.LastSeen
		if before == nil {
			at = after.FirstSeen
		}
		out = append(out, cordon.TimelineEntry{Device: after.ID, Time: at, Event: event, Text: fmt.Sprintf(format, args...)})
	}
	if before == nil {
		add(cordon.TimelineFirstSeen, "Seen for the first time, at %s", addressText(after))
		before = &cordon.Device{IPs: after.IPs, MACs: after.MACs, Services: after.Services}
	}
	for _, ip := range after.IPs {
		if !slices.Contains(before.IPs, ip) {
			add(cordon.TimelineAddress, "Got the address %s", ip)
		}
	}
	for _, mac := range after.MACs {
		if !slices.Contains(before.MACs, mac) {
			add(cordon.TimelineAddress, "Showed the network card %s", mac)
		}
	}
	identified(before, after, add)
	for _, s := range after.Services {
		if s.Role == cordon.RoleServer && !slices.ContainsFunc(before.Services, sameService(s)) {
			add(cordon.TimelineNewService, "Offers %s for the first time", serviceText(s))
		}
	}
	return out
}

func identified(before, after *cordon.Device, add func(cordon.TimelineEvent, string, ...any)) {
	for _, a := range []struct{ what, before, after string }{
		{"kind", kindText(before.Kind), kindText(after.Kind)},
		{"vendor", before.Vendor, after.Vendor},
		{"model", before.Model, after.Model},
		{"operating system", before.OS, after.OS},
		{"software", before.Software, after.Software},
	} {
		switch {
		case a.after == "" || a.after == a.before:
		case a.before == "":
			add(cordon.TimelineIdentified, "Identified: %s is %s", a.what, a.after)
		default:
			add(cordon.TimelineIdentified, "Identified anew: %s is %s, before %s", a.what, a.after, a.before)
		}
	}
}

func kindText(k cordon.Kind) string {
	if k == "" || k == cordon.KindUnknown {
		return ""
	}
	return strings.ToLower(k.Info().Title)
}

func sameService(s cordon.Service) func(cordon.Service) bool {
	return func(o cordon.Service) bool {
		return o.Role == s.Role && o.Transport == s.Transport && o.Port == s.Port && o.Protocol == s.Protocol
	}
}

func serviceText(s cordon.Service) string {
	if s.Port == 0 {
		return s.Protocol.String()
	}
	return fmt.Sprintf("%s on %s port %d", s.Protocol, s.Transport, s.Port)
}

func addressText(d *cordon.Device) string {
	if len(d.IPs) > 0 {
		return d.IPs[0].String()
	}
	if len(d.MACs) > 0 {
		return d.MACs[0].String()
	}
	return netip.Addr{}.String()
}

// met tells both devices of a conversation that it is new.
func met(c *cordon.Conversation) []cordon.TimelineEntry {
	var out []cordon.TimelineEntry
	service := serviceText(cordon.Service{Transport: c.Transport, Port: c.Port, Protocol: c.Protocol})
	for _, side := range []struct {
		me, other cordon.Peer
		format    string
	}{
		{c.Client, c.Server, "Talks to %s over %s for the first time"},
		{c.Server, c.Client, "%s talks to it over %s for the first time"},
	} {
		if side.me.Device == "" {
			continue
		}
		name := side.other.Name
		if name == "" {
			name = side.other.IP.String()
		}
		out = append(out, cordon.TimelineEntry{
			Device: side.me.Device, Time: c.FirstSeen, Event: cordon.TimelineNewConversation,
			Text: fmt.Sprintf(side.format, name, service), Conversation: c.ID,
		})
	}
	return out
}

// found tells the devices of a finding of it.
func found(f *cordon.Finding) []cordon.TimelineEntry {
	var out []cordon.TimelineEntry
	for _, id := range []cordon.DeviceID{f.SrcDevice, f.DstDevice} {
		if id != "" && (len(out) == 0 || out[0].Device != id) {
			out = append(out, cordon.TimelineEntry{Device: id, Time: f.First, Event: cordon.TimelineFinding, Text: f.Title, Finding: f.ID})
		}
	}
	return out
}

// overrideText says what a person changed.
func overrideText(before, after cordon.Override) string {
	var parts []string
	note := func(what string, old, now *string) {
		switch {
		case now == nil && old != nil:
			parts = append(parts, what+" is up to the evidence again")
		case now != nil && (old == nil || *old != *now):
			parts = append(parts, fmt.Sprintf("%s is %q", what, *now))
		}
	}
	note("name", before.Name, after.Name)
	note("kind", (*string)(before.Kind), (*string)(after.Kind))
	note("vendor", before.Vendor, after.Vendor)
	note("model", before.Model, after.Model)
	note("function", before.Function, after.Function)
	note("criticality", (*string)(before.Criticality), (*string)(after.Criticality))
	note("location", before.Location, after.Location)
	note("in use", (*string)(before.InUse), (*string)(after.InUse))
	if len(parts) == 0 {
		return "A person confirmed what was known"
	}
	return "A person said: " + strings.Join(parts, ", ")
}
