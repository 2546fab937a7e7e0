package sqlite

import (
	"fmt"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// crowd is n valid rows of people whose e-mails share a prefix.
func crowd(n int, prefix string) []ledger.Row {
	rows := make([]ledger.Row, n)
	for i := range rows {
		name := fmt.Sprintf("%s%08d", prefix, i)
		rows[i] = ledger.Row{Ordinal: i, Number: i + 2, Line: i + 2, Identity: name + "@example.com", Email: name + "@example.com", FirstName: "Jane", LastName: name,
			SenderID: name, NameText: "jane|" + name + "|+14155550123", Carry: []string{name}, Claims: true, Recall: name + "@example.com", Repeats: -1,
			Fields: []string{"Jane", name, "+14155550123", "payroll", "192.0.2.1", "custodial", "", "", "", "", "", "", "US"}}
	}
	return rows
}

func registerAll(t testing.TB, l *Ledger, fingerprint string, rows []ledger.Row) ledger.Batch {
	t.Helper()
	reg, err := l.Register(t.Context(), ledger.Batch{Fingerprint: fingerprint})
	if err != nil {
		t.Fatal(err)
	}
	s := make([]ledger.LookupKey, 256)
	for len(rows) > 0 {
		n := min(256, len(rows))
		for i, r := range rows[:n] {
			s[i] = ledger.LookupKey{Identity: r.Identity, SenderID: r.SenderID, NameText: r.NameText, Fields: r.Fields}
		}
		if _, err := reg.Lookup(t.Context(), s[:n]); err != nil {
			t.Fatal(err)
		}
		if err := reg.Add(t.Context(), rows[:n]); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	b, err := reg.Commit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func intents(p []ledger.Planned) []ledger.Intent {
	all := make([]ledger.Intent, len(p))
	for i, p := range p {
		c := p.Customer
		all[i] = ledger.Intent{Expect: ledger.Expect{Customer: c.ID, Status: c.Status, Intents: c.Intents}, Generation: c.Generation, Key: fmt.Sprintf("key-%d", c.ID),
			Details: p.Details, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName, At: ledger.Instant{At: time.Now(), Certain: true}}
	}
	return all
}

func outcomes(in []ledger.Intent, ids []int64) []ledger.Change {
	all := make([]ledger.Change, len(in))
	for i := range in {
		all[i] = ledger.Change{Expect: ledger.Expect{Customer: in[i].Customer, Status: ledger.InDoubt, Intents: in[i].Intents + 1}, Status: ledger.Created,
			ServiceID: fmt.Sprintf("acme-rain-user-%012d", in[i].Customer), URL: fmt.Sprintf("https://verify.test/verify?inquiry-id=inq_%020d", in[i].Customer), At: time.Now(),
			Close: []ledger.Closing{{Attempt: ids[i], Class: ledger.OK, HTTPStatus: 201, NotAfter: ledger.Instant{At: time.Now(), Certain: true}}}}
	}
	return all
}

// BenchmarkRegister reports rows/s of Lookup and Add with Commit: of new people
// in a new ledger, of new ones beside as many, and of the same ones again.
func BenchmarkRegister(b *testing.B) {
	const n = 500_000
	rows := crowd(n, "a")
	more := crowd(n, "b")
	for _, c := range []struct {
		name string
		rows []ledger.Row
		then []ledger.Row
	}{{"new", rows, nil}, {"beside", rows, more}, {"again", rows, rows}} {
		b.Run(c.name, func(b *testing.B) {
			var took time.Duration
			for b.Loop() {
				b.StopTimer()
				l := openNew(b)
				b.StartTimer()
				begin := time.Now()
				registerAll(b, l, "one", c.rows)
				if c.then != nil {
					begin = time.Now()
					registerAll(b, l, "two", c.then)
				}
				took += time.Since(begin)
			}
			b.ReportMetric(float64(b.N)*n/took.Seconds(), "rows/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkSend reports pairs of Intend and Record a second, in groups of 64,
// each on the disk before the next.
func BenchmarkSend(b *testing.B) {
	l := openNew(b)
	batch := registerAll(b, l, "one", crowd(200_000, "a"))
	at := 0
	for b.Loop() {
		p, err := l.Plan(b.Context(), batch.ID, at, 64)
		if err != nil || len(p) < 64 {
			b.Fatal(len(p), err)
		}
		at += 64
		in := intents(p)
		ids, err := l.Intend(b.Context(), 1, in)
		if err != nil {
			b.Fatal(err)
		}
		if err := recordAll(b.Context(), l, outcomes(in, ids)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*64/b.Elapsed().Seconds(), "pairs/s")
}

// BenchmarkRows reports report lines a second, half of them of people created.
func BenchmarkRows(b *testing.B) {
	const n = 50_000
	l := openNew(b)
	batch := registerAll(b, l, "one", crowd(n, "a"))
	for at := 0; at < n/2; at += 500 {
		p, err := l.Plan(b.Context(), batch.ID, at, 500)
		if err != nil {
			b.Fatal(err)
		}
		in := intents(p)
		ids, err := l.Intend(b.Context(), 1, in)
		if err == nil {
			err = recordAll(b.Context(), l, outcomes(in, ids))
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		rows := 0
		for _, err := range l.Rows(b.Context(), ledger.Selection{}) {
			if err != nil {
				b.Fatal(err)
			}
			rows++
		}
		if rows != n {
			b.Fatal(rows)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
}
