package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
)

// Every creation stands in its own span, whatever the order and however long
// it all took.
func TestPaceBars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := rapid.SampledFrom([]int64{100, 10_000, 1e6, 1e8, 4e9}).Draw(t, "longest")
		var p pace
		var times []time.Time
		for _, at := range rapid.SliceOfN(rapid.Int64Range(-longest, longest), 0, 50).Draw(t, "times") {
			moment := time.Unix(at, 0)
			times = append(times, moment)
			p.add(moment)
		}
		counts, from, each := p.bars()
		if len(counts) > maxBars {
			t.Fatalf("%d bars", len(counts))
		}
		if counts == nil {
			return
		}
		want := make([]int, len(counts))
		for _, at := range times {
			want[at.Sub(from)/each.length]++
		}
		if fmt.Sprint(counts) != fmt.Sprint(want) {
			t.Fatalf("from %v each %v: %v, want %v", from, each.name, counts, want)
		}
	})
}

func TestOutlook(t *testing.T) {
	begin := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	p := pace{since: begin}
	for i := range 50 { // of earlier runs
		p.add(begin.Add(-time.Duration(i+1) * time.Hour))
	}
	for i := range 101 {
		p.add(begin.Add(time.Duration(i) * 10 * time.Second))
	}
	for _, tt := range []struct {
		left  int
		ended time.Time
		want  string
	}{
		{0, time.Time{}, "[[Pace 360 created an hour]]"},
		{720, time.Time{}, "[[Pace 360 created an hour] [Rows left 720, about 2 hours at that pace: done by 1 March 2026, 10:16 UTC if it continues at once]]"},
		{1, begin.Add(24 * time.Hour), "[[Pace 360 created an hour] [Rows left 1, about 10 seconds at that pace: done by 2 March 2026, 08:00 UTC if it continues at once]]"},
	} {
		if got := fmt.Sprint(p.outlook(tt.left, tt.ended)); got != tt.want {
			t.Errorf("%d left: %s", tt.left, got)
		}
	}
	quick := pace{}
	for range 100 {
		quick.add(begin)
	}
	if got := quick.outlook(5, begin); got != nil {
		t.Errorf("a pace out of one second: %v", got)
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "less than a second", time.Second: "1 second", 59 * time.Second: "59 seconds", 60 * time.Second: "1 minute", 90 * time.Second: "1 minute 30 seconds",
		time.Hour - time.Millisecond: "1 hour", 2*time.Hour + 29*time.Second: "2 hours", 49*time.Hour + 2*time.Minute: "2 days 1 hour", 2000 * 24 * time.Hour: "2,000 days",
	} {
		if got := formatDuration(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

// The page draws creations over time only when there is something to see.
func TestPageDrawsThePace(t *testing.T) {
	var rows []ledger.Reported
	for i := range 40 {
		r := sample()[0]
		r.Customer.Decided = at(i * 30)
		rows = append(rows, r)
	}
	text := string(write(t, HTML, meta(), seq(nil, rows...)))
	for _, want := range []string{"Created per minute", "at most 2 per minute", "<title>1 Mar 2026, 09:00: 2</title>", "1 Mar 2026, 09:19 UTC"} {
		if !strings.Contains(text, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if strings.Contains(string(write(t, HTML, meta(), seq(nil, rows[:2]...))), "Created per") {
		t.Error("two rows of one minute are drawn")
	}
}

// A rehearsal cannot be mistaken for production in a report for people.
func TestEnvironmentIsShown(t *testing.T) {
	for environment, want := range map[string]string{"sandbox": "rehearsal", "staging": "test system", "production": "Production", "api.example.com": "api.example.com"} {
		m := meta()
		m.Environment = environment
		if page := string(write(t, HTML, m, seq(nil, sample()...))); !strings.Contains(page, environmentNote(environment)) || !strings.Contains(environmentNote(environment), want) {
			t.Errorf("page of %s does not say so", environment)
		}
		f, err := excelize.OpenReader(bytes.NewReader(write(t, XLSX, m, seq(nil, sample()...))))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.GetCellValue("Summary", "A3"); got != environmentNote(environment) || err != nil {
			t.Errorf("workbook of %s says %q, %v", environment, got, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Finance adds up and sorts: counts, shares and amounts are numbers.
func TestSummaryHasNumbers(t *testing.T) {
	m := meta()
	m.Money.WalletBefore = "1234567.5"
	f, err := excelize.OpenReader(bytes.NewReader(write(t, XLSX, m, seq(nil, sample()...))))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	shown := map[string]string{}
	for i, row := range booktest.SheetRows(t, f, "Summary") {
		for col, axis := range []string{"B", "C"} {
			if len(row) <= col+1 {
				continue
			}
			cell := fmt.Sprint(axis, i+1)
			shown[row[0]+" "+axis] = row[col+1]
			kind, err := f.GetCellType("Summary", cell)
			if err != nil {
				t.Fatal(err)
			}
			if number := kind == excelize.CellTypeUnset; row[0] == "created" && !number || row[0] == "Wallet before" && col == 0 && !number {
				t.Errorf("%s, %s is %v and no number", row[0], cell, kind)
			}
		}
	}
	for what, want := range map[string]string{"created B": "2", "created C": "18.2%", "Wallet before B": "1,234,567.50 USD", "Fee for each customer B": "1.50 USD"} {
		if shown[what] != want {
			t.Errorf("%s shows %q, want %q", what, shown[what], want)
		}
	}
}
