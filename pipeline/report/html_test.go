package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

func TestPageNamesNobody(t *testing.T) {
	text := string(write(t, HTML, meta(), seq(nil, sample()...)))
	for _, r := range sample() {
		for _, private := range []string{r.Email, r.FirstName, r.LastName, r.SenderID, r.Customer.ServiceID, r.Customer.URL, r.Customer.Key} {
			if private != "" && strings.Contains(text, private) {
				t.Errorf("page has %q", private)
			}
		}
	}
}

func TestPageIsInert(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=y>';}`
	m := meta()
	m.Environment, m.Version, m.StopReason, m.Money.Currency = evil, evil, evil, evil
	m.Batches[0].Files[0] = ledger.File{Name: "x" + evil, Sheet: evil}
	r := sample()[6]
	r.Customer.Code, r.Customer.Field = evil, evil
	text := string(write(t, HTML, m, seq(nil, r)))
	for _, tag := range []string{"<script", "<img", "href=", "url(", "@import", "http:", "https:"} {
		if strings.Contains(text, tag) {
			t.Errorf("page has %s", tag)
		}
	}
	if !strings.Contains(text, "&lt;script&gt;") || !strings.Contains(text, `default-src 'none'`) {
		t.Error("the test shows nothing, or the policy is gone")
	}
	// The policy stands before all that it is to govern.
	if strings.Index(text, "Content-Security-Policy") > strings.Index(text, "<style") {
		t.Error("policy comes after the style")
	}
}

// A style for every status that there is, in both colour schemes.
func TestPageColours(t *testing.T) {
	for _, s := range ledger.Statuses() {
		if n := len(regexp.MustCompile(`--`+string(s)+`: #`).FindAllString(page, -1)); n != 2 {
			t.Errorf("%s has %d colours", s, n)
		}
	}
}

func TestBarWidths(t *testing.T) {
	counted := newTally(Meta{})
	counted.rows = 1_000_001
	counted.counts = Counts{ledger.Created: 1_000_000, ledger.InDoubt: 1}
	sum := 0.0
	for i, w := range barWidths(counted) {
		if (counted.counts[ledger.Statuses()[i]] > 0) != (w >= 5) {
			t.Errorf("%s has width %v", ledger.Statuses()[i], w)
		}
		sum += w
	}
	if sum > barWidth || sum < barWidth-1 {
		t.Errorf("widths add up to %v", sum)
	}
}

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		n, all int
		want   string
	}{
		{0, 0, "0\u00a0%"}, {0, 9, "0\u00a0%"}, {9, 9, "100.0\u00a0%"}, {1, 3, "33.3\u00a0%"}, {1, 1_000_000, "<\u00a00.1\u00a0%"}, {999_999, 1_000_000, ">\u00a099.9\u00a0%"},
	} {
		if got := share(tt.n, tt.all); got != tt.want {
			t.Errorf("share(%d, %d) = %s", tt.n, tt.all, got)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := reporttext.FormatCount(n); got != want {
			t.Errorf("reporttext.FormatCount(%d) = %s", n, got)
		}
	}
}

func TestAdvice(t *testing.T) {
	for _, s := range ledger.Statuses() {
		byStatus := Advice(s, "")
		if strings.HasPrefix(byStatus, "See the message") {
			t.Errorf("no advice for %s", s)
		}
		if got := Advice(s, "NO_SUCH_CODE"); got != byStatus {
			t.Errorf("unknown code: %s", got)
		}
		if messages.English().Statuses[string(s)].Meaning == "" {
			t.Errorf("no meaning for %s", s)
		}
	}
	if got := Advice(ledger.Invalid, "phone_plus_lost"); !strings.Contains(got, "--phone-plus") {
		t.Errorf("phone_plus_lost: %s", got)
	}
}
