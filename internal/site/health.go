package site

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cordonhq/cordon/internal/store"
)

// health is what the site's parts say of themselves, read by the API.
type health struct {
	log *slog.Logger

	mu      sync.Mutex
	problem string    // with the store; empty while it works
	shown   time.Time // when what the API answers with was last brought up to date
	ready   error     // nil once the site answers for real
}

var errStarting = errors.New("the site is starting")

func newHealth(log *slog.Logger) *health { return &health{log: log, ready: errStarting} }

// storeFailed notes that what is seen cannot be saved, and logs it once.
func (h *health) storeFailed(err error) {
	text := "What is seen now cannot be saved: " + err.Error()
	if errors.Is(err, store.ErrFull) {
		text = store.ErrFull.Error()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.problem != text {
		h.problem = text
		h.log.Error("cannot save; nothing new is shown until it works again", "err", err)
	}
}

// storeWorks notes a save that worked.
func (h *health) storeWorks() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.problem != "" {
		h.problem = ""
		h.log.Info("saving works again")
	}
	h.shown = time.Now()
}

// upToDate notes that there was nothing new to save.
func (h *health) upToDate() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.problem == "" {
		h.shown = time.Now()
	}
}

func (h *health) setReady() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = nil
}

// Ready returns nil once the site answers for real.
func (h *health) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ready
}

// state returns the store's problem and how old the data is.
func (h *health) state() (problem string, age time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shown.IsZero() {
		return h.problem, 0
	}
	return h.problem, time.Since(h.shown)
}
