package term

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/bulkonboard/bulkonboard/pipeline"
)

var _ progressDisplay = (*barDisplay)(nil)

// barDisplay is the bar on a terminal. Why nothing is sent is on a line of
// its own above it, once for each cause.
type barDisplay struct {
	to    *Stream
	bar   *progressbar.ProgressBar
	pause string    // printed last
	shown time.Time // when
	since time.Time // the pause that goes on; zero = none
}

const barWidth = 20

func (b *barDisplay) draw(now time.Time, p pipeline.Progress) {
	if p.Phase != pipeline.Sending || p.ToSend == 0 {
		return
	}
	if b.bar == nil {
		// The bar writes past the stream: the stream clears it before a line.
		b.bar = progressbar.NewOptions(p.ToSend, progressbar.OptionSetWriter(b.to.W), progressbar.OptionSetWidth(widthOfBar(b.to.columns())),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionClearOnFinish())
		b.to.clearWith(func() { _ = b.bar.Clear() }) // the next line finds out that the terminal is gone
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
		if now.Sub(b.shown) >= pauseAgain {
			b.pause = ""
		}
	case b.since.IsZero():
		b.since = now
	case p.Pause != b.pause && now.Sub(b.since) >= pauseLong:
		b.pause, b.shown = p.Pause, now
		fmt.Fprintln(b.to, Printable(formatPause(p)))
	}
}

// barText returns what stands before the bar, as much of it as there is room for.
func barText(now time.Time, p pipeline.Progress, room int) string {
	parts := []string{fmt.Sprintf("%s of %s", Number(p.Decided), Number(p.ToSend))}
	switch {
	case p.Pause != "" && !p.Until.IsZero():
		parts = append(parts, "waiting until "+p.Until.Local().Format("15:04:05"))
	case p.Pause != "":
		parts = append(parts, "waiting")
	}
	parts = append(parts, Number(p.Created)+" created", Number(p.Problems)+" problems")
	if left := timeLeft(now, p); left > 0 {
		parts = append(parts, AboutDuration(left)+" left")
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
	b.to.clearWith(nil)
}
