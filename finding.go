package cordon

import (
	"net/netip"
	"time"
)

// FindingID names a finding; repeats of one fold into the same id.
type FindingID string

// Severity is how much a finding matters if it is true.
type Severity string

// The severities, gravest first.
const (
	SeverityCritical Severity = "critical"
	SeverityHigh     Severity = "high"
	SeverityMedium   Severity = "medium"
	SeverityLow      Severity = "low"
	SeverityInfo     Severity = "info"
)

// Finding is something that a device does wrong, or that is done to it.
type Finding struct {
	ID         FindingID `json:"id"`
	Rule       string    `json:"rule"`
	Severity   Severity  `json:"severity"`
	Confidence float64   `json:"confidence" doc:"0 to 1"`
	// Technique is the ATT&CK id: ICS (T0…) where one fits, else Enterprise.
	Technique string `json:"technique"`
	Title     string `json:"title"`
	// Src acts; Dst is acted upon and is invalid when there are many.
	Src       netip.Addr `json:"src"`
	Dst       netip.Addr `json:"dst,omitzero"`
	SrcDevice DeviceID   `json:"src_device,omitempty"`
	DstDevice DeviceID   `json:"dst_device,omitempty"`
	// Evidence holds the numbers and names that convinced the rule.
	Evidence map[string]any `json:"evidence"`
	Packets  []PacketRef    `json:"packets"`
	Count    uint64         `json:"count" doc:"How often it was seen"`
	First    time.Time      `json:"first"`
	Last     time.Time      `json:"last"`
}

// PacketRef points at one packet that shows a finding.
type PacketRef struct {
	File   string `json:"file" doc:"Capture file, or interface name for live traffic"`
	Number uint64 `json:"number" doc:"1-based position in its source"`
}
