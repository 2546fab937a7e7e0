package postgres

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// failIntents makes the server fail so many of the next transactions that open attempts,
// with an error of its own or, with the code 57P01, by ending the session.
func failIntents(t *testing.T, l *Ledger, code string, times int) {
	t.Helper()
	fail := fmt.Sprintf("RAISE EXCEPTION 'staged' USING ERRCODE = '%s'", code)
	if code == "57P01" {
		fail = "PERFORM pg_terminate_backend(pg_backend_pid())"
	}
	execute(t, l, fmt.Sprintf(`CREATE SEQUENCE IF NOT EXISTS failed;
		CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF nextval('%[1]s.failed') <= %[2]d THEN %[3]s; END IF;
			RETURN NULL;
		END $$;
		CREATE OR REPLACE TRIGGER fail AFTER INSERT ON attempt FOR EACH STATEMENT EXECUTE FUNCTION %[1]s.fail();
		SELECT setval('failed', 1, false)`, l.Schema(), times, fail))
}

// TestPassingFailures: what another transaction or the server's administration brings about
// is met by making the same call again, which sends nobody twice.
func TestPassingFailures(t *testing.T) {
	cluster := shared.Cluster(t)
	for _, code := range []string{"40001", "40P01", "55P03", "57014", "57P01", "53300"} {
		t.Run(code, func(t *testing.T) {
			x := newParties(t, sharedOptions(cluster.URL()), 1, 40)[0]
			failIntents(t, x.Ledger, code, 3)
			if err := x.sendGroup(t.Context(), 0, 40); err != nil {
				t.Fatal(err)
			}
			if n := count(t, x.Ledger, "failed WHERE last_value > 3"); n != 1 {
				t.Error("the failures were not met")
			}
			if n := count(t, x.Ledger, "attempt"); n != 40 {
				t.Errorf("%d attempts", n)
			}
			x.checkClean(t, 40)
		})
	}
}

