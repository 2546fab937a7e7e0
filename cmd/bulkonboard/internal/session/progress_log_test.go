package session

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline"
)

// A monitor hears of a run at least once a minute, also while nothing moves.
func TestProgressEveryMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := &progressLog{log: slog.New(slog.NewJSONHandler(&out, nil))}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.keepWriting(ctx)
		}()
		l.update(pipeline.Progress{Phase: pipeline.Checking, Rows: 10})
		l.update(pipeline.Progress{Phase: pipeline.Sending, Rows: 10, ToSend: 8, Rate: math.Inf(1)})
		<-time.After(10 * time.Minute)
		cancel()
		<-ended
		var last time.Time
		phases, n := map[string]int{}, 0
		for line := range strings.Lines(out.String()) {
			var e struct {
				Time  time.Time
				Msg   string
				Phase string
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Msg != eventProgress {
				t.Fatalf("%s: %v", line, err)
			}
			if n > 0 && e.Time.Sub(last) > time.Minute {
				t.Errorf("no event from %v to %v", last, e.Time)
			}
			last, n = e.Time, n+1
			phases[e.Phase]++
		}
		if n < 10 || phases["checking"] != 1 || phases["sending"] != n-1 {
			t.Errorf("%d events: %v", n, phases)
		}
	})
}
