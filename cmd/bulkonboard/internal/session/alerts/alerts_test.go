package alerts

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// TestEachWaitIsToldOnce plays the progress of a run, in seconds.
func TestEachWaitIsToldOnce(t *testing.T) {
	const minute = 60
	down := pipeline.Progress{Shut: true, Pause: "partner cannot be reached, trying again"}
	empty := pipeline.Progress{Shut: true, NoFunds: true, Pause: "the wallet is empty, asking it again"}
	decided := func(n int, p pipeline.Progress) pipeline.Progress { p.Decided = n; return p }
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	asked := pipeline.Progress{Shut: true, Pause: "partner asked to wait 5 min, going on", Until: start.Add(5 * minute * time.Second)}
	settle := pipeline.Progress{Pause: "1 row in doubt, looking it up", Until: start.Add(time.Hour)}
	type step struct {
		at  int
		now pipeline.Progress
	}
	for _, c := range []struct {
		name  string
		steps []step
		told  []int // at which second
	}{
		{"a short outage", []step{{0, down}, {minute, down}, {119, decided(1, pipeline.Progress{})}}, nil},
		{"a long one, and a second", []step{{0, down}, {minute, down}, {121, down}, {300, down}, {400, decided(1, pipeline.Progress{})}, {500, decided(1, down)}, {700, decided(1, down)}}, []int{121, 700}},
		{"short ones in a row", []step{{0, down}, {100, pipeline.Progress{}}, {110, down}, {209, down}, {210, pipeline.Progress{}}}, nil},
		{"an empty wallet at once, and not for each row that tries", []step{{0, pipeline.Progress{NoFunds: true}}, {1, empty}, {15, empty}, {16, pipeline.Progress{}}, {17, empty}, {900, empty}}, []int{1}},
		{"an empty wallet twice", []step{{1, empty}, {16, decided(7, pipeline.Progress{})}, {17, decided(7, empty)}}, []int{1, 17}},
		{"the partner says that it will be long", []step{{0, asked}, {1, asked}}, []int{0}},
		{"rows in doubt wait by design", []step{{0, settle}, {1000, settle}}, nil},
	} {
		var w waitWatch
		var told []int
		for _, s := range c.steps {
			if _, isLong := w.observe(s.now, start.Add(time.Duration(s.at)*time.Second)); isLong {
				told = append(told, s.at)
			}
		}
		if !slices.Equal(told, c.told) {
			t.Errorf("%s: told at %v, want %v", c.name, told, c.told)
		}
	}
}

func TestWhichEndsAreWanted(t *testing.T) {
	for when, want := range map[string][]exit.Code{
		settings.NotifyFailed:    {exit.Failure, exit.Usage, exit.Wallet, exit.Partner, exit.Refused, exit.Ledger, exit.Guard, exit.Interrupted, exit.Terminated},
		settings.NotifyAttention: {exit.Findings},
		settings.NotifyAlways:    {exit.OK, exit.Limit, exit.Findings, exit.Failure, exit.Interrupted},
	} {
		a := &Alerts{when: []string{when}}
		for _, code := range []exit.Code{exit.OK, exit.Failure, exit.Usage, exit.Findings, exit.Wallet, exit.Partner, exit.Refused, exit.Limit, exit.Ledger, exit.Guard, exit.Interrupted, exit.Terminated} {
			if got := a.isWanted(code); got != slices.Contains(want, code) && when != settings.NotifyAlways || when == settings.NotifyAlways && !got {
				t.Errorf("%s: exit %d is told: %t", when, code, got)
			}
		}
	}
	service := &Alerts{when: []string{settings.NotifyFailed}, EndsBySignal: true}
	if service.isWanted(exit.Terminated) || !service.isWanted(exit.Ledger) {
		t.Error("a service that is stopped has not failed")
	}
}

func TestEndText(t *testing.T) {
	a := &Alerts{command: "run"}
	left := 30
	s := report.Summary{Environment: "production", Input: []report.InputFile{{File: "lists/staff\x1b[2J.csv"}}, New: report.Counts{ledger.Created: 1010},
		Remaining: &left, Money: report.Money{WalletAfter: "0.20", Currency: "USD"}}
	got := a.endText(s, exit.Wallet)
	for _, part := range []string{"bulkonboard run, production", "top up the wallet first (exit 4)\n1,010 created, 30 left, wallet 0.20 USD", "staff"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in %q", part, got)
		}
	}
	if strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}

// TestNoSecretsForTheCommand: the command of --on-end runs without our key.
func TestNoSecretsForTheCommand(t *testing.T) {
	got := commandEnv(map[string]string{"PATH": "/bin", "BULKONBOARD_API_KEY": "sk", "BULKONBOARD_PROXY": "http://u:p@h", "BULKONBOARD_LEDGER": "l.db"})
	if !slices.Equal(got, []string{"BULKONBOARD_LEDGER=l.db", "PATH=/bin"}) {
		t.Error(got)
	}
}

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	con := term.NewConsole(nil, nil, strings.NewReader(""), new(strings.Builder), new(strings.Builder))
	if a, err := Open(con, "run", "1", &settings.NotifyFlags{}, "", report.Summary{}); a != nil || err != nil {
		t.Errorf("nobody is notified: %v, %v", a, err)
	}
	for _, f := range []settings.NotifyFlags{
		{When: settings.Choices{List: []string{"always"}}},
		{URLFile: "nowhere"},
	} {
		if _, err := Open(con, "run", "1", &f, "", report.Summary{}); exit.CodeOf(err) != exit.Usage {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
