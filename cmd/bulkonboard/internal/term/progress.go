package term

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline"
)

const (
	barEvery    = 200 * time.Millisecond
	lineAtMost  = time.Minute      // between two lines
	lineAtLeast = 15 * time.Minute // even if nothing moves
)

// ProgressView shows how far a run is. Update only keeps the newest figures, so
// that the pipeline never waits for a terminal; Show prints them in its own time.
// It is safe for concurrent use.
type ProgressView struct {
	mu      sync.Mutex
	newest  progress
	hasMove bool
	waiting time.Time // since when nothing is sent; zero = it is
}

// progress is how far a run is, and how long of its time it waited.
type progress struct {
	pipeline.Progress
	waited time.Duration
}

// Update keeps the newest figures.
func (p *ProgressView) Update(now pipeline.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch at := time.Now(); {
	case now.Pause != "" && p.waiting.IsZero():
		p.waiting = at
	case now.Pause == "" && !p.waiting.IsZero():
		p.newest.waited += at.Sub(p.waiting)
		p.waiting = time.Time{}
	}
	p.newest.Progress, p.hasMove = now, true
}

// latest returns the newest figures. A wait that goes on counts up to now.
func (p *ProgressView) latest(now time.Time) (progress, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.newest
	if !p.waiting.IsZero() {
		out.waited += now.Sub(p.waiting)
	}
	return out, p.hasMove
}

// Show prints until ctx ends: a bar on a terminal, lines elsewhere.
func (p *ProgressView) Show(ctx context.Context, to *Stream, terminal bool) {
	tick := time.NewTicker(barEvery)
	defer tick.Stop()
	var d progressDisplay = &lineDisplay{to: to}
	if terminal {
		d = &barDisplay{to: to}
	}
	defer d.end()
	for {
		select {
		case now := <-tick.C:
			if last, moved := p.latest(now); moved {
				d.draw(now, last)
			}
		case <-ctx.Done():
			return
		}
	}
}

type progressDisplay interface {
	draw(now time.Time, p progress)
	end()
}

var _ progressDisplay = (*lineDisplay)(nil)

// lineDisplay prints a line at each 10 %, at most one a minute, at least one
// in 15 minutes.
type lineDisplay struct {
	to     io.Writer
	at     time.Time // of the last line, or of the beginning
	tenths int
	phase  pipeline.Phase
}

func (l *lineDisplay) draw(now time.Time, p progress) {
	if l.at.IsZero() || l.phase != p.Phase {
		l.at, l.tenths, l.phase = now, 0, p.Phase
	}
	if !l.isDue(now, p) {
		return
	}
	l.at, l.tenths = now, tenthsDone(p)
	fmt.Fprintln(l.to, progressLine(now, p))
}

func (l *lineDisplay) isDue(now time.Time, p progress) bool {
	since := now.Sub(l.at)
	return since >= lineAtLeast || since >= lineAtMost && tenthsDone(p) > l.tenths
}

func (l *lineDisplay) end() {}

func tenthsDone(p progress) int {
	if p.Phase != pipeline.Sending || p.ToSend <= 0 {
		return 0
	}
	return p.Decided * 10 / p.ToSend
}

// progressLine returns one line of figures.
func progressLine(now time.Time, p progress) string {
	if p.Phase != pipeline.Sending {
		return "checking: " + Count(p.Rows, "row") + " read"
	}
	return fmt.Sprintf("%d%%: %s", percentDone(p), strings.Join(figures(now, p), ", "))
}

// figures returns what there is to say of a run that sends, the most important
// first.
func figures(now time.Time, p progress) []string {
	parts := []string{fmt.Sprintf("%s of %s", Number(p.Decided), Number(p.ToSend))}
	if p.Pause != "" {
		parts = append(parts, formatPause(p))
	}
	parts = append(parts, Number(p.Created)+" created", problemsText(p))
	if left := timeLeft(now, p); left > 0 {
		parts = append(parts, compactDuration(left)+" left")
	}
	if elapsed := now.Sub(p.Since).Truncate(time.Second); elapsed > 0 {
		parts = append(parts, compactDuration(elapsed)+" elapsed")
	}
	if p.Pause == "" && !math.IsInf(p.Rate, 1) && p.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%.3g/s", p.Rate))
	}
	if p.Wallet.Known() {
		parts = append(parts, "wallet "+Money(p.Wallet.String(), p.Currency))
	}
	return parts
}

// problemsText counts the problems by kind.
func problemsText(p progress) string {
	var kinds []string
	for _, kind := range []struct {
		n    int
		what string
	}{{p.Rejected, "rejected"}, {p.Duplicates, "duplicate"}, {p.LostLinks, "without a link"}} {
		if kind.n > 0 {
			kinds = append(kinds, Number(kind.n)+" "+kind.what)
		}
	}
	if len(kinds) > 0 {
		return strings.Join(kinds, ", ")
	}
	return Count(p.Problems, "problem")
}

// formatPause says why nothing is sent, and until when.
func formatPause(p progress) string {
	text := "waiting: " + p.Pause
	if !p.Until.IsZero() {
		text += " at " + p.Until.Local().Format("15:04:05")
	}
	return text
}

func percentDone(p progress) int {
	if p.ToSend <= 0 {
		return 0
	}
	return min(100, p.Decided*100/p.ToSend)
}

// timeLeft returns how long the rest takes at the pace so far, the wait that goes
// on included; 0 if that is not known.
func timeLeft(now time.Time, p progress) time.Duration {
	wait := time.Duration(0)
	if p.Pause != "" {
		if wait = p.Until.Sub(now); p.Until.IsZero() || wait < 0 {
			return 0
		}
	}
	gone := now.Sub(p.Since) - p.waited
	if p.Decided < 5 || gone < time.Second {
		return 0
	}
	return wait + time.Duration(float64(gone)/float64(p.Decided)*float64(p.ToSend-p.Decided))
}

const barNarrow = 5 // on a terminal of less than barColumns

const barColumns = 100

const barFrame = len(" 100% ||  ")

const pauseLong = 2 * time.Second // a shorter one is not printed

const pauseAgain = time.Minute // a cause that comes again sooner is not printed again
