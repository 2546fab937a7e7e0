package decide

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// A user created inside a gap is found to be so, whatever clock stamps
// createdAt, as long as no two clocks differ by more than a day and its zones.
func TestGapContainsWhomItMust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := func(low, high int, label string) time.Duration {
			return time.Duration(rapid.IntRange(low, high).Draw(t, label)) * time.Second
		}
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		ours := seconds(-100_000, 100_000, "partner's clock minus ours")
		instant := func(partner time.Time, certain bool) ledger.Instant {
			if !certain {
				return ledger.Instant{At: partner.Add(-ours)}
			}
			return ledger.Instant{At: partner.Add(-ours), Offset: ours, Certain: true}
		}
		long := seconds(0, 1_000_000, "length")
		gap := ledger.Gap{From: instant(at, rapid.Bool().Draw(t, "from is certain")), To: instant(at.Add(long), rapid.Bool().Draw(t, "to is certain"))}
		stamp := seconds(-90_000, 90_000, "createdAt minus Date")
		jitter := func(label string) time.Duration { return seconds(-5, 5, label) }
		var measures []measure
		for range rapid.IntRange(0, 12).Draw(t, "measures") {
			before := seconds(0, 200_000, "before the gap")
			measures = append(measures, measure{at: at.Add(-before), created: stamp + jitter("jitter")})
		}
		timing := Timing{TTL: 5 * time.Minute, Settle: 100 * time.Second, RoundTrip: time.Second, Offset: ours}
		g := &Gaps{All: []ledger.Gap{gap}, Clock: ParseCalibration(FormatCalibration(Calibrate(measures)))}
		created := at.Add(seconds(0, int(long/time.Second), "created"))
		u := User{CreatedAt: created.Add(stamp + jitter("jitter of the user"))}
		if !g.mayContain(u, timing) {
			t.Fatalf("not inside %v to %v: %v, clock %+v", gap.From, gap.To, u.CreatedAt, g.Clock)
		}
	})
}
