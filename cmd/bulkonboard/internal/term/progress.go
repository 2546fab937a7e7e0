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

// ProgressView shows how far a run is. watch only keeps the newest figures, so
// that the pipeline never waits for a terminal; show prints them in its own time.
type ProgressView struct {
	mu     sync.Mutex
	newest pipeline.Progress
	moved  bool
}

// Update keeps the newest figures.
func (p *ProgressView) Update(now pipeline.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.newest, p.moved = now, true
}

func (p *ProgressView) latest() (pipeline.Progress, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newest, p.moved
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
			if last, moved := p.latest(); moved {
				d.draw(now, last)
			}
		case <-ctx.Done():
			return
		}
	}
}

type progressDisplay interface {
	draw(now time.Time, p pipeline.Progress)
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

func (l *lineDisplay) draw(now time.Time, p pipeline.Progress) {
	if l.at.IsZero() || l.phase != p.Phase {
		l.at, l.tenths, l.phase = now, 0, p.Phase
	}
	if !l.isDue(now, p) {
		return
	}
	l.at, l.tenths = now, tenthsDone(p)
	fmt.Fprintln(l.to, progressLine(now, p))
}

func (l *lineDisplay) isDue(now time.Time, p pipeline.Progress) bool {
	since := now.Sub(l.at)
	return since >= lineAtLeast || since >= lineAtMost && tenthsDone(p) > l.tenths
}

func (l *lineDisplay) end() {}

func tenthsDone(p pipeline.Progress) int {
	if p.Phase != pipeline.Sending || p.ToSend <= 0 {
		return 0
	}
	return p.Decided * 10 / p.ToSend
}

// progressLine returns one line of figures.
func progressLine(now time.Time, p pipeline.Progress) string {
	if p.Phase != pipeline.Sending {
		return fmt.Sprintf("checking: %s read", Count(p.Rows, "row"))
	}
	text := fmt.Sprintf("%d%%: %s of %s, %s", percentDone(p), Number(p.Decided), Number(p.ToSend), formatFigures(p))
	if left := timeLeft(now, p); left > 0 {
		text += ", " + AboutDuration(left) + " left"
	}
	return text
}

func formatFigures(p pipeline.Progress) string {
	text := fmt.Sprintf("%s created, %s problems", Number(p.Created), Number(p.Problems))
	if !math.IsInf(p.Rate, 1) && p.Rate > 0 {
		text += fmt.Sprintf(", %.3g/s", p.Rate)
	}
	if p.Wallet.Known() {
		text += strings.TrimRight(fmt.Sprintf(", wallet %s %s", p.Wallet, p.Currency), " ")
	}
	if p.Pause != "" {
		text += ", " + formatPause(p)
	}
	return text
}

func formatPause(p pipeline.Progress) string {
	text := "waiting: " + p.Pause
	if !p.Until.IsZero() {
		text += " at " + p.Until.Local().Format("15:04:05")
	}
	return text
}

func percentDone(p pipeline.Progress) int {
	if p.ToSend <= 0 {
		return 0
	}
	return min(100, p.Decided*100/p.ToSend)
}

// timeLeft returns how long the rest takes at the pace so far; 0 if that is not known.
func timeLeft(now time.Time, p pipeline.Progress) time.Duration {
	gone := now.Sub(p.Since)
	if p.Decided < 5 || gone < time.Second || p.Pause != "" {
		return 0
	}
	return time.Duration(float64(gone) / float64(p.Decided) * float64(p.ToSend-p.Decided))
}

const barNarrow = 8 // on a terminal of less than barColumns

const barColumns = 100

const barFrame = len(" 100% ||  ")

const pauseLong = 2 * time.Second // a shorter one is not printed

const pauseAgain = time.Minute // a cause that comes again sooner is not printed again
