package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/outputs"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/funnel"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// paceDays is how far back the pace is measured.
const paceDays = 7

// statusReport is what status shows of one input.
type statusReport struct {
	checks       *funnel.Funnel
	life         session.LinkLife
	lists        []listChecks // of the newest inputs, if there are several; filled by countLists
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
	unit         string        // currency of the wallet; "" = not known
	given        bool          // fee is that of --fee; else measured
	perDay       float64       // rows decided a day; 0 = not known
	gaps         []ledger.Gap  // of a ledger that was put back from a copy
	plans        []ledger.Plan // that wait for a second person
	senderStatus
	own bool // perDay is that of the run that goes on, not of the last days
}

func newStatusReport(ctx context.Context, l session.Ledger, info ledger.Info, now time.Time, chosen *inputSelection, life session.LinkLife) (*statusReport, error) {
	s := &statusReport{info: info, now: now, life: life, checks: funnel.New(now, life.Duration)}
	var err error
	batches, err := session.Inputs(ctx, l)
	if err != nil {
		return nil, err
	}
	if s.gaps, err = l.Gaps(ctx); err != nil {
		return nil, err
	}
	saved, err := l.Plans(ctx)
	if err != nil {
		return nil, err
	}
	s.plans = plans.Waiting(saved, now)
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
	if err := s.readSenders(ctx, l); err != nil {
		return nil, err
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
func (s *statusReport) countRows(ctx context.Context, l session.Ledger) (err error) {
	if s.tally, err = l.Tally(ctx, ledger.Selection{Batch: s.batch.ID}); err != nil {
		return err
	}
	for r, err := range l.Rows(ctx, ledger.Selection{Batch: s.batch.ID, Reviewed: true}) {
		if err != nil {
			return err
		}
		if r.WasReported && r.Status != ledger.InDoubt && outputs.NeedsReview(&r, true) {
			s.reportedRows++
		}
	}
	has, err := l.HasKYC(ctx, s.batch.ID)
	if err != nil {
		return err
	}
	if !has && s.now.Sub(s.info.Created) < s.life.Duration { // no news, and no link can be dead: there may be millions
		s.checks = funnel.Unheard(s.now, s.life.Duration, s.tally.Status[ledger.Created], s.tally.Status[ledger.LinkMissing])
		return nil
	}
	s.checks, err = kyc.Count(ctx, l, s.batch.ID, s.now, s.life.Duration)
	return err
}

// listChecks is how far the users of one input are.
type listChecks struct {
	name  string // of its first file
	users *funnel.Funnel
}

// How many inputs are counted apart: in JSON, and for a terminal.
const (
	maxListsCounted = 20
	maxListsShown   = 3
)

// countLists counts how far the users of the newest inputs are.
func (s *statusReport) countLists(ctx context.Context, l session.Ledger, most int) error {
	if !s.several || !s.checks.HasNews() {
		return nil
	}
	batches, err := session.Inputs(ctx, l)
	if err != nil {
		return err
	}
	for _, b := range batches[:min(len(batches), most)] {
		users, err := kyc.Count(ctx, l, b.ID, s.now, s.life.Duration)
		if err != nil {
			return err
		}
		s.lists = append(s.lists, listChecks{session.FileNames(b)[0], users})
	}
	return nil
}

// measurePace sets the rows decided a day. Nights and other rates before a run that
// goes on say nothing of its end.
func (s *statusReport) measurePace(ctx context.Context, l session.Ledger) error {
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
		if status.NeedsReview() && status != ledger.DuplicateInInput {
			n += rows
		}
	}
	return n + s.tally.Code[outputs.RepeatsCause()] + session.CreatedToReview(s.tally)
}

// statusLines is how many lines of the report a terminal shows before what to do next.
const statusLines = 24

// page returns the report for operators.
func (s *statusReport) page(con *term.Console) *term.Page {
	p := &term.Page{MaxLines: statusLines}
	p.Part("Ledger").Text(fmt.Sprintf("%s, environment %s", s.info.Path, s.info.Environment))
	for _, g := range s.gaps {
		state := "The next run reads the partner's list for it."
		if !g.IsOpen() {
			state = "No customer created then is called a duplicate."
		}
		p.Part("Gap").Styled(term.Attention, fmt.Sprintf("Restored from a copy, which lacks %s to %s. %s", term.LocalTime(g.From.Partner()), term.LocalTime(g.To.Partner()), state))
	}
	for _, plan := range s.plans {
		p.Part("Plan").Styled(term.Attention, fmt.Sprintf("%s waits for a second person until %s: %s, made by %s", plan.ID, term.LocalTime(plan.Expires), term.Count(plan.Rows, "row"), plans.MakerText(plan)))
	}
	if s.batch.ID == 0 {
		p.Part("List").Text("none registered yet")
		if len(s.plans) > 0 {
			next := p.Next()
			for _, step := range s.nextSteps(con) {
				step.add(next)
			}
		}
		return p
	}
	files := p.Part("List").CutWith(func(hidden int) string { return "and " + term.Count(hidden, "more file") })
	for _, f := range s.batch.Files {
		files.Text(fmt.Sprintf("%s, %s, first read %s", term.FileLabel(f.Name), term.Count(f.Rows, "row"), term.LocalTime(s.batch.Registered)))
	}
	left := s.openRows()
	s.addProgress(p, left)
	session.AddCauses(p, s.tally, report.Advice)
	s.addMoney(p, left)
	p.Part("Last run").Text(s.formatLastRun())
	s.addTo(p, s.now)
	checks := session.FunnelLines(s.checks, s.life)
	for i, line := range checks {
		if i == 0 {
			files = p.Part("KYC").CutWith(func(hidden int) string { return "and " + term.Count(hidden, "more note") })
		}
		files.Text(strings.TrimSpace(strings.TrimPrefix(line, "KYC: ")))
	}
	session.AddDays(p.Section("By day").CutWith(func(hidden int) string { return "and " + term.Count(hidden, "more day") }), s.checks)
	lists := p.Part("By list").CutWith(func(hidden int) string { return "and " + term.Count(hidden, "more list") })
	for _, list := range s.lists {
		session.AddList(lists, list.name, list.users)
	}
	if s.several {
		p.Part("In all").Text(fmt.Sprintf("%s in the ledger: %s", term.Count(s.total.Rows, "customer"), session.CountsText(s.total.Status)))
	}
	next := p.Next()
	for _, step := range s.nextSteps(con) {
		step.add(next)
	}
	return p
}

// addProgress adds how far the list is. The figures add up to its rows.
func (s *statusReport) addProgress(p *term.Page, left int) {
	share := 100
	if s.tally.Rows > 0 {
		share = (s.tally.Rows - left) * 100 / s.tally.Rows
	}
	part := p.Section("Progress")
	part.Text(fmt.Sprintf("%s of %s done (%d %%)", term.Number(s.tally.Rows-left), term.Count(s.tally.Rows, "row"), share))
	session.AddOutcome(part, s.tally, -1, 0)
	if left > 0 {
		p.Part("Ends").Text(s.formatEnd(left))
	}
	if n := s.rowsToReview(); n > 0 {
		text := term.Count(n, "row") + " to look at"
		if s.reportedRows > 0 {
			text += fmt.Sprintf(", %s of them reported before", term.Number(s.reportedRows))
		}
		p.Part("Review").Styled(term.Attention, text)
	}
}

// addMoney adds what the list cost, and what the wallet held when it was last asked.
func (s *statusReport) addMoney(p *term.Page, left int) {
	if s.fee.Known() {
		source := "measured"
		if s.given {
			source = "as --fee says"
		}
		users := s.tally.Status[ledger.Created] + s.tally.Status[ledger.LinkMissing] // a lost link cost as much
		text := fmt.Sprintf("about %s for %s at %s (%s)", s.inUnit(s.fee.Times(users).String()), term.Count(users, "user"), s.fee, source)
		if left > 0 {
			text += fmt.Sprintf("; at most %s for the rest", s.inUnit(s.fee.Times(left).String()))
		}
		p.Section("Cost").Text(text)
	}
	if w := s.wallet; !w.at.IsZero() {
		p.Part("Wallet").Text(fmt.Sprintf("%s at %s", s.inUnit(w.amount), term.LocalTime(w.at)))
	}
}

func (s *statusReport) inUnit(amount string) string { return term.Money(amount, s.unit) }

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
	return text + ", once it continues"
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