// TestLastingFailures: a full disk, a disk that fails and damaged tables end the work. No
// write follows, answers under way are kept in the emergency file, and the next process
// records them.
func TestLastingFailures(t *testing.T) {
	cluster := shared.Cluster(t)
	for _, code := range []string{"53100", "58030", "XX001"} {
		t.Run(code, func(t *testing.T) {
			o := sharedOptions(cluster.URL())
			o.Emergency = filepath.Join(t.TempDir(), "answers.emergency")
			x := newParties(t, o, 1, 20)[0]
			intents, ids, err := x.intend(t.Context(), 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			outcomes := x.send(intents, ids)
			failIntents(t, x.Ledger, code, 1)
			if _, _, err := x.intend(t.Context(), 10, 10); !errors.Is(err, ledger.ErrWrite) || errors.Is(err, ledger.ErrUnavailable) || !strings.Contains(err.Error(), code) {
				t.Errorf("an intent: %v", err)
			}
			if _, err := x.record(t.Context(), outcomes); !errors.Is(err, ledger.ErrWrite) {
				t.Errorf("a write after the failure: %v", err)
			}
			if err := x.Emergency(outcomes); err != nil {
				t.Fatal(err)
			}
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			next := newParty(t, o, x.partner)
			next.enter(t, x.batch)
			next.finish(t)
			next.checkClean(t, 20)
			if n := countWith(t, next.Ledger, ledger.Created); n != 20 {
				t.Errorf("%d are created", n)
			}
		})
	}
}

// TestDamagedTable: what the server calls damaged while it is read is damage of the ledger.
func TestDamagedTable(t *testing.T) {
	l := openNew(t, shared.Cluster(t))
	b := registerRows(t, l, "one", 1, func(i int) ledger.Row { return rowOf(i, "a") })
	execute(t, l, fmt.Sprintf(`CREATE FUNCTION damaged() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'staged' USING ERRCODE = 'XX001'; END $$;
		ALTER TABLE customer RENAME TO stored; CREATE VIEW customer AS SELECT * FROM stored WHERE %s.damaged()`, l.Schema()))
	if _, err := l.Plan(t.Context(), b.ID, 0, 1); !errors.Is(err, ledger.ErrDamaged) {
		t.Errorf("%v", err)
	}
}

// TestStoppedInTransaction: a process that is stopped inside a transaction keeps nobody from
// what it has locked: the server ends its session. When it continues, it begins again.
func TestStoppedInTransaction(t *testing.T) {
	all := newParties(t, sharedOptions(shared.Cluster(t).URL()), 2, 10)
	hasLocked, isDone := make(chan struct{}), make(chan struct{})
	var stopped sync.WaitGroup
	tries := 0
	stopped.Go(func() {
		err := all[0].write(t.Context(), holdLedger, func(ctx context.Context, t *tx) error {
			var limit string
			if err := t.QueryOne(ctx, "SHOW idle_in_transaction_session_timeout", nil, &limit); err != nil || limit != "10s" {
				return fmt.Errorf("the limit is %s: %w", limit, err)
			}
			if tries++; tries > 1 {
				return nil
			}
			err := t.ExecScript(ctx, "SET LOCAL idle_in_transaction_session_timeout = '50ms'") // the same, sooner
			close(hasLocked)
			<-isDone
			return err
		})
		if err != nil || tries != 2 {
			t.Errorf("%d tries, %v", tries, err)
		}
	})
	<-hasLocked
	if err := all[1].CheckWritable(t.Context()); err != nil {
		t.Errorf("what it had locked: %v", err)
	}
	close(isDone)
	stopped.Wait()
	for r, want := range map[role]string{roleRead: "0", roleWrite: "10s", roleBeat: "10s", rolePace: "1s"} {
		db, err := all[0].address.connect(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		var limit string
		if err := errors.Join(db.QueryOne(t.Context(), "SHOW idle_in_transaction_session_timeout", nil, []any{&limit}), db.Close()); err != nil || limit != want {
			t.Errorf("role %d: %s, want %s, %v", r, limit, want, err)
		}
	}
}

// TestCommitWithoutStandby: somebody cancels the wait for a standby that must have a commit.
// The server then calls it committed, with a warning, and a failover may lose it: it is not
// confirmed, and made again until a standby has it. The beat goes on.
func TestCommitWithoutStandby(t *testing.T) {
	t.Parallel()
	cluster := shared.Start(t)
	o := sharedOptions(cluster.URL())
	o.Lease = time.Minute
	x := newParties(t, o, 1, 20)[0]
	x.freeze() // its beat would wait for the standby, too
	setStandby := func(name string) {
		t.Helper()
		cluster.Query(t, "ALTER SYSTEM SET synchronous_standby_names = '"+name+"'", "SELECT pg_reload_conf()")
	}
	before := x.sender.present.Load().confirmed.Load()
	setStandby("away")
	defer setStandby("") // else the end would wait for it
	intents, ids := []ledger.Intent{}, []int64{}
	var sending sync.WaitGroup
	sending.Go(func() {
		var err error
		for intents, ids, err = x.intend(t.Context(), 0, 20); errors.Is(err, ledger.ErrUnavailable); {
			ids, err = x.Intend(t.Context(), x.run, intents)
		}
		if err != nil {
			t.Error(err)
		}
	})
	last := ""
	for range 3 {
		waiting := fmt.Sprintf("pg_stat_activity WHERE wait_event = 'SyncRep' AND query_start::text <> '%s'", last)
		await(t, "a commit that waits for its standby", func() bool { return cluster.Query(t, "SELECT count(*) FROM "+waiting) == "1" })
		if n := x.sender.present.Load().confirmed.Load(); n != before {
			t.Errorf("a write that no standby has was confirmed: %d, and %d before", n, before)
		}
		last = cluster.Query(t, "SELECT query_start::text FROM "+waiting)
		cluster.Query(t, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	}
	setStandby("")
	sending.Wait()
	if n := count(t, x.Ledger, "attempt"); n != 20 || x.sender.present.Load().confirmed.Load() < before+2 {
		t.Errorf("%d attempts, %d writes confirmed", n, x.sender.present.Load().confirmed.Load())
	}
	if left, err := x.record(t.Context(), x.send(intents, ids)); err != nil || len(left) > 0 {
		t.Errorf("%d left, %v", len(left), err)
	}
	x.thaw(t)
	x.checkClean(t, 20)
}
