package term

import (
	"fmt"
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

func (b *barDisplay) draw(now time.Time, p progress) {
	if p.Phase != pipeline.Sending || p.ToSend == 0 {
		return
	}
	if b.bar == nil {
		// The bar writes past the stream: the stream clears it before a line.
		b.bar = progressbar.NewOptions(p.ToSend, progressbar.OptionSetWriter(b.to.W), progressbar.OptionSetWidth(widthOfBar(b.to.columns())),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionClearOnFinish())
		b.to.clearWith(func() { _ = b.bar.Clear() }) // the next line finds out that the terminal is gone
	}
	b.showPause(now, p)
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

func (b *barDisplay) showPause(now time.Time, p progress) {
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

// barText returns what comes before the bar, as much of it as there is room for.
func barText(now time.Time, p progress, room int) string {
	parts := figures(now, p)
	if p.Pause != "" { // the reason is on a line of its own
		if parts[1] = "waiting"; !p.Until.IsZero() {
			parts[1] = "waiting until " + p.Until.Local().Format("15:04:05")
		}
	}
	text := parts[0]
	for _, part := range parts[1:] {
		if width(text)+len(", ")+width(part) > room {
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
