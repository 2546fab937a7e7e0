package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// paceDays is how far back the pace is measured.
const paceDays = 7

// statusReport is what status shows of one input.
type statusReport struct {
	checks       kyc.Funnel
	info         ledger.Info
	now          time.Time
	batch        ledger.Batch // zero: no input yet
	tally        ledger.Tally
	total        ledger.Tally // of all customers; zero if the batch is all there is
	reportedRows int          // rows to review that an earlier run has reported
	several      bool         // there is more than one input
	run          ledger.Run   // the newest that sends
	lastOfBatch  ledger.Run   // the newest that sends of the batch: its settings continue it
	wallet       balance      // as last heard
	running      bool
	fee          pipeline.Amount
	unit         string       // currency of the wallet; "" = not known
	given        bool         // fee is that of --fee; else measured
	perDay       float64      // rows decided a day; 0 = not known
	gaps         []ledger.Gap // of a ledger that was put back from a copy
	own          bool         // perDay is that of the run that goes on, not of the last days
}

func newStatusReport(ctx context.Context, l *sqlite.Ledger, info ledger.Info, now time.Time, chosen *inputSelection) (*statusReport, error) {
	s := &statusReport{info: info, now: now}
	var err error
	batches, err := session.Inputs(ctx, l)
	if err != nil {
		return nil, err
	}
	if s.gaps, err = l.Gaps(ctx); err != nil {
		return nil, err
	}
	var sel ledger.Selection
	if sel.Run, err = chosen.runID(); err != nil {
		return nil, err
	}
	if len(batches) > 0 {
		of, err := chosen.chooseBatches(ctx, l, batches, &sel)
		if err != nil {
			return nil, err
		}
		s.batch, s.several = of[0], len(batches) > 1
	} else if *chosen != (inputSelection{}) {
		return nil, errNoInput()
	}
	if err := s.readRuns(ctx, l, sel.Run); err != nil || s.batch.ID == 0 {
		return s, err
	}
	if *chosen != (inputSelection{}) && s.lastOfBatch.ID != 0 && s.lastOfBatch.ID != s.run.ID {
		s.run, s.running = s.lastOfBatch, false // another input is being sent
	}
	if err := s.countRows(ctx, l); err != nil {
		return nil, err
	}
	if err := s.measurePace(ctx, l); err != nil {
		return nil, err
	}
	if s.several {
		if s.total, err = l.Tally(ctx, ledger.Selection{All: true}); err != nil {
			return nil, err
		}
	}
	return s, s.findFee(ctx, l)
}

// countRows counts the rows of the batch and how far the identity checks are.
func (s *statusReport) countRows(ctx context.Context, l *sqlite.Ledger) (err error) {
	if s.tally, err = l.Tally(ctx, ledger.Selection{Batch: s.batch.ID}); err != nil {
		return err
	}
	for r, err := range l.Rows(ctx, ledger.Selection{Batch: s.batch.ID, Reviewed: true}) {
		if err != nil {
			return err
		}
		if r.Known && r.Status != ledger.InDoubt && outputs.NeedsReview(&r, true) {
			s.reportedRows++
		}
	}
	before := s.now.Add(-session.UnverifiedAfter)
	has, err := l.HasKYC(ctx, s.batch.ID)
	if err == nil && (has || s.info.Created.Before(before)) {
		s.checks, err = kyc.Count(ctx, l, s.batch.ID, before)
	} else if users := s.tally.Status[ledger.Created] + s.tally.Status[ledger.LinkMissing]; users > 0 { // no news, and no old links
		s.checks = kyc.Funnel{Users: users, Status: map[ledger.KYCStatus]int{ledger.KYCUnknown: users}, NoLink: s.tally.Status[ledger.LinkMissing]}
	}
	return err
}

// measurePace sets the rows decided a day. Nights and other rates before a run that
// goes on say nothing of its end.
func (s *statusReport) measurePace(ctx context.Context, l *sqlite.Ledger) error {
	lately, err := l.DecidedSince(ctx, s.batch.ID, s.now.AddDate(0, 0, -paceDays))
	if err != nil {
		return err
	}
	s.perDay = perDay(lately, s.now, s.running)
	if !s.running {
		return nil
	}
	own, err := l.DecidedSince(ctx, s.batch.ID, s.run.Started)
	if pace := perDay(own, s.now, true); pace > 0 {
		s.perDay, s.own = pace, true
	}
	return err
}

func (s *statusReport) openRows() int {
	st := s.tally.Status
	return st[ledger.Pending] + st[ledger.InsufficientBalance] + st[ledger.InDoubt]
}

// rowsToReview counts the rows that an operator has to look at.
func (s *statusReport) rowsToReview() int {
	n := 0
	for status, rows := range s.tally.Status {
		if status.NeedsPerson() && status != ledger.DuplicateInInput {
			n += rows
		}
	}
	return n + s.tally.Code[outputs.RepeatsCause()] + session.CreatedToReview(s.tally)
}

