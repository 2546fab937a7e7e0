package term

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline"
)

// A line at each 10 %, at most one a minute, at least one in 15 minutes.
func TestProgressLines(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var out strings.Builder
	l := &lineDisplay{to: &out}
	for _, step := range []struct {
		at      time.Duration
		decided int
		line    bool
	}{
		{0, 0, false}, {10 * time.Second, 100, false}, {59 * time.Second, 500, false}, {60 * time.Second, 500, true},
		{90 * time.Second, 700, false}, {2 * time.Minute, 710, true}, {10 * time.Minute, 720, false},
		{17 * time.Minute, 720, true}, {18 * time.Minute, 799, false}, {19 * time.Minute, 800, true},
	} {
		out.Reset()
		l.draw(start.Add(step.at), progress{Progress: pipeline.Progress{Phase: pipeline.Sending, ToSend: 1000, Since: start, Decided: step.decided}})
		if (out.Len() > 0) != step.line {
			t.Errorf("at %v with %d: %q", step.at, step.decided, out.String())
		}
	}
}

// The text before the bar keeps what matters most when there is little room.
func TestBarText(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := progress{Progress: pipeline.Progress{Phase: pipeline.Sending, ToSend: 12000, Decided: 1200, Created: 1190, Problems: 10, Rejected: 10, Rate: 20, Since: start}}
	now := start.Add(time.Minute)
	for room, want := range map[int]string{
		100: "1,200 of 12,000, 1,190 created, 10 rejected, 9m left, 60s elapsed, 20/s",
		62:  "1,200 of 12,000, 1,190 created, 10 rejected, 9m left",
		45:  "1,200 of 12,000, 1,190 created, 10 rejected",
		5:   "1,200 of 12,000",
	} {
		if got := barText(now, p, room); got != want {
			t.Errorf("in %d columns: %q, want %q", room, got, want)
		}
	}
	// At 80 columns there is room for all but the rate and the wallet, and a pause comes first.
	room := 80 - barFrame - widthOfBar(80)
	if got, want := barText(now, p, room), "1,200 of 12,000, 1,190 created, 10 rejected, 9m left, 60s elapsed"; got != want {
		t.Errorf("at 80 columns: %q, want %q", got, want)
	}
	p.Pause, p.Until = "partner asked to wait 30 s, continuing", now.Add(30*time.Second)
	if got := barText(now, p, room); !strings.HasPrefix(got, "1,200 of 12,000, waiting until ") || !strings.Contains(got, ", 1,190 created") {
		t.Errorf("%q", got)
	}
}

// What is left includes the wait that goes on, and the pace leaves out the waits.
func TestTimeLeft(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := start.Add(3 * time.Minute)
	p := progress{Progress: pipeline.Progress{Phase: pipeline.Sending, ToSend: 200, Decided: 100, Since: start}, waited: 2 * time.Minute}
	if got := timeLeft(now, p); got != time.Minute {
		t.Errorf("100 rows in a minute of sending leave %v for as many", got)
	}
	p.Pause, p.Until = "partner asked to wait", now.Add(30*time.Second)
	if got := timeLeft(now, p); got != 90*time.Second {
		t.Errorf("in a wait of 30 s there are %v left", got)
	}
	p.Until = time.Time{}
	if got := timeLeft(now, p); got != 0 {
		t.Errorf("a wait without an end leaves %v", got)
	}
}

// A view counts how long a run waits, up to now.
func TestProgressWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var view ProgressView
		for _, pause := range []string{"", "a wait", "", "another"} {
			view.Update(pipeline.Progress{Pause: pause})
			<-time.After(time.Minute)
		}
		if got, moved := view.latest(time.Now()); !moved || got.waited != 2*time.Minute {
			t.Errorf("two waits of a minute are %v", got.waited)
		}
	})
}
