// Package alerts notifies operators of the end of a command, and of the beginning of
// a long wait in it: --on-end, --notify-url-file and --notify-when. Start at [Open].
//
// What is sent is the JSON summary with a text for people. It holds figures, names of
// files and codes, and nothing of a customer: no e-mail, no name, no link, no key. An
// alert never changes what a command does or how it ends.
package alerts

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/notify"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// signalGrace is how long an alert may take after a signal.
const signalGrace = 5 * time.Second

// Alerts notifies operators. A nil one does nothing. It is safe for concurrent use.
type Alerts struct {
	con      *term.Console
	notifier *notify.Notifier
	when     []string
	command  string
	waits    chan wait

	// EndsBySignal says that a signal is how the command ends when nothing is wrong.
	EndsBySignal bool

	mu      sync.Mutex
	summary report.Summary
}

// Open returns the alerts of a command; nil if nobody is notified. The summary is what is
// known when the command begins. An error is a mistake in the flags.
func Open(con *term.Console, command, version string, f *settings.NotifyFlags, proxy string, s report.Summary) (*Alerts, error) {
	url, err := f.ReadURL(con)
	if err != nil || !f.IsSet() {
		return nil, err
	}
	n, err := notify.New(notify.Config{Command: f.OnEnd, Env: commandEnv(con.Env), URL: url, Proxy: proxy, UserAgent: "bulkonboard/" + version})
	if err != nil {
		return nil, exit.UsageErrorf("--%s: %w", settings.NotifyURLFlag, err)
	}
	return &Alerts{con: con, notifier: n, when: f.Events(), command: command, waits: make(chan wait, 1), summary: s}, nil
}

// commandEnv returns the environment of the command of --on-end: ours without the API
// key and the proxy, which can have a password.
func commandEnv(env map[string]string) []string {
	var list []string
	for name, value := range env {
		if name != settings.KeyVariable && name != settings.VariableOf("proxy") {
			list = append(list, name+"="+value)
		}
	}
	slices.Sort(list)
	return list
}

// SetSummary replaces what is known of the command.
func (a *Alerts) SetSummary(s report.Summary) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.summary = s
}

func (a *Alerts) currentSummary() report.Summary {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.summary
}

// ReportEnd notifies operators that the command has ended, if they are to know. After
// a signal it takes a few seconds at most.
func (a *Alerts) ReportEnd(ctx context.Context, code exit.Code) {
	if a == nil || !a.isWanted(code) {
		return
	}
	var cancel context.CancelFunc = func() {}
	if ctx.Err() != nil {
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), signalGrace)
	}
	defer cancel()
	s, number := a.currentSummary(), int(code)
	s.ExitCode = number
	a.send(ctx, message{Event: eventEnded, Text: a.endText(s, code), Summary: s.Complete(), ExitCode: &number})
}

// isWanted reports whether operators want to know of an end.
func (a *Alerts) isWanted(code exit.Code) bool {
	event := settings.NotifyFailed
	switch code {
	case exit.OK, exit.Limit:
		event = settings.NotifyAlways
	case exit.Findings:
		event = settings.NotifyAttention
	case exit.Interrupted, exit.Terminated:
		if a.EndsBySignal {
			event = settings.NotifyAlways
		}
	}
	return slices.Contains(a.when, event) || slices.Contains(a.when, settings.NotifyAlways)
}

// The events of an alert.
const (
	eventEnded   = "ended"
	eventWaiting = "waiting"
)

// message is what is sent: the JSON summary and what is only in an alert. Its exit code
// is null while the command runs.
type message struct {
	Event   string `json:"event"`
	Text    string `json:"text"`
	Command string `json:"command"`
	Host    string `json:"host"`
	report.Summary
	ExitCode *int `json:"exitCode"`
}

// send delivers a message, and says so where that fails.
func (a *Alerts) send(ctx context.Context, m message) {
	m.Command, m.Host = a.command, hostName()
	if err := a.notifier.Send(ctx, m); err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			a.con.Sayf("warning: notification failed: %s", line)
		}
	}
}

// hostName returns the name of this machine, "" if it has none.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// endText says in one or two lines how a command ended.
func (a *Alerts) endText(s report.Summary, code exit.Code) string {
	return fmt.Sprintf("%s: %s (exit %d)%s", a.title(s), exit.LastLine(code), code, figuresText(s))
}

// title says which command an alert is about: what runs where, on which list.
func (a *Alerts) title(s report.Summary) string {
	title := "bulkonboard " + a.command
	if s.Environment != "" {
		title += ", " + string(s.Environment)
	}
	if host := hostName(); host != "" {
		title += " on " + host
	}
	for _, f := range s.Input {
		title += ", " + term.FileLabel(f.File)
	}
	return term.Printable(title)
}

// figuresText returns the figures of a summary that are known, as a second line.
func figuresText(s report.Summary) string {
	var parts []string
	for _, status := range shownStatuses() {
		if n := s.New[status]; n > 0 {
			parts = append(parts, term.Number(n)+" "+string(status))
		}
	}
	if s.Remaining != nil && *s.Remaining > 0 {
		parts = append(parts, term.Number(*s.Remaining)+" left")
	}
	if w := s.Money.WalletAfter; w != "" {
		parts = append(parts, "wallet "+term.Money(string(w), string(s.Money.Currency)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "\n" + strings.Join(parts, ", ")
}
