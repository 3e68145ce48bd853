package store

import (
	"github.com/cordonhq/cordon"
)

// MaxLimit is the most rows that one page holds.
const MaxLimit = 1000

// Position is the place of a row in a list: the value of the sort key and the
// id. A page starts after it. Which of Text and Int counts depends on the sort
// key; Text is in the folded form of SortKey.
type Position struct {
	Text string
	Int  int64
	ID   string
}

// Page is a stretch of a list.
type Page[T any] struct {
	Items []T       // never nil
	Next  *Position // where the next page starts; nil at the end
}

// Paging is the part that all queries share.
type Paging struct {
	Limit int       // 1 to MaxLimit; 0 means MaxLimit
	After *Position // nil: from the start
	Desc  bool      // largest first; ids then descend as well
}

// DeviceSort is what devices are ordered by.
type DeviceSort string

// The orders of devices.
const (
	DevicesByName       DeviceSort = "name"
	DevicesByKind       DeviceSort = "kind"
	DevicesByVendor     DeviceSort = "vendor"
	DevicesByLastSeen   DeviceSort = "last_seen"
	DevicesByFirstSeen  DeviceSort = "first_seen"
	DevicesByConfidence DeviceSort = "confidence"
)

// DeviceQuery selects devices; empty fields select all.
type DeviceQuery struct {
	Paging
	Sort DeviceSort // empty: by name
	// Search holds words that must each occur in what SearchText gives: the
	// name, a host name, an address, the vendor, the kind, the model, the
	// software or the location, in any case.
	Search string
	Kinds  []cordon.Kind
	Vendor string // the whole vendor, in any case
}

// ConversationSort is what conversations are ordered by.
type ConversationSort string

// The orders of conversations.
const (
	ConversationsByLastSeen  ConversationSort = "last_seen"
	ConversationsByFirstSeen ConversationSort = "first_seen"
	ConversationsByBytes     ConversationSort = "bytes"
	ConversationsByProtocol  ConversationSort = "protocol"
)

// ConversationQuery selects conversations; empty fields select all.
type ConversationQuery struct {
	Paging
	Sort     ConversationSort // empty: by last seen
	Device   cordon.DeviceID  // on either side
	Protocol *cordon.Protocol
}

// FindingSort is what findings are ordered by.
type FindingSort string

// The orders of findings.
const (
	FindingsByLast     FindingSort = "last"
	FindingsBySeverity FindingSort = "severity" // info is the smallest
)

// FindingQuery selects findings; empty fields select all.
type FindingQuery struct {
	Paging
	Sort       FindingSort // empty: by last
	Severities []cordon.Severity
	Device     cordon.DeviceID // on either side
}

// TimelineQuery selects what happened to one device; Desc is ignored, it is
// always newest first.
type TimelineQuery struct {
	Paging
	Device cordon.DeviceID
}
