package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

// TestClocksDiffer: the clocks of the host and of the database are an hour apart, and the
// server that takes over is an hour off the other way. What is written is always the time of
// the database as it was then.
func TestClocksDiffer(t *testing.T) {
	t.Parallel()
	skipIfShort(t)
	primary := shared.Start(t, "pgtest.clock=1 hour")
	primary.LetClockDiffer(t)
	testAdoptedElsewhere(t, primary.URL())
	standby := primary.StartStandby(t, "", "pgtest.clock=-1 hour")
	o := sharedOptions(strings.Replace(primary.URL(), primary.Address(), primary.Address()+","+standby.Address(), 1))
	o.Lease = 10 * time.Second // the failover is shorter
	all := newParties(t, o, 2, 200)
	send := func(on *pgtest.Cluster, from int) {
		t.Helper()
		for i, x := range all {
			clock := func() int64 {
				us, err := strconv.ParseInt(on.Query(t, "SELECT "+nowMicros), 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				return us
			}
			const tolerance = int64(time.Minute / time.Microsecond) // for a busy machine; the clocks are an hour apart
			began := clock()
			if err := x.sendGroup(t.Context(), from+20*i, 20); err != nil {
				t.Fatal(err)
			}
			ended := clock()
			mine := fmt.Sprintf("attempt WHERE sender = %d AND not_before_us >= %d AND not_before_us <= %d", x.ID(), began-tolerance, ended+tolerance)
			if n := count(t, x.Ledger, mine); n != 20 {
				t.Errorf("from row %d, %d of 20 requests of sender %d have the database's time", from, n, i)
			}
		}
	}
	send(primary, 0)
	await(t, "the standby", func() bool {
		return primary.Query(t, "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()") == "1"
	})
	primary.Kill(t)
	standby.Promote(t)
	await(t, "the other clock", func() bool { return strings.Count(noticesOf(all), "the clock of the database jumped by") == len(all) })
	send(standby, 40)
	if text := noticesOf(all); strings.Contains(text, "lost") || strings.Contains(text, "silent") {
		t.Errorf("notices:\n%s", text)
	}
	all[0].finish(t)
	all[0].checkClean(t, 200)
	if n := countWith(t, all[0].Ledger, ledger.Created); n != 200 {
		t.Errorf("%d are created", n)
	}
	testAdoptedElsewhere(t, strings.Replace(standby.URL(), "case_", "standby_", 1))
}
