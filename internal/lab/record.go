package lab

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/cordonhq/cordon/internal/capture"
)

// Whole is the name of the recording of the whole clinic, as the mirror port
// shows it: each frame once, as it enters the network. The recording of a
// segment shows all that passes in it, routed frames too.
const Whole = "clinic"

// Recording says what a recorder wrote: truth.json of its folder.
type Recording struct {
	Options
	Begin       time.Time `json:"begin"`
	End         time.Time `json:"end"`
	ClinicBegin time.Time `json:"clinic_begin,omitzero"` // zero if the lab was not up yet
	ClinicEnd   time.Time `json:"clinic_end,omitzero"`
	Tracks      []Track   `json:"tracks"`
	Devices     []Member  `json:"devices"`
}

// Track is one capture of a recording.
type Track struct {
	Name   string `json:"name"` // of a segment, or Whole
	File   string `json:"file"` // in the folder
	Frames uint64 `json:"frames"`
	Bytes  uint64 `json:"bytes"`
	// Drops counts frames that the kernel could not deliver in time.
	Drops uint64 `json:"drops"`
}

// Recorder records what passes in a lab into a folder.
type Recorder struct {
	dir    string
	tracks []*track
}

// track is one capture that is being written.
type track struct {
	Track
	ring *capture.Live
	file *os.File
	out  *capture.Writer
	last int64
}

// NewRecorder opens the lab's gateway for recording: the given segments, or all
// of them and the whole clinic if none is given. The lab's network must exist;
// frames are kept from now on.
func NewRecorder(dir string, segments []Segment) (_ *Recorder, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make folder for captures: %w", err)
	}
	r := &Recorder{dir: dir}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	interfaces := [][2]string{{Whole, MirrorPort}}
	if len(segments) > 0 {
		interfaces = nil
	} else {
		segments = Segments
	}
	for _, s := range segments {
		interfaces = append(interfaces, [2]string{string(s), BridgeOf(s)})
	}
	for _, i := range interfaces {
		t, err := newTrack(dir, i[0], i[1])
		if err != nil {
			return nil, err
		}
		r.tracks = append(r.tracks, t)
	}
	return r, nil
}

// The ring of each track. The kernel hands over a block when it is full or
// blockTimeout old, so that the ring holds three seconds: a recorder on a busy
// machine may be late by that much.
const (
	blockSize    = 128 << 10 // bytes
	blocks       = 64
	blockTimeout = 50 * time.Millisecond
)

func newTrack(dir, name, iface string) (*track, error) {
	t := &track{Track: Track{Name: name, File: name + ".pcap"}}
	err := GatewayNamespace.Do(func() error {
		rings, err := capture.OpenLive(capture.LiveConfig{Interface: iface, Promiscuous: true, BlockSize: blockSize, Blocks: blocks, BlockTimeout: blockTimeout})
		if err == nil {
			t.ring = rings[0]
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", name, err)
	}
	if t.file, err = os.Create(filepath.Join(dir, t.File)); err == nil {
		t.out, err = capture.NewWriter(t.file, capture.LinkEthernet, 0)
	}
	if err != nil {
		return nil, errors.Join(err, t.ring.Close())
	}
	return t, nil
}

func (r *Recorder) close() {
	for _, t := range r.tracks {
		_ = errors.Join(t.ring.Close(), t.file.Close()) // what was written before counts
	}
}

// Run records until ctx ends or the lab goes down, and then writes the truth
// beside the captures.
func (r *Recorder) Run(ctx context.Context) error {
	defer r.close()
	record := Recording{Begin: time.Now().UTC(), Devices: Members()}
	if s, err := Current(); err == nil {
		record.Options, record.ClinicBegin = s.Options, s.Clinic
	}
	g, _ := errgroup.WithContext(ctx)
	for _, t := range r.tracks {
		g.Go(func() error { return t.run(ctx) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	record.End = time.Now().UTC()
	if s, err := Current(); err == nil {
		record.Options, record.ClinicEnd = s.Options, s.Clinic
	}
	for _, t := range r.tracks {
		record.Tracks = append(record.Tracks, t.Track)
	}
	return r.writeTruth(record)
}

// run writes one track. Kernel time of two cores may differ by a hair; a
// capture's never goes back.
func (t *track) run(ctx context.Context) error {
	var f capture.Frame
	for ctx.Err() == nil {
		err := t.ring.Next(&f)
		if errors.Is(err, capture.ErrTimeout) {
			continue
		}
		if errors.Is(err, unix.ENETDOWN) || errors.Is(err, unix.ENODEV) {
			break
		}
		if err != nil {
			return fmt.Errorf("record %s: %w", t.Name, err)
		}
		f.Time = max(f.Time, t.last)
		t.last = f.Time
		if err := t.out.Write(&f); err != nil {
			return fmt.Errorf("record %s: %w", t.Name, err)
		}
		t.Frames++
		t.Bytes += uint64(f.WireLen)
	}
	t.Drops = t.ring.Stats().Drops
	return t.out.Flush()
}

// labelsFile is where attacks write their truth, in the lab's folder and in
// that of a recording.
const labelsFile = "labels.jsonl"

func (r *Recorder) writeTruth(record Recording) error {
	b, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.dir, "truth.json"), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the truth of a recording: %w", err)
	}
	labels, err := os.ReadFile(filepath.Join(Dir, labelsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the lab's labels: %w", err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, labelsFile), between(labels, record.Begin, record.End), 0o644); err != nil {
		return fmt.Errorf("write the labels of a recording: %w", err)
	}
	return nil
}

// between keeps the labels that have to do with a span of time.
func between(labels []byte, begin, end time.Time) []byte {
	var kept bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(labels))
	lines.Buffer(nil, len(labels)+1)
	for lines.Scan() {
		var span struct{ Begin, End time.Time }
		if json.Unmarshal(lines.Bytes(), &span) == nil && !span.End.Before(begin) && !span.Begin.After(end) {
			kept.Write(append(slices.Clone(lines.Bytes()), '\n'))
		}
	}
	return kept.Bytes()
}

// ReadRecording reads the truth beside a capture.
func ReadRecording(dir string) (Recording, error) {
	var r Recording
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		return r, fmt.Errorf("read the truth of a recording: %w", err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("read the truth of a recording: %w", err)
	}
	return r, nil
}

// MoveToGateway moves this program into the gateway's network by starting it
// over there, so that 'lab down' finds it: who records keeps the network that
// is recorded alive. It returns at once if the program is there already, and
// otherwise only with an error.
func MoveToGateway() error {
	if err := Check(); err != nil {
		return err
	}
	inside, err := GatewayNamespace.Contains()
	if err != nil || inside {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return GatewayNamespace.Do(func() error { return unix.Exec(self, os.Args, os.Environ()) })
}
