package sqlite

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// benchRow is a valid row of a customer. Every e-mail, name and number is its own.
func benchRow(ordinal int, prefix string) ledger.Row {
	name := fmt.Sprintf("%s%08d", prefix, ordinal)
	return ledger.Row{Ordinal: ordinal, Number: ordinal + 2, Line: ordinal + 2, Identity: name + "@example.com", Email: name + "@example.com", FirstName: "Jane", LastName: name,
		SenderID: name, NameText: "jane|" + name + "|+14155550123", Carry: []string{name}, Claims: true, Recall: name + "@example.com", Repeats: -1,
		Details: []ledger.Detail{{Name: "firstName", Value: "Jane"}, {Name: "lastName", Value: name}, {Name: "phoneNumber", Value: "+14155550123"}, {Name: "accountPurpose", Value: "payroll"},
			{Name: "ipAddress", Value: "192.0.2.1"}, {Name: "program", Value: "custodial"}, {Name: "walletAddress"}, {Name: "redirectUrl"}, {Name: "address"}, {Name: "city"}, {Name: "region"}, {Name: "postalCode"}, {Name: "countryCode", Value: "US"}}}
}

func registerRows(t testing.TB, l *Ledger, fingerprint string, n int, row func(int) ledger.Row) ledger.Batch {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: fingerprint})
	if err != nil {
		t.Fatal(err)
	}
	rows, keys := make([]ledger.Row, 0, 256), make([]ledger.LookupKey, 0, 256)
	for at := range n {
		r := row(at)
		rows = append(rows, r)
		keys = append(keys, ledger.LookupKey{Identity: r.Identity, SenderID: r.SenderID, NameText: r.NameText, Details: r.Details})
		if len(rows) < cap(rows) && at < n-1 {
			continue
		}
		if _, err = reg.Lookup(t.Context(), keys); err == nil {
			err = reg.Add(t.Context(), rows)
		}
		if err != nil {
			t.Fatal(err)
		}
		rows, keys = rows[:0], keys[:0]
	}
	b, err := reg.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sendRows writes an intent and an answer for rows of a batch, in groups of 64, and
// returns the CPU time of these two.
func sendRows(t testing.TB, l *Ledger, batch, run int64, from, n int) (used time.Duration) {
	t.Helper()
	measure := func(do func()) {
		before := cpuTime(t)
		do()
		used += cpuTime(t) - before
	}
	for at := from; at < from+n; at += 64 {
		planned, err := l.Plan(t.Context(), batch, at, min(64, from+n-at))
		if err != nil {
			t.Fatal(err)
		}
		intents := make([]ledger.Intent, len(planned))
		for i, p := range planned {
			c := p.Customer
			intents[i] = ledger.Intent{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Generation: c.Generation, Key: ledger.Key("sandbox", c.Identity, 0),
				Details: p.Details, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: ledger.Instant{At: time.Now(), Certain: true}}
		}
		var ids []int64
		measure(func() { ids, err = l.Intend(t.Context(), run, intents) })
		if err != nil {
			t.Fatal(err)
		}
		changes := make([]ledger.Change, len(intents))
		for i, in := range intents {
			token := fmt.Sprintf("%x", sha256.Sum256([]byte(in.Email)))
			changes[i] = ledger.Change{Expect: ledger.Expect{Customer: in.Customer, Status: ledger.InDoubt, Intents: in.Intents + 1}, Status: ledger.Created,
				ServiceID: "acme-rain-user-" + token[:15], URL: "https://verify.test/verify?inquiry-id=inq_" + token[:24], At: time.Now(),
				Close: []ledger.Closing{{Attempt: ids[i], Class: ledger.OK, HTTPStatus: 201, NotAfter: ledger.Instant{At: time.Now(), Certain: true}}}}
		}
		var left []ledger.Change
		measure(func() { left, err = l.Record(t.Context(), run, changes) })
		if err != nil || len(left) > 0 {
			t.Fatal(err, left)
		}
	}
	return used
}

// BenchmarkLedger reports what the ledger costs at a size: µs of CPU a row of a
// registration, of sending, of the same list again and of a report, and bytes of
// file a row. BULKONBOARD_BENCH_ROWS sets the size.
func BenchmarkLedger(b *testing.B) {
	n := 100_000
	if text := os.Getenv("BULKONBOARD_BENCH_ROWS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		l := openNew(b)
		var batch ledger.Batch
		measure := func(name string, rows int, do func()) {
			cpu, wall := cpuTime(b), time.Now()
			do()
			used, took := cpuTime(b)-cpu, time.Since(wall)
			b.ReportMetric(float64(used.Microseconds())/float64(rows), name+"-µs/row")
			b.Logf("%-12s %6.1f µs of CPU a row, %8.0f rows/s", name, float64(used.Microseconds())/float64(rows), float64(rows)/took.Seconds())
		}
		measure("register", n, func() {
			batch = registerRows(b, l, "one", n, func(i int) ledger.Row { return benchRow(i, "a") })
		})
		run, err := l.Begin(b.Context(), ledger.Run{Command: "run", Batch: batch.ID, Started: time.Now()})
		if err != nil {
			b.Fatal(err)
		}
		sendRows(b, l, batch.ID, run, 0, n-n/10)
		began, sent := time.Now(), sendRows(b, l, batch.ID, run, n-n/10, n/10)
		b.ReportMetric(float64(sent.Microseconds())/float64(n/10), "send-µs/row")
		b.Logf("%-12s %6.1f µs of CPU a row, %8.0f rows/s", "send", float64(sent.Microseconds())/float64(n/10), float64(n/10)/time.Since(began).Seconds())
		measure("report", n, func() {
			for _, err := range l.Rows(b.Context(), ledger.Selection{}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		measure("tally", n, func() {
			if _, err := l.Tally(b.Context(), ledger.Selection{}); err != nil {
				b.Fatal(err)
			}
		})
		measure("plan", n, func() {
			for at := 0; at < n; at += 1024 {
				if _, err := l.Plan(b.Context(), batch.ID, at, 1024); err != nil {
					b.Fatal(err)
				}
			}
		})
		measure("finish", n, func() {
			if err := l.Finish(b.Context(), run, ledger.RunEnd{}); err != nil {
				b.Fatal(err)
			}
		})
		if err := l.w.ExecScript(b.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(l.path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/float64(n), "bytes/row")
		b.Logf("%-12s %6.1f bytes a row", "file", float64(info.Size())/float64(n))
		if to := os.Getenv("BULKONBOARD_BENCH_COPY"); to != "" {
			_ = os.Remove(to)
			b.Log(l.Backup(b.Context(), to))
		}
		measure("again", n, func() { // one row in a thousand is new
			registerRows(b, l, "two", n, func(i int) ledger.Row {
				if i%1000 == 0 {
					return benchRow(i, "b")
				}
				return benchRow(i, "a")
			})
		})
	}
}
