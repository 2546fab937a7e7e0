package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// TestDemotion: the primary becomes read-only and keeps every connection, and its standby
// is promoted. Senders leave it for the new primary, for writing, turns, signs of life and
// reading: what the old one shows from then on is the past.
func TestDemotion(t *testing.T) {
	t.Parallel()
	primary := shared.Start(t)
	standby := primary.StartStandby(t, "")
	old := primary.URL()
	o := sharedOptions(strings.Replace(old, primary.Address(), primary.Address()+","+standby.Address(), 1))
	o.Lease = 10 * time.Second // nobody is declared ended meanwhile
	all := newParties(t, o, 3, 700)
	operator := openWith(t, Options{Address: old, ReadOnly: true})
	before := all[0].ID()
	sendTogether(t, all, func() {
		await(t, "some rows", func() bool { return all[0].sent() > 100 })
		primary.Demote(t)
		// What was under way when it was demoted may still be committed.
		end, times := "", 0
		await(t, "the standby", func() bool {
			now := primary.Query(t, "SELECT replay_lsn FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()")
			if now == "" || now != end {
				end, times = now, 0
				return false
			}
			times++
			return times == 10
		})
		standby.Promote(t)
	})
	all[0].finish(t)
	all[0].checkClean(t, 700)
	if n := countWith(t, all[0].Ledger, ledger.Created); n != 700 || countWith(t, operator, ledger.Created) == 700 {
		t.Errorf("%d are created, and %d according to the old primary", n, countWith(t, operator, ledger.Created))
	}
	if text := noticesOf(all); strings.Contains(text, "lost") || strings.Contains(text, "silent") || all[0].ID() != before {
		t.Errorf("notices:\n%s", text)
	}
}
