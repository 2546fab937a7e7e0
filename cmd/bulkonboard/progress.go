package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/bulkonboard/bulkonboard/pipeline"
)

const (
	barEvery    = 200 * time.Millisecond
	lineAtMost  = time.Minute      // between two lines
	lineAtLeast = 15 * time.Minute // even if nothing moves
)

// progress shows how far a run is. watch only keeps the newest figures, so
// that the pipeline never waits for a terminal; show prints them in its own time.
type progress struct {
	mu    sync.Mutex
	last  pipeline.Progress
	moved bool
}

func (p *progress) watch(now pipeline.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.moved = now, true
}

func (p *progress) latest() (pipeline.Progress, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last, p.moved
}

// show prints until ctx ends: a bar on a terminal, lines elsewhere.
func (p *progress) show(ctx context.Context, to *stream, terminal bool) {
	tick := time.NewTicker(barEvery)
	defer tick.Stop()
	var d display = &lineDisplay{to: to}
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

type display interface {
	draw(now time.Time, p pipeline.Progress)
	end()
}

var (
	_ display = (*lineDisplay)(nil)
	_ display = (*barDisplay)(nil)
)

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
	if !l.due(now, p) {
		return
	}
	l.at, l.tenths = now, tenths(p)
	fmt.Fprintln(l.to, progressLine(now, p))
}

func (l *lineDisplay) due(now time.Time, p pipeline.Progress) bool {
	since := now.Sub(l.at)
	return since >= lineAtLeast || since >= lineAtMost && tenths(p) > l.tenths
}

func (l *lineDisplay) end() {}

func tenths(p pipeline.Progress) int {
	if p.Phase != pipeline.Sending || p.ToSend <= 0 {
		return 0
	}
	return p.Decided * 10 / p.ToSend
}

// progressLine is one line of figures.
func progressLine(now time.Time, p pipeline.Progress) string {
	if p.Phase != pipeline.Sending {
		return fmt.Sprintf("checking: %s read", countOf(p.Rows, "row"))
	}
	text := fmt.Sprintf("%d%%: %s of %s, %s", percent(p), number(p.Decided), number(p.ToSend), figures(p))
	if left := remaining(now, p); left > 0 {
		text += ", " + aboutTime(left) + " left"
	}
	return text
}

func figures(p pipeline.Progress) string {
	text := fmt.Sprintf("%s created, %s problems", number(p.Created), number(p.Problems))
	if !math.IsInf(p.Rate, 1) && p.Rate > 0 {
		text += fmt.Sprintf(", %.3g/s", p.Rate)
	}
	if p.Wallet.Known() {
		text += strings.TrimRight(fmt.Sprintf(", wallet %s %s", p.Wallet, p.Currency), " ")
	}
	if p.Pause != "" {
		text += ", " + pauseText(p)
	}
	return text
}

func pauseText(p pipeline.Progress) string {
	text := "waiting: " + p.Pause
	if !p.Until.IsZero() {
		text += " at " + p.Until.Local().Format("15:04:05")
	}
	return text
}

func percent(p pipeline.Progress) int {
	if p.ToSend <= 0 {
		return 0
	}
	return min(100, p.Decided*100/p.ToSend)
}

// remaining is how long the rest takes at the pace so far; 0 if that is not known.
func remaining(now time.Time, p pipeline.Progress) time.Duration {
	gone := now.Sub(p.Since)
	if p.Decided < 5 || gone < time.Second || p.Pause != "" {
		return 0
	}
	return time.Duration(float64(gone) / float64(p.Decided) * float64(p.ToSend-p.Decided))
}

// barDisplay is the bar on a terminal. Why nothing is sent stands on a line of
// its own above it, once for each cause.
type barDisplay struct {
	to    *stream
	bar   *progressbar.ProgressBar
	pause string    // told last
	told  time.Time // when
	since time.Time // the pause that goes on; zero = none
}

const (
	barWidth   = 20
	barNarrow  = 8 // on a terminal of less than barColumns
	barColumns = 100
	barFrame   = len(" 100% ||  ")
	pauseLong  = 2 * time.Second // a shorter one is not told
	pauseAgain = time.Minute     // a cause that comes again sooner is not told again
)

func (b *barDisplay) draw(now time.Time, p pipeline.Progress) {
	if p.Phase != pipeline.Sending || p.ToSend == 0 {
		return
	}
	if b.bar == nil {
		// The bar writes past the stream: the stream clears it before a line.
		b.bar = progressbar.NewOptions(p.ToSend, progressbar.OptionSetWriter(b.to.w), progressbar.OptionSetWidth(widthOfBar(b.to.columns())),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionClearOnFinish())
		b.to.clearBy(func() { _ = b.bar.Clear() }) // a terminal that is gone is told by the line itself
	}
	b.tellPause(now, p)
	columns := b.to.columns()
	b.bar.Describe(barText(now, p, columns-barFrame-widthOfBar(columns)))
	if err := b.bar.Set(min(p.Decided, p.ToSend)); err != nil {
		b.end()
	}
}

// widthOfBar leaves room for the figures on a terminal of the usual 80 columns.
func widthOfBar(columns int) int {
	if columns < barColumns {
		return barNarrow
	}
	return barWidth
}

func (b *barDisplay) tellPause(now time.Time, p pipeline.Progress) {
	switch {
	case p.Pause == "":
		b.since = time.Time{}
		if now.Sub(b.told) >= pauseAgain {
			b.pause = ""
		}
	case b.since.IsZero():
		b.since = now
	case p.Pause != b.pause && now.Sub(b.since) >= pauseLong:
		b.pause, b.told = p.Pause, now
		fmt.Fprintln(b.to, printable(pauseText(p)))
	}
}

// barText is what stands before the bar, as much of it as there is room for.
func barText(now time.Time, p pipeline.Progress, room int) string {
	parts := []string{fmt.Sprintf("%s of %s", number(p.Decided), number(p.ToSend))}
	switch {
	case p.Pause != "" && !p.Until.IsZero():
		parts = append(parts, "waiting until "+p.Until.Local().Format("15:04:05"))
	case p.Pause != "":
		parts = append(parts, "waiting")
	}
	parts = append(parts, number(p.Created)+" created", number(p.Problems)+" problems")
	if left := remaining(now, p); left > 0 {
		parts = append(parts, aboutTime(left)+" left")
	}
	if p.Pause == "" && !math.IsInf(p.Rate, 1) && p.Rate > 0 {
		parts = append(parts, fmt.Sprintf("%.3g/s", p.Rate))
	}
	if p.Wallet.Known() {
		parts = append(parts, strings.TrimRight(fmt.Sprintf("wallet %s %s", p.Wallet, p.Currency), " "))
	}
	text := parts[0]
	for _, part := range parts[1:] {
		if len(text)+len(", ")+len(part) > room {
			break
		}
		text += ", " + part
	}
	return text
}

func (b *barDisplay) end() {
	if b.bar == nil {
		return
	}
	_ = b.bar.Clear() // as above
	b.to.clearBy(nil)
}
