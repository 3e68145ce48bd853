// Package analyze reads captures to an answer: every flow with its protocol,
// the devices behind them, what was found, and a summary. It runs the same
// path as a live site, in one pass and bounded memory, and writes as JSON
// Lines, as tables for people or as one HTML page.
package analyze

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"github.com/cordonhq/cordon"
	"github.com/cordonhq/cordon/internal/capture"
	"github.com/cordonhq/cordon/internal/detect"
	"github.com/cordonhq/cordon/internal/dissect"
	"github.com/cordonhq/cordon/internal/dissect/catalog"
	"github.com/cordonhq/cordon/internal/flow"
	"github.com/cordonhq/cordon/internal/identify"
	"github.com/cordonhq/cordon/internal/inventory"
	"github.com/cordonhq/cordon/internal/sensor"
)

// Report receives what an analysis finds: flows as they end, then devices,
// findings and the summary.
type Report interface {
	// Flow is called on the packet path; f is reused after the call.
	Flow(file string, f *flow.Flow) error
	Device(*cordon.Device) error
	Finding(*cordon.Finding) error
	Summary(*Summary) error
}

// ConversationReport is a Report that also wants to know who talked to whom.
type ConversationReport interface {
	Report
	Conversation(*cordon.Conversation) error
}

// Summary counts what was read and what could not be.
type Summary struct {
	// Files were opened; Damaged of them were read only up to their damage.
	// Failed could not be opened.
	Files   int
	Damaged int
	Failed  int
	Packets uint64
	Bytes   uint64 // on the wire, link headers included
	// Malformed frames and fragments could not be decoded to their end.
	Malformed uint64
	Flows     uint64
	Devices   int
	Findings  int
	// Elapsed is the time that the analysis took.
	Elapsed time.Duration
	// First and Last are the times of the first and last packet.
	First, Last time.Time
	Protocols   map[cordon.Protocol]ProtocolCount
	Dissect     dissect.Stats
	Flow        flow.Stats
}

// ProtocolCount sums the flows of one protocol.
type ProtocolCount struct{ Flows, Packets, Bytes uint64 }

// Config says what to analyse and how.
type Config struct {
	// Paths are capture files, directories of them, or "-" for Stdin.
	Paths []string
	Stdin io.Reader
	Rules *identify.Rules
	// PseudonymKey keys the stand-ins for patients' identifiers.
	PseudonymKey []byte
	Log          *slog.Logger
	// Progress, if not nil, is told how many bytes of how many were read.
	Progress func(read, total int64)
}

// ErrNothingRead says that none of the paths could be opened.
var ErrNothingRead = errors.New("no capture could be read")

// Run reads all paths in turn and tells r. A file that cannot be opened or is
// damaged is logged and counted; Run fails only if none could be opened, if r
// fails, or if ctx ends.
func Run(ctx context.Context, cfg Config, r Report) error {
	a := &analysis{
		cfg: cfg, report: r, began: time.Now(),
		feed: inventory.NewFeed(), inventory: inventory.New(cfg.Rules), detector: detect.New(),
		first: math.MaxInt64, last: math.MinInt64,
	}
	files, err := capture.Files(cfg.Paths)
	if err != nil {
		return err
	}
	var first error
	for _, f := range files {
		err := a.file(ctx, f)
		if a.err != nil {
			return a.err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			a.summary.Failed++
			cfg.Log.Error("cannot read capture", "file", f.Name, "err", err)
			if first == nil {
				first = err
			}
		}
	}
	if a.summary.Files == 0 {
		return fmt.Errorf("%w: %w", ErrNothingRead, first)
	}
	return a.finish()
}

// analysis is one Run. It consumes what the worker sees.
type analysis struct {
	cfg       Config
	report    Report
	feed      *inventory.Feed
	inventory *inventory.Inventory
	watcher   detect.Watcher
	detector  *detect.Detector
	current   string
	summary   Summary
	protocols [256]ProtocolCount
	// first and last are the times of packets in nanoseconds since the Unix
	// epoch.
	first, last int64
	began       time.Time
	err         error // of the report; sticky, since the packet path returns none
}

// Event implements sensor.Consumer.
func (a *analysis) Event(e *dissect.Event) {
	a.feed.Event(e)
	a.watcher.Event(e)
}

