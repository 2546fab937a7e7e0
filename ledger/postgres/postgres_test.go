package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/ledgertest"
	"github.com/bulkonboard/bulkonboard/ledger/postgres/pgtest"
)

// shared is the cluster of the tests that leave its server alone.
var shared pgtest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	if err := errors.Join(shared.Close(), goleak.Find()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	skipIfShort(t)
	cluster := shared.Cluster(t)
	ledgertest.Run(t, func(t *testing.T) ledger.Ledger { return openNew(t, cluster) })
}

// optionsFor are those of a sender whose requests take no time, so that no test waits.
func optionsFor(address string) Options {
	return Options{Address: address, Environment: "sandbox", Command: "test", Timeout: time.Microsecond}
}

// openNew makes a ledger and closes it at the end of the test.
func openNew(t testing.TB, cluster *pgtest.Cluster) *Ledger {
	t.Helper()
	o := optionsFor(cluster.URL())
	o.Create = true
	return openWith(t, o)
}

// openWith opens a ledger and closes it at the end of the test.
func openWith(t testing.TB, o Options) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// life is a ledger in a schema as ledgertest.RunTwins plays it.
type life struct {
	*Ledger
	options Options
	others  []ledger.Ledger // one that only reads, and one that writes concurrently
}

func TestTwins(t *testing.T) {
	t.Parallel()
	cluster := shared.Cluster(t)
	ledgertest.RunTwins(t, func(t *testing.T) ledger.Ledger {
		x := &life{options: optionsFor(cluster.URL())}
		x.options.Create, x.options.Lease = true, 400*time.Millisecond
		x.options.Emergency = filepath.Join(t.TempDir(), "answers.emergency")
		if err := x.open(); err != nil {
			t.Fatal(err)
		}
		return x
	}, 2)
}

func (x *life) open() (err error) {
	if x.Ledger, err = Open(context.Background(), x.options); err != nil {
		return err
	}
	x.others = nil
	for _, o := range []Options{{ReadOnly: true}, {Concurrent: true}} {
		o.Address, o.Environment = x.options.Address, "sandbox"
		l, err := Open(context.Background(), o)
		if err != nil {
			return err
		}
		x.others = append(x.others, &life{Ledger: l})
	}
	return nil
}

func (x *life) Close() error { return errors.Join(x.Ledger.Close(), x.closeOthers()) }

func (x *life) closeOthers() (err error) {
	for _, l := range x.others {
		err = errors.Join(err, l.(*life).Ledger.Close())
	}
	return err
}

func (x *life) Others() []ledger.Ledger { return x.others }

// Reopen implements ledgertest.Reopener. A database has no copy to be put back.
func (x *life) Reopen(end ledgertest.Ending) (ledger.Ledger, error) {
	stop := x.Ledger.Close
	if end == ledgertest.Killed {
		stop = x.abandon // without a word, as a kill does
	}
	if err := errors.Join(stop(), x.closeOthers()); err != nil {
		return nil, err
	}
	return x, x.open()
}
