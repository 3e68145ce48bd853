package inventory

import (
	"slices"
	"time"
)

// Forget drops what was last seen before a time and is not worth keeping:
// conversations, addresses beyond the clinic, and devices that are known by
// randomised or routed addresses only and of which nobody said anything. What
// has a card of its own stays: it may lie in a cupboard. Changes tells what is
// gone.
func (v *Inventory) Forget(before time.Time) {
	v.converse()
	limit := before.UnixNano()
	for _, r := range v.rows {
		if r.last < limit {
			v.drop(r)
		}
	}
	for key, e := range v.endpoints {
		if max(e.seen.last, e.bound.last) >= limit || len(e.rows) > 0 || v.isLasting(e) {
			continue
		}
		delete(v.endpoints, key)
		last := v.endpointList[len(v.endpointList)-1]
		v.endpointList[e.place], last.place = last, e.place
		v.endpointList = slices.Delete(v.endpointList, len(v.endpointList)-1, len(v.endpointList))
		v.unlink(e)
		v.moved = true
	}
	v.converse()
}

// isLasting reports whether an endpoint is part of a device that is kept.
func (v *Inventory) isLasting(e *endpoint) bool {
	if e.device != nil {
		if _, spokenOf := v.overrides[e.device.id]; spokenOf {
			return true
		}
	}
	if e.mac == nil || e.mac.mac.IsLocal() {
		return false
	}
	return e.mac.device == e.device || len(e.mac.endpoints) == 1
}

// unlink takes an endpoint from its nodes, and these away with their last.
func (v *Inventory) unlink(e *endpoint) {
	is := func(o *endpoint) bool { return o == e }
	if m := e.mac; m != nil {
		if m.endpoints = slices.DeleteFunc(m.endpoints, is); len(m.endpoints) == 0 {
			delete(v.macs, m.mac)
		}
	}
	if n := e.ip; n != nil {
		if n.endpoints = slices.DeleteFunc(n.endpoints, is); len(n.endpoints) == 0 {
			delete(v.ips, n.ip)
			last := v.ipList[len(v.ipList)-1]
			v.ipList[n.place], last.place = last, n.place
			v.ipList = slices.Delete(v.ipList, len(v.ipList)-1, len(v.ipList))
			delete(v.names, n.ip)
		}
	}
	if e.device != nil {
		e.device.lose(e)
		v.doubt(e.device)
	}
}
