package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// forgetSent makes the database lose what was sent, as a failover to a standby that was
// behind does.
const forgetSent = `DELETE FROM attempt; UPDATE sender SET writes = 1, sent = 0;
	UPDATE customer SET status = 'pending', intents = 0, attempts = 0, generation = 0, key = '', service_id = '', service_mark = 0, url = '', url_mark = 0, pairing = '', first_sent_us = NULL, decided_us = NULL, http_status = 0`

// TestUnhealed: the database loses commits, and one of three senders dies before it can write
// again what it had lost. Whether that is seen before or after its end, the ledger has a gap
// then, so that its users are not called duplicates. Without a dead sender there is none.
func TestUnhealed(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	for name, tt := range map[string]struct{ dies, isSeenLate bool }{
		"it dies before others notice the loss":          {true, false},
		"it is declared ended before others notice that": {true, true},
		"nobody dies": {},
	} {
		t.Run(name, func(t *testing.T) {
			all := newParties(t, sharedOptions(cluster.URL()), 3, 200)
			x, y, dead := all[0], all[1], all[2]
			x.freeze() // its beat must not find the loss before its next write does
			y.freeze()
			before := time.Now()
			for i, one := range all {
				if err := one.sendGroup(t.Context(), 20*i, 20); err != nil {
					t.Fatal(err)
				}
			}
			if tt.dies {
				if err := dead.abandon(); err != nil {
					t.Fatal(err)
				}
			}
			if tt.isSeenLate {
				execute(t, x.Ledger, "UPDATE sender SET ended_us = 1, closes_us = 1, end_reason = 'silent' WHERE id = "+itoa(dead.ID()))
			}
			execute(t, x.Ledger, forgetSent+"; UPDATE sender SET swept = 0") // not swept yet, either
			x.thaw(t)
			y.thaw(t)
			for i, one := range []*party{x, y} {
				if err := one.sendGroup(t.Context(), 100+20*i, 20); err != nil {
					t.Fatal(err)
				}
			}
			if !tt.dies {
				for i, one := range []*party{dead, x, y} { // the third one notices, too, and tells the others
					if err := one.sendGroup(t.Context(), 140+20*i, 20); err != nil {
						t.Fatal(err)
					}
				}
				if n := count(t, x.Ledger, "sender WHERE lost_since_us IS NOT NULL"); n != 0 {
					t.Errorf("%d senders have lost something, and all have written since", n)
				}
			}
			await(t, "the end of the dead one", func() bool { return !tt.dies || count(t, x.Ledger, "sender WHERE end_reason = 'silent'") > 0 })
			gaps, err := x.Gaps(t.Context())
			want := 0
			if tt.dies {
				want = 1 // although two have noticed
			}
			if err != nil || len(gaps) != want {
				t.Fatalf("%d gaps, %v\n%s", len(gaps), err, noticesOf(all))
			}
			if !tt.dies {
				return
			}
			if g := gaps[0]; g.Cause != ledger.GapAdopt || !g.IsOpen() || g.From.At.After(before) || g.To.At.Before(before) {
				t.Errorf("%+v, and what was lost was sent after %s", g, before)
			}
			if !strings.Contains(noticesOf(all), "no user created from") {
				t.Errorf("nothing is said of it:\n%s", noticesOf(all))
			}
		})
	}
}