// formatLines returns the report as one screen of text.
func (s *statusReport) formatLines(con *term.Console) []string {
	var out []string
	last := ""
	say := func(head, format string, args ...any) {
		shown := head
		if head == last {
			shown = "" // several lines of one kind
		}
		last = head
		out = append(out, fmt.Sprintf("%-9s", shown)+fmt.Sprintf(format, args...))
	}
	say("ledger", "%s, environment %s", s.info.Path, s.info.Environment)
	for _, g := range s.gaps {
		state := "the next run reads the partner's list for it"
		if !g.IsOpen() {
			state = "no customer created then is called a duplicate"
		}
		say("gap", "put back from a copy, which lacks %s to %s: %s", term.LocalTime(g.From.Partner()), term.LocalTime(g.To.Partner()), state)
	}
	if s.batch.ID == 0 {
		return append(out, "no input has been registered yet")
	}
	for _, f := range s.batch.Files {
		say("input", "%s, %s, since %s", term.FileLabel(f.Name), term.Count(f.Rows, "row"), term.LocalTime(s.batch.Registered))
	}
	left, rows := s.openRows(), s.tally.Rows
	st := s.tally.Status
	open, done := splitByOpen(st)
	share := 100
	if rows > 0 {
		share = (rows - left) * 100 / rows
	}
	say("done", "%s of %s (%d %%): %s", term.Number(rows-left), term.Number(rows), share, session.CountsText(done))
	if left > 0 {
		say("left", "%s: %s", term.Number(left), session.CountsText(open))
	}
	if n := s.rowsToReview(); n > 0 {
		told := ""
		if s.reportedRows > 0 {
			told = fmt.Sprintf(", %s of them told before", term.Number(s.reportedRows))
		}
		say("problems", "%s for a person%s", term.Count(n, "row"), told)
	}
	for _, line := range session.CauseLines(s.tally, report.Advice) {
		out = append(out, "  "+line)
	}
	s.formatMoney(say, st[ledger.Created]+st[ledger.LinkMissing], left) // a lost link cost as much
	if left > 0 {
		say("end", "%s", s.formatEnd(left))
	}
	say("run", "%s", s.formatLastRun())
	for _, line := range session.FunnelLines(s.checks) {
		say("kyc", "%s", strings.TrimSpace(strings.TrimPrefix(line, "KYC: ")))
	}
	if s.several {
		say("whole", "%s in the ledger: %s", term.Count(s.total.Rows, "customer"), session.CountsText(s.total.Status))
	}
	for _, line := range s.nextLines(con) {
		say("next", "%s", line)
	}
	return out
}

func (s *statusReport) formatMoney(say func(string, string, ...any), created, left int) {
	var parts []string
	if s.fee.Known() {
		known := "as measured"
		if s.given {
			known = "as --fee says"
		}
		parts = append(parts, fmt.Sprintf("about %s for %s created at %s each, %s", s.inUnit(s.fee.Times(created).String()), term.Number(created), s.fee, known))
		if left > 0 {
			parts = append(parts, fmt.Sprintf("the rest at most %s", s.fee.Times(left)))
		}
	}
	if w := s.wallet; !w.at.IsZero() {
		parts = append(parts, fmt.Sprintf("the wallet held %s at %s", s.inUnit(w.amount), term.LocalTime(w.at)))
	}
	if len(parts) > 0 {
		say("cost", "%s", strings.Join(parts, "; "))
	}
}

func (s *statusReport) inUnit(amount string) string { return strings.TrimSpace(amount + " " + s.unit) }

// formatEnd says when it is over at the pace of the run that goes on, or else at that
// of the last days.
func (s *statusReport) formatEnd(left int) string {
	whose := "the last days'"
	if s.own {
		whose = "this run's"
	}
	if s.perDay == 0 {
		return "not known yet: too little was sent in the last days"
	}
	d := time.Duration(float64(left) / s.perDay * float64(24*time.Hour))
	if d < 0 || d > 50*365*24*time.Hour {
		return "not in sight at " + whose + " pace"
	}
	pace := fmt.Sprintf("%s rows a day", term.Number(int(s.perDay)))
	if s.perDay > 100_000 {
		pace = fmt.Sprintf("%s rows an hour", term.Number(int(s.perDay/24)))
	}
	text := fmt.Sprintf("%s at %s pace of %s", term.AboutDuration(d), whose, pace)
	if s.running {
		return text + ": " + s.now.Add(d).Local().Format("2006-01-02 15:04")
	}
	return text + ", once it goes on"
}

func (s *statusReport) formatLastRun() string {
	r := s.run
	switch {
	case r.ID == 0:
		return "none yet"
	case s.running:
		return fmt.Sprintf("%d is sending, since %s, by %s on %s", r.ID, term.LocalTime(r.Started), r.Who, r.Host)
	case r.End == nil:
		return fmt.Sprintf("%d began %s and has no end: killed, or on another machine", r.ID, term.LocalTime(r.Started))
	}
	return fmt.Sprintf("%d ended %s: %s (exit %d); %s sent, %s created", r.ID, term.LocalTime(r.End.At), exit.LastLine(exit.Code(r.End.ExitCode)),
		r.End.ExitCode, term.Number(r.End.Sent), term.Number(r.End.Created))
}

// splitByOpen divides counts into those of the rows that a run has still to do,
// and the others.
func splitByOpen(counts map[ledger.Status]int) (open, done map[ledger.Status]int) {
	open, done = map[ledger.Status]int{}, map[ledger.Status]int{}
	for status, n := range counts {
		switch status {
		case ledger.Pending, ledger.InsufficientBalance, ledger.InDoubt:
			open[status] = n
		default:
			done[status] = n
		}
	}
	return open, done
}
