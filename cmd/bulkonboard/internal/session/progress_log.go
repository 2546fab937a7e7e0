package session

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// progressEvery is the time between two progress events. Monitors may rely on one
// a minute.
const progressEvery = 30 * time.Second

// progressLog writes how far a run is as events of the log: at the beginning of
// each phase, from time to time, and at the end. A nil one does nothing. It is safe for
// concurrent use.
type progressLog struct {
	log *slog.Logger

	mu     sync.Mutex
	newest pipeline.Progress
}

// newProgressLog returns nil where no log is asked for, or no progress.
func newProgressLog(f *settings.RunFlags, log *slog.Logger) *progressLog {
	if !f.IsOn() || f.NoProgress {
		return nil
	}
	return &progressLog{log: log}
}

// update keeps the newest figures.
func (l *progressLog) update(now pipeline.Progress) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	isNewPhase := now.Phase != l.newest.Phase
	if l.newest = now; isNewPhase {
		l.write()
	}
}

// keepWriting writes events until ctx ends, and one more.
func (l *progressLog) keepWriting(ctx context.Context) {
	if l == nil {
		return
	}
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for ended := false; !ended; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			ended = true
		}
		l.mu.Lock()
		l.write()
		l.mu.Unlock()
	}
}

// write writes one event. l.mu must be held.
func (l *progressLog) write() {
	p := l.newest
	if p.Phase == "" {
		return // nothing has begun
	}
	attrs := []any{"phase", string(p.Phase), "rows", p.Rows, "toSend", p.ToSend, "decided", p.Decided, "created", p.Created, "problems", p.Problems, "sent", p.Sent}
	if p.Rate > 0 && !math.IsInf(p.Rate, 1) {
		attrs = append(attrs, "rate", p.Rate)
	}
	if p.Wallet.Known() {
		attrs = append(attrs, "wallet", p.Wallet.String(), "currency", p.Currency)
	}
	if p.Pause != "" {
		attrs = append(attrs, "why", p.Pause)
	}
	l.log.Info(eventProgress, attrs...)
}