// Flow implements sensor.Consumer.
func (a *analysis) Flow(f *flow.Flow) {
	a.feed.Flow(f)
	a.watcher.Flow(f)
	a.summary.Flows++
	c := &a.protocols[f.Protocol]
	c.Flows++
	c.Packets += f.Packets[0] + f.Packets[1]
	c.Bytes += f.Bytes[0] + f.Bytes[1]
	if a.err == nil {
		a.err = a.report.Flow(a.current, f)
	}
	if a.summary.Flows%applyFlows == 0 {
		a.add()
	}
}

// applyEvery is how many frames pass, and applyFlows how many flows end, between
// handing the feed's batch to the inventory: often enough that the batch stays
// small.
const (
	applyEvery = 1 << 14
	applyFlows = 1 << 12
)

func (a *analysis) file(ctx context.Context, file capture.File) error {
	src, err := a.open(file)
	if err != nil {
		return err
	}
	defer src.Close()
	a.current = file.Name
	w := sensor.NewWorker(sensor.Config{
		Table: catalog.Table(), EndsOnly: true, Flow: flow.Config{}.Untimed(),
		Dissect: dissect.Config{PseudonymKey: a.cfg.PseudonymKey},
	}, a)
	err = a.frames(ctx, src, w)
	w.Flush()
	a.add()
	a.count(w.Stats())
	var damage *capture.DamageError
	switch {
	case err == nil:
		a.summary.Files++
	case errors.As(err, &damage):
		a.summary.Files++
		a.summary.Damaged++
		a.cfg.Log.Warn("capture is damaged; what came before the damage was read", "file", file.Name, "err", err)
	default:
		return err
	}
	return nil
}

func (a *analysis) open(file capture.File) (capture.Source, error) {
	if file.Name == capture.Stdin {
		return capture.NewReader(capture.Stdin, a.cfg.Stdin)
	}
	return capture.Open(file.Name)
}

func (a *analysis) frames(ctx context.Context, src capture.Source, w *sensor.Worker) error {
	var frame capture.Frame
	for n := 1; ; n++ {
		err := src.Next(&frame)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		a.first, a.last = min(a.first, frame.Time), max(a.last, frame.Time)
		w.Frame(&frame)
		if n%applyEvery == 0 {
			a.add()
			if a.cfg.Progress != nil {
				a.cfg.Progress(src.Progress())
			}
			if a.err != nil || ctx.Err() != nil {
				return errors.Join(a.err, ctx.Err())
			}
		}
	}
}

// add hands on what the worker has told since the last call.
func (a *analysis) add() {
	a.inventory.Apply(a.feed.Take())
	signals, _ := a.watcher.Take()
	a.detector.Apply(a.current, signals)
}

func (a *analysis) count(s sensor.Stats) {
	a.summary.Packets += s.Packets
	a.summary.Bytes += s.Bytes
	a.summary.Malformed += s.Malformed
	a.summary.Dissect.Observations += s.Dissect.Observations
	a.summary.Dissect.Panics += s.Dissect.Panics
	a.summary.Dissect.Overlong += s.Dissect.Overlong
	a.summary.Dissect.Shed += s.Dissect.Shed
}

func (a *analysis) finish() error {
	devices, findings := a.inventory.Devices(), a.detector.Findings()
	for i := range devices {
		if err := a.report.Device(&devices[i]); err != nil {
			return err
		}
	}
	if r, ok := a.report.(ConversationReport); ok {
		conversations := a.inventory.Conversations()
		for i := range conversations {
			if err := r.Conversation(&conversations[i]); err != nil {
				return err
			}
		}
	}
	for i := range findings {
		if err := a.report.Finding(&findings[i]); err != nil {
			return err
		}
	}
	a.summary.Devices, a.summary.Findings = len(devices), len(findings)
	if a.summary.Packets > 0 {
		a.summary.First, a.summary.Last = time.Unix(0, a.first).UTC(), time.Unix(0, a.last).UTC()
	}
	a.summary.Protocols = map[cordon.Protocol]ProtocolCount{}
	for p, c := range a.protocols {
		if c.Flows > 0 {
			a.summary.Protocols[cordon.Protocol(p)] = c
		}
	}
	a.summary.Elapsed = time.Since(a.began)
	return a.report.Summary(&a.summary)
}
