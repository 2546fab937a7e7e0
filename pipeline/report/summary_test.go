package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

func TestSummary(t *testing.T) {
	full := Summary{
		Run: new(int64(7)), Environment: "staging", Input: Inputs(meta().Batches), Rows: new(12),
		Counts: Counts{ledger.Created: 2, ledger.Invalid: 1}, New: Counts{ledger.Created: 2},
		Known: new(0), Changed: new(1), Sent: new(6), AlreadyDone: new(0), Remaining: new(3),
		Problems: []Cause{{ledger.Invalid, "email", "email_form", 1}}, Money: meta().Money,
		StopReason: "low_balance", ExitCode: 4, Ledger: "a&b.db", Reports: []string{"in/staff.report.csv"},
		StartedAt: Moment{at(0)}, FinishedAt: Moment{at(59)},
	}
	var out bytes.Buffer
	for _, s := range []Summary{full, {Rows: new(3), Counts: Counts{}}} {
		if err := s.Encode(&out); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "summary.json", out.Bytes())

	// The order of the keys is the contract's.
	var keys []string
	for _, s := range []any{full, full.Money} {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, topKeys(t, data))
	}
	want := []string{
		"schema run environment input rows counts new known changed sent alreadyDone remaining problems money stopReason exitCode ledger reports startedAt finishedAt",
		"fee currency charged walletBefore walletAfter",
	}
	for i := range want {
		if keys[i] != want[i] {
			t.Errorf("keys are\n%s, want\n%s", keys[i], want[i])
		}
	}
	counts, err := json.Marshal(Counts{})
	if err != nil || len(strings.Fields(topKeys(t, counts))) != 10 {
		t.Errorf("counts are %s, %v", counts, err)
	}
}

// topKeys lists the keys of a JSON object in order.
func topKeys(t *testing.T, data []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	var keys []string
	for depth := 0; ; {
		token, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			if depth--; depth == 0 {
				return strings.Join(keys, " ")
			}
		default:
			if depth != 1 {
				continue
			}
			keys = append(keys, token.(string))
			var value json.RawMessage
			if err := dec.Decode(&value); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestAmount(t *testing.T) {
	for a, want := range map[Amount]string{"": "null", "12.50": "12.50", "-3": "-3", "0": "0", "007": "null", "1e5": "null", "1,5": "null", "NaN": "null", "12.": "null", "123456789012345678901234567890.01": "123456789012345678901234567890.01"} {
		if got, err := json.Marshal(a); string(got) != want || err != nil {
			t.Errorf("%q = %s, %v, want %s", a, got, err, want)
		}
	}
}

func TestMoment(t *testing.T) {
	if got, _ := json.Marshal(Moment{time.Date(2026, 1, 1, 1, 0, 0, 5, time.FixedZone("", 7200))}); string(got) != `"2025-12-31T23:00:00Z"` {
		t.Errorf("got %s", got)
	}
	if got, _ := json.Marshal(Moment{}); string(got) != "null" {
		t.Errorf("got %s", got)
	}
}

func TestJSONText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := reporttext.Clean(rapid.String().Draw(t, "text"))
		var back string
		if err := json.Unmarshal(jsonText(s), &back); err != nil || back != s {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
	})
}
