// Package store is the memory of a site: devices, who talks to whom, what was
// found, what happened when, and what people said. It states one contract,
// Store, that package sqlite fulfils inside the data directory and package
// postgres on a database server; package storetest holds both to it.
//
// What every engine promises:
//
//   - Save is one transaction. When it returns nil, all of it survives a kill
//     and a power cut; when it returns an error, nothing of it is there.
//   - Times come back in UTC, cut to microseconds. Text comes back as it went
//     in, NUL included, except that bytes that are not UTF-8 become U+FFFD.
//   - Lists have a total order: the sort key, then the id. A page that starts
//     after a Position holds what follows it at that moment, so a row that
//     does not change is neither skipped nor repeated, whatever is written
//     meanwhile.
//   - Text is searched and sorted without regard to case in every script, and
//     digits sort by value, so that "Pump 9" comes before "Pump 10".
//   - Methods may be called from any number of goroutines. Reads do not wait
//     for a Save.
//   - A cancelled context ends the call with an error that wraps ctx.Err().
package store

import (
	"context"
	"errors"
	"iter"

	"github.com/cordonhq/cordon"
)

// Errors that callers branch on. Engines wrap these, never a driver's own.
var (
	// ErrNotFound: there is nothing with that id.
	ErrNotFound = errors.New("not found")
	// ErrNewerSchema: the data was written by a newer Cordon.
	ErrNewerSchema = errors.New("the data was written by a newer Cordon: upgrade Cordon, or choose another place for the data with --data")
	// ErrFull: there is no space left. Nothing of the Save is there; the same
	// Save succeeds once there is space again.
	ErrFull = errors.New("the disk that holds Cordon's data is full: free some space, Cordon goes on by itself")
	// ErrLocked: another Cordon has the data open, or another program keeps it
	// busy.
	ErrLocked = errors.New("another Cordon or program is using this data: stop it, or choose another place for the data with --data")
	// ErrDamaged: what is stored cannot be read.
	ErrDamaged = errors.New("the data is damaged: restore it from a copy, or choose another place for the data with --data")
)

// MergedError says that a device turned out to be one with another, which
// carries on with everything that was known of it. It is an ErrNotFound.
type MergedError struct {
	Device, Into cordon.DeviceID
}

func (e *MergedError) Error() string {
	return "device " + string(e.Device) + " was merged into " + string(e.Into)
}

// Is makes the error an ErrNotFound.
func (e *MergedError) Is(target error) bool { return target == ErrNotFound }

// Store is the contract of an engine.
type Store interface {
	Reader

	// Save applies the changes in one durable transaction: removals first,
	// then the rest.
	Save(ctx context.Context, c Changes) error

	// AllDevices, AllConversations, AllFindings and AllOverrides yield
	// everything in the order of ids, for restoring state at a start. They end
	// with the first error, which is yielded with a zero value.
	AllDevices(ctx context.Context) iter.Seq2[cordon.Device, error]
	AllConversations(ctx context.Context) iter.Seq2[cordon.Conversation, error]
	AllFindings(ctx context.Context) iter.Seq2[cordon.Finding, error]
	AllOverrides(ctx context.Context) iter.Seq2[DeviceOverride, error]

	// Meta returns the value last set under key, and "" if there is none.
	Meta(ctx context.Context, key string) (string, error)
	SetMeta(ctx context.Context, key, value string) error

	// Info describes the engine and where its data is, for people.
	Info(ctx context.Context) (Info, error)

	// Close waits for calls that are under way and releases the data to other
	// processes. Calls after it fail.
	Close() error
}

// Reader is the part of the contract that answers questions.
type Reader interface {
	// Device returns ErrNotFound, or a *MergedError if the device went into
	// another one; Into then names a device that exists.
	Device(ctx context.Context, id cordon.DeviceID) (cordon.Device, error)
	Devices(ctx context.Context, q DeviceQuery) (Page[cordon.Device], error)
	Conversations(ctx context.Context, q ConversationQuery) (Page[cordon.Conversation], error)
	Findings(ctx context.Context, q FindingQuery) (Page[cordon.Finding], error)
	// Timeline lists what happened to one device, newest first.
	Timeline(ctx context.Context, q TimelineQuery) (Page[cordon.TimelineEntry], error)
	// Override returns what people said of a device, the zero Override if
	// nothing. The device need not exist.
	Override(ctx context.Context, id cordon.DeviceID) (cordon.Override, error)
	Counts(ctx context.Context) (Counts, error)
}

// Changes is what one Save writes. Devices, conversations, findings and
// overrides replace what has the same id; timeline entries are added once.
type Changes struct {
	Devices       []cordon.Device
	Conversations []cordon.Conversation
	Findings      []cordon.Finding
	Timeline      []cordon.TimelineEntry

	// Removed maps a device to the one it was merged into, or to "" if it is
	// just gone. What conversations, findings and the timeline say of a merged
	// device is said of the other from then on; its override goes along unless
	// the other has one.
	Removed map[cordon.DeviceID]cordon.DeviceID
	// RemovedConversations are dropped, because they were folded into others.
	RemovedConversations []cordon.ConversationID

	// Overrides holds the whole override of a device; the zero Override drops
	// it.
	Overrides map[cordon.DeviceID]cordon.Override
}

// Empty reports whether there is nothing to write.
func (c *Changes) Empty() bool {
	return len(c.Devices)+len(c.Conversations)+len(c.Findings)+len(c.Timeline)+
		len(c.Removed)+len(c.RemovedConversations)+len(c.Overrides) == 0
}

// DeviceOverride is what people said of one device.
type DeviceOverride struct {
	Device   cordon.DeviceID
	Override cordon.Override
}

// Counts is how much there is.
type Counts struct {
	Devices            int
	DevicesByKind      map[cordon.Kind]int
	Conversations      int
	Findings           int
	FindingsBySeverity map[cordon.Severity]int
}

// Info describes an engine.
type Info struct {
	Engine        string // "sqlite" or "postgresql"
	Version       string // of the engine itself
	SchemaVersion int64
	Place         string // a file, or a database without its password
	Bytes         int64  // size of the data, 0 when unknown
}
