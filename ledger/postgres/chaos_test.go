package postgres

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// sendTogether lets all parties send their input at once, while something is done to
// them.
func sendTogether(t *testing.T, all []*party, meanwhile func()) {
	t.Helper()
	var done sync.WaitGroup
	for _, x := range all {
		done.Go(func() {
			if err := x.sendAll(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	meanwhile()
	done.Wait()
}

// noticesOf returns all notices of parties, one a line.
func noticesOf(all []*party) string {
	var lines []string
	for _, x := range all {
		lines = append(lines, x.Notices()...)
	}
	return strings.Join(lines, "\n")
}

// sent returns how many rows of the input were sent.
func (x *party) sent() int {
	x.partner.mu.Lock()
	defer x.partner.mu.Unlock()
	return len(x.partner.created)
}

// TestServerKilledAmongSenders: all processes of the server are killed while three send.
// It comes back at once, and after more than a lease: nobody is declared ended.
func TestServerKilledAmongSenders(t *testing.T) {
	t.Parallel()
	cluster := shared.Start(t)
	all := newParties(t, sharedOptions(cluster.URL()), 3, 1500)
	sendTogether(t, all, func() {
		for _, away := range []time.Duration{0, 1500 * time.Millisecond} {
			from := all[0].sent()
			await(t, "some more rows", func() bool { return all[0].sent() > from+100 })
			cluster.Kill(t)
			<-time.After(away) // what is tested is an outage of this length
			cluster.Run(t)
		}
	})
	all[0].finish(t)
	all[0].checkClean(t, 1500)
	if n := countWith(t, all[0].Ledger, ledger.Created); n != 1500 {
		t.Errorf("%d are created", n)
	}
	if text := noticesOf(all); strings.Contains(text, "silent") || strings.Contains(text, "had stopped") || strings.Contains(text, "lost") {
		t.Errorf("notices:\n%s", text)
	}
}

// TestConnectionsResetAmongSenders: connections of three senders are cut again and again,
// in the middle of commits.
func TestConnectionsResetAmongSenders(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	for name, after := range map[string]bool{"before the server has it": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			p := startProxy(t, cluster.URL())
			p.cutAfter = after
			all := newParties(t, sharedOptions(p.address), 3, 600)
			p.every.Store(5)
			sendTogether(t, all, func() {})
			p.every.Store(0)
			all[0].finish(t)
			all[0].checkClean(t, 600)
			if attempts := count(t, all[0].Ledger, "attempt"); attempts != 600 || p.cuts.Load() < 10 {
				t.Errorf("%d attempts, %d cuts", attempts, p.cuts.Load())
			}
		})
	}
}

// TestSenderCutOff: the database falls silent for one of two senders. The other declares it
// ended, rules on its requests, and sends what it had not. Its answers, which it keeps
// meanwhile, replace the rulings.
func TestSenderCutOff(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	address := cluster.URL()
	p := startProxy(t, address)
	partner := newPartner()
	o := sharedOptions(address)
	other := newParty(t, o, partner)
	b := registerRows(t, other.Ledger, "one", 300, func(i int) ledger.Row { return rowOf(i, "a") })
	o.Address, o.Emergency = p.address, filepath.Join(t.TempDir(), "answers.emergency")
	cut := newParty(t, o, partner)
	for _, x := range []*party{cut, other} {
		x.enter(t, b.ID)
	}
	intents, ids, err := cut.intend(t.Context(), 0, 60)
	if err != nil {
		t.Fatal(err)
	}
	p.flow.Lock()
	outcomes := cut.send(intents[:40], ids[:40])
	if err := cut.Emergency(outcomes); err != nil {
		t.Fatal(err)
	}
	var recorded sync.WaitGroup
	recorded.Go(func() {
		left, err := cut.record(t.Context(), outcomes)
		for errors.Is(err, ledger.ErrUnavailable) {
			left, err = cut.record(t.Context(), outcomes)
		}
		if err != nil || len(left) > 0 {
			t.Errorf("answers that were kept: %d left, %v", len(left), err)
		}
	})
	other.finish(t)
	if n := countWith(t, other.Ledger, ledger.LinkMissing); n != 40 {
		t.Errorf("%d rulings", n)
	}
	late := cut.send(intents[40:], ids[40:]) // its lease is over
	for _, ch := range late {
		if ch.Close[0].Class != ledger.NotSent {
			t.Error("a request began after the lease")
		}
	}
	p.flow.Unlock()
	recorded.Wait()
	other.checkClean(t, 300)
	if n := countWith(t, other.Ledger, ledger.Created); n != 300 {
		t.Errorf("%d are created", n)
	}
}

// TestFailover: the primary dies together with what its asynchronous standby did not have
// yet. Three senders notice and write it again from memory. Without that, customers are
// sent twice and links are lost.
func TestFailover(t *testing.T) {
	t.Parallel()
	for name, isHealed := range map[string]bool{"healed": true, "without healing": false} {
		t.Run(name, func(t *testing.T) { testFailover(t, isHealed) })
	}
}

func testFailover(t *testing.T, isHealed bool) {
	primary := shared.Start(t)
	link := startProxyTo(t, primary.Address())
	standby := primary.StartStandby(t, link.address)
	o := sharedOptions(strings.Replace(primary.URL(), primary.Address(), primary.Address()+","+standby.Address(), 1))
	o.Lease = 10 * time.Second // the failover is shorter
	all := newParties(t, o, 3, 600)
	for i, x := range all {
		x.memory.isOff = !isHealed
		if err := x.sendGroup(t.Context(), 100*i, 30); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the standby", func() bool {
		return count(t, all[0].Ledger, "pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()") == 1
	})
	link.flow.Lock()
	type group struct {
		intents []ledger.Intent
		ids     []int64
	}
	open := make([]group, len(all))
	for i, x := range all { // all of this is confirmed, and will be lost
		for at := 100*i + 30; at < 100*i+70; at += 10 {
			if err := x.sendGroup(t.Context(), at, 10); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if open[i].intents, open[i].ids, err = x.intend(t.Context(), 100*i+70, 10); err != nil {
			t.Fatal(err)
		}
	}
	primary.Kill(t)
	standby.Promote(t)
	link.flow.Unlock()
	for i, x := range all {
		left, err := x.record(t.Context(), x.send(open[i].intents, open[i].ids))
		if err != nil || isHealed && len(left) > 0 {
			t.Errorf("answers after the failover: %d left, %v", len(left), err)
		}
	}
	all[0].finish(t)
	created, doubles, notices := countWith(t, all[0].Ledger, ledger.Created), all[0].partner.doubles(), noticesOf(all)
	if !isHealed {
		if doubles == 0 {
			t.Error("nobody was created twice: the test would not notice that nothing is healed")
		}
		return
	}
	all[0].checkClean(t, 600)
	if created != 600 || strings.Count(notices, "9 lost transactions were written again") != 3 || strings.Count(notices, "lost commits") != 3 {
		t.Errorf("%d are created, notices:\n%s", created, notices)
	}
}

// TestHealing: a database goes back to an older state of one sender: to before its last
// writes, to before the sender itself, and with its numbers given to others meanwhile.
func TestHealing(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	for name, test := range map[string]func(*testing.T, *party, *party){
		"its last writes": func(*testing.T, *party, *party) {},
		"the sender itself": func(t *testing.T, x, _ *party) {
			execute(t, x.Ledger, "DELETE FROM sender WHERE id = "+itoa(x.ID()))
		},
		"another one got the sender's number": func(t *testing.T, x, _ *party) {
			execute(t, x.Ledger, "UPDATE sender SET token = 'another', writes = 1000 WHERE id = "+itoa(x.ID()))
		},
		"others got the attempts' numbers": func(t *testing.T, x, y *party) {
			execute(t, x.Ledger, "ALTER TABLE attempt ALTER COLUMN id RESTART WITH 1")
			if err := y.sendGroup(t.Context(), 100, 30); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			all := newParties(t, sharedOptions(cluster.URL()), 2, 200)
			x, y := all[0], all[1]
			x.freeze() // its beat must not find the loss before its next write does
			if err := x.sendGroup(t.Context(), 0, 20); err != nil {
				t.Fatal(err)
			}
			intents, ids, err := x.intend(t.Context(), 20, 20)
			if err != nil {
				t.Fatal(err)
			}
			outcomes := x.send(intents, ids)
			execute(t, x.Ledger, `DELETE FROM attempt; UPDATE sender SET writes = 1, sent = 0; DELETE FROM run WHERE id = `+itoa(x.run)+`;
				UPDATE customer SET status = 'pending', intents = 0, attempts = 0, generation = 0, key = '', service_id = '', service_mark = 0, url = '', url_mark = 0, pairing = '', first_sent_us = NULL, decided_us = NULL, http_status = 0`)
			y.sender.present.Load().confirmed.Store(0) // only x is to notice
			test(t, x, y)
			x.thaw(t)
			left, err := x.record(t.Context(), outcomes)
			if err != nil || len(left) > 0 {
				t.Errorf("answers after the loss: %d left, %v", len(left), err)
			}
			if n := countWith(t, x.Ledger, ledger.Created); n < 40 {
				t.Errorf("%d are created; notices:\n%s", n, noticesOf(all))
			}
			y.finish(t)
			y.checkClean(t, 200)
		})
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
