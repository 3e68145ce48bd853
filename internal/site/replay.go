package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cordonhq/cordon/internal/api"
	"github.com/cordonhq/cordon/internal/capture"
)

// replay plays recordings in the order of their names, as fast as asked.
type replay struct {
	site   *Site
	source *source
	files  []capture.File
	tap    *tap
	pace   pace
	// shift is added to packet times: a repeated recording goes on where it
	// ended.
	shift int64
	// newest is the packet time reached, shift included; first that of the
	// recording's first packet, without.
	newest, first int64

	readBefore, total int64 // bytes of the files read and of all
	reported          time.Time
}

// loopPause is the packet time between the end of a recording and its
// repetition, in nanoseconds.
const loopPause = int64(time.Second)

func newReplay(s *Site) (*replay, error) {
	files, err := capture.Files(s.cfg.Replay)
	if err != nil {
		return nil, err
	}
	r := &replay{site: s, files: files, pace: pace{speed: s.cfg.Speed}}
	for _, f := range files {
		src, err := capture.Open(f.Name)
		if err != nil {
			return nil, err
		}
		if err := src.Close(); err != nil {
			return nil, err
		}
		r.total += f.Size
	}
	name := s.cfg.Replay[0]
	if len(s.cfg.Replay) > 1 {
		name = fmt.Sprintf("%s and %d more", name, len(s.cfg.Replay)-1)
	}
	r.source = newSource(name, api.SourceReplay)
	return r, nil
}

// run plays until the end of the recordings, or of ctx when they loop. A file
// that is damaged is played up to its damage.
func (r *replay) run(ctx context.Context) error {
	r.tap = newTap(r.source, 0, r.site.key, r.site.brain.handoffs)
	r.source.set(api.SourceRunning, "")
	var problem string
	for ctx.Err() == nil {
		r.readBefore = 0
		r.pace.restart()
		for _, f := range r.files {
			if err := r.play(ctx, f); err != nil {
				problem = err.Error()
				r.site.cfg.Log.Warn("recording is not played to its end", "file", f.Name, "err", err)
			}
			r.readBefore += f.Size
		}
		r.tap.worker.Flush()
		r.tap.report(ctx, true)
		if !r.site.cfg.Loop || r.newest == 0 {
			break
		}
		r.shift = r.newest + loopPause - r.first
	}
	switch {
	case ctx.Err() != nil:
		r.source.set(api.SourceStopped, problem)
	case problem != "" && r.newest == 0:
		r.source.set(api.SourceFailed, problem)
	case r.allShown(ctx):
		r.source.setProgress(1)
		r.source.set(api.SourceDone, problem)
		r.site.cfg.Log.Info("the recording is at its end; what it showed stays", "packets", r.tap.worker.Stats().Packets)
	}
	return nil
}

// allShown waits until everything that was played is stored and shown, or
// reports that ctx ended before.
func (r *replay) allShown(ctx context.Context) bool {
	shown := make(chan struct{})
	select {
	case r.site.brain.handoffs <- handoff{source: r.source.name, last: r.newest, shown: shown}:
	case <-ctx.Done():
		return false
	}
	select {
	case <-shown:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *replay) play(ctx context.Context, file capture.File) error {
	src, err := capture.Open(file.Name)
	if err != nil {
		return err
	}
	defer src.Close()
	var frame capture.Frame
	for n := 0; ; n++ {
		err := src.Next(&frame)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.first == 0 {
			r.first = frame.Time
		}
		frame.Time += r.shift
		if err := r.wait(ctx, frame.Time, src); err != nil {
			return nil // stopped, which is no fault of the file
		}
		r.newest = max(r.newest, frame.Time)
		r.tap.last = r.newest
		r.tap.worker.Frame(&frame)
		if n%reportFrames == 0 {
			r.reportIfDue(ctx, src)
		}
	}
}

// reportFrames is how many frames pass between looks at the clock.
const reportFrames = 256

func (r *replay) reportIfDue(ctx context.Context, src capture.Source) {
	now := time.Now()
	if now.Sub(r.reported) < reportEvery {
		return
	}
	r.reported = now
	if read, size := src.Progress(); r.total > 0 && size > 0 {
		r.source.setProgress(min(1, float64(r.readBefore+read)/float64(r.total)))
	}
	r.tap.report(ctx, true)
}

// wait sleeps until the frame's time has come, reporting meanwhile.
func (r *replay) wait(ctx context.Context, frameTime int64, src capture.Source) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		ahead := r.pace.ahead(frameTime, time.Now())
		if ahead <= 0 {
			return nil
		}
		r.reportIfDue(ctx, src)
		select {
		case <-time.After(min(ahead, reportEvery)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pace relates packet time to the wall clock.
type pace struct {
	speed float64 // 0: as fast as possible
	wall  time.Time
	frame int64
}

// maxSilence is the longest pause in packet time that is played out: gaps
// between recordings are skipped.
const maxSilence = int64(time.Minute)

func (p *pace) restart() { p.wall = time.Time{} }

// ahead returns how long a frame has to wait.
func (p *pace) ahead(frame int64, now time.Time) time.Duration {
	if p.speed == 0 {
		return 0
	}
	if p.wall.IsZero() || frame-p.frame < 0 {
		p.wall, p.frame = now, frame
		return 0
	}
	due := p.wall.Add(time.Duration(float64(frame-p.frame) / p.speed))
	ahead := due.Sub(now)
	if longest := time.Duration(float64(maxSilence) / p.speed); ahead > longest {
		p.wall, p.frame = now, frame
		return 0
	}
	return ahead
}
