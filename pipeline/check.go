package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// registered is a batch in the ledger, or about to be.
type registered struct {
	batch   ledger.Batch
	reg     ledger.Registration // nil if the batch was registered before
	tally   ledger.Tally        // of the rows as they are now
	toSend  int                 // rows that this run may send
	newRows int                 // those of them that no run has sent yet
	sends   []RowToSend         // the rows to send and those in doubt, if Config.Approve wants them
	planned []PlannedRow        // all rows, if Config.Planned wants them
}

// commitBatch commits a registration.
func (b *registered) commitBatch(ctx context.Context) error {
	if b.reg == nil {
		return nil
	}
	batch, err := b.reg.Commit(ctx)
	if err != nil {
		return ledgerStop("registering the input", err)
	}
	b.batch, b.reg = batch, nil
	return nil
}

// rollBack removes a registration that was not committed.
func (b *registered) rollBack() error {
	if b.reg == nil {
		return nil
	}
	return b.reg.Rollback()
}

// checkObserver sees the check pass. Its functions may be nil.
type checkObserver struct {
	read  func(rows int)         // how many rows have been checked so far
	each  func(ledger.Row) error // each row, as it is registered
	noted func(ledger.RowNote)   // what later rows add to earlier ones
}

// checkInput reads and checks all input and registers it in one transaction,
// which is left open for the caller to commit or roll back. Nothing is sent. A
// batch with the same bytes and the same settings is not checked again.
func checkInput(ctx context.Context, cfg Config, read func(rows int)) (*registered, error) {
	known, err := cfg.Ledger.FindBatch(ctx, newBatch(cfg).Fingerprint)
	switch {
	case err == nil:
		return reopenBatch(ctx, cfg, known)
	case !errors.Is(err, ledger.ErrNotFound):
		return nil, ledgerStop("looking up the input", err)
	}
	return registerInput(ctx, cfg, checkObserver{read: read})
}

// newBatch returns the input as a batch that is not registered yet.
func newBatch(cfg Config) ledger.Batch {
	b := ledger.Batch{Files: cfg.Input.Files(), Settings: settingsText(cfg), Carried: cfg.Input.Carried(), Registered: pacing.WallTime()}
	b.Fingerprint = inputFingerprint(b)
	return b
}

// registerInput checks all input, whether it was registered before or not.
func registerInput(ctx context.Context, cfg Config, observer checkObserver) (*registered, error) {
	b := newBatch(cfg)
	reg, err := cfg.Ledger.Register(ctx, b)
	if err != nil {
		return nil, ledgerStop("registering the input", err)
	}
	out := &registered{batch: b, reg: reg, tally: ledger.Tally{Status: map[ledger.Status]int{}, Code: map[ledger.StatusCode]int{}}}
	r := registrar{cfg: cfg, out: out, observer: observer, perFile: make([]int, len(b.Files)), numbers: map[digest]rowPlace{},
		sharing: sharing{}, shown: map[int]shownStatus{}}
	if err := r.registerAll(ctx); err != nil {
		return nil, errors.Join(err, reg.Rollback())
	}
	for i := range r.perFile {
		out.batch.Files[i].Rows = r.perFile[i]
	}
	out.batch.Rows = out.tally.Rows
	return out, nil
}

// reopenBatch returns the figures of a batch that is in the ledger.
func reopenBatch(ctx context.Context, cfg Config, b ledger.Batch) (*registered, error) {
	t, err := cfg.Ledger.Tally(ctx, ledger.Selection{Batch: b.ID})
	if err != nil {
		return nil, ledgerStop("reading the registered input", err)
	}
	out := &registered{batch: b, tally: t}
	out.toSend = t.Status[ledger.Pending] + t.Status[ledger.InsufficientBalance]
	out.newRows = t.Status[ledger.Pending]
	for _, s := range cfg.Resend.Statuses {
		out.toSend += t.Status[s]
	}
	return out, nil
}

// countReported returns how many rows of the batch with a status an earlier finished
// run has reported.
func (b *registered) countReported(ctx context.Context, l ledger.Ledger, status ledger.Status) (n int, err error) {
	if counter, ok := b.reg.(ledger.ReportedCounter); ok {
		n, err = counter.CountReported(ctx, status)
	} else if b.reg == nil {
		n, err = b.recountReported(ctx, l, status)
	}
	if err != nil {
		return 0, ledgerStop("reading what was reported", err)
	}
	return n, nil
}

// recountReported is countReported for a batch that was registered before.
func (b *registered) recountReported(ctx context.Context, l ledger.Ledger, status ledger.Status) (int, error) {
	for run, err := range l.Log(ctx) {
		if err != nil {
			return 0, err
		}
		if run.Batch != b.batch.ID {
			continue
		}
		if run.End != nil && (run.End.ExitCode == 0 || run.End.ExitCode == 3) {
			return b.tally.Status[status], nil // that run has reported all of this input
		}
		break
	}
	t, err := l.Tally(ctx, ledger.Selection{Batch: b.batch.ID, Only: []ledger.Status{status}})
	return t.Known, err
}

// registrar puts checked rows into a registration.
type registrar struct {
	cfg      Config
	out      *registered
	observer checkObserver
	perFile  []int
	numbers  map[digest]rowPlace // of the rows that claim a customer, by their customer number
	sharing  sharing             // of the invalid rows
	alike    lookalikes          // of the invalid rows
	shown    map[int]shownStatus
}

// shownStatus is how an invalid row was counted that shows what is known of its
// customer, as long as no later row claims that customer.
type shownStatus struct {
	status   ledger.Status
	findings []ledger.Finding
}

func (r *registrar) registerAll(ctx context.Context) error {
	rows, err := r.cfg.Input.Rows(ctx)
	if err != nil {
		return &Stop{Reason: InputFault, Err: err}
	}
	err = checkedRows(ctx, rows, r.cfg.Rules, nil, func(c *chunk) error {
		if err := r.addChunk(ctx, c); err != nil {
			return err
		}
		if r.observer.read != nil {
			r.observer.read(r.out.tally.Rows)
		}
		return nil
	})
	if err == nil {
		err = r.annotateInvalid(ctx)
	}
	return errors.Join(err, rows.Close())
}

// annotateInvalid adds to the invalid rows which other rows have their e-mail. It
// was not known when they were registered.
func (r *registrar) annotateInvalid(ctx context.Context) error {
	notes := r.alike.addNotes(r.sharing.rowNotes(r.placeName))
	r.out.applyNotes(notes)
	for _, n := range notes {
		if was, ok := r.shown[n.Ordinal]; ok && n.Repeats >= 0 {
			r.out.tally.Status[was.status]--
			r.out.tally.Status[ledger.Invalid]++
			r.countCauses(ledger.Invalid, was.findings)
		}
	}
	if r.observer.noted != nil {
		for _, n := range notes {
			r.observer.noted(n)
		}
	}
	if err := r.out.reg.AddNotes(ctx, notes); err != nil {
		return ledgerStop("registering rows", err)
	}
	return nil
}

// addChunk registers a chunk. The ledger does not see the rows of one look-up among
// themselves, so a repeated customer begins a new one.
func (r *registrar) addChunk(ctx context.Context, c *chunk) error {
	from, seen := 0, make(map[string]bool, len(c.rows))
	for i := range c.drafts {
		identity := emailOnceCorrected(&c.drafts[i], &c.rows[i].result)
		if seen[identity] {
			if err := r.registerRows(ctx, c, from, i); err != nil {
				return err
			}
			from = i
			clear(seen)
		}
		if identity != "" {
			seen[identity] = true
		}
	}
	return r.registerRows(ctx, c, from, len(c.rows))
}

func (r *registrar) registerRows(ctx context.Context, c *chunk, from, to int) error {
	rows := c.drafts[from:to]
	keys := make([]ledger.LookupKey, len(rows))
	for i, d := range rows {
		keys[i] = ledger.LookupKey{Identity: d.Identity, SenderID: d.SenderID, NameText: d.NameText, Details: d.Details}
	}
	known, err := r.out.reg.Lookup(ctx, keys)
	if err != nil {
		return ledgerStop("looking up customers", err)
	}
	foretold, err := r.lookUpCorrected(ctx, rows, c.rows[from:to])
	if err != nil {
		return ledgerStop("looking up customers", err)
	}
	for i := range rows {
		rows[i].Ordinal = r.out.tally.Rows
		decideVerdict(&rows[i], c.rows[from+i].row.Again, &known[i], r.placeName, r.cfg.Resend.Accept)
		r.holdRepeatedNumber(&rows[i], &known[i])
		if k, isForetold := foretold[i]; isForetold {
			r.noteCorrectedEmail(&rows[i], &k, emailOnceCorrected(&rows[i], &c.rows[from+i].result))
		} else {
			r.noteSharedEmail(&rows[i], &known[i])
		}
		r.noteTakenNumber(&rows[i])
		r.alike.note(&rows[i], &c.rows[from+i].result, r.placeName)
		r.countRow(&rows[i], &known[i])
		if r.observer.each != nil {
			if err := r.observer.each(rows[i]); err != nil {
				return err
			}
		}
	}
	if err := r.out.reg.Add(ctx, rows); err != nil {
		return ledgerStop("registering rows", err)
	}
	return nil
}

// holdRepeatedNumber holds a row whose customer number an earlier row of this input has
// with another e-mail: one of the two is wrong, or one customer has two rows.
func (r *registrar) holdRepeatedNumber(row *ledger.Row, k *ledger.Match) {
	number := ledger.PlainNumber(row.SenderID)
	if !row.Claims || number == "" {
		return
	}
	first, taken := r.numbers[digestOf(number)]
	if !taken {
		r.numbers[digestOf(number)] = placeOf(row)
		return
	}
	if k.Customer != nil && k.Customer.Status.Onboarded() || slices.Contains(r.cfg.Resend.Accept, CodeIDKnown) {
		return
	}
	row.Claims, row.Verdict = false, ledger.Invalid
	row.Findings = append([]ledger.Finding{{Code: CodeIDRepeated,
		Message: r.placeName(first.position()) + " has the same customer number and another e-mail. Decide which is right, or run with --accept " + CodeIDKnown}}, row.Findings...)
}

// noteSharedEmail adds to an invalid row which row claims its customer: at once if
// that one came before it, in annotateInvalid if it comes later.
func (r *registrar) noteSharedEmail(row *ledger.Row, k *ledger.Match) {
	switch {
	case row.Identity == "" || !row.Claims && row.Verdict != ledger.Invalid:
	case !row.Claims && k.Claimed >= 0:
		row.Repeats = k.Claimed
		row.Findings = append(row.Findings, sharesValid(r.placeName(k.First)))
	default:
		r.sharing.addRow(row)
	}
}

// countRow keeps the figures that the plan shows, as the ledger would tally them.
func (r *registrar) countRow(row *ledger.Row, k *ledger.Match) {
	r.out.tally.Rows++
	r.perFile[row.File]++
	var customer ledger.Customer
	if k.Customer != nil {
		customer = *k.Customer
	}
	status := ledger.RowStatus(row.Verdict, row.OtherClaims(), customer)
	r.out.tally.Status[status]++
	switch {
	case status == row.Verdict:
		r.countCauses(status, row.Findings)
	case row.Verdict == ledger.Invalid && status != ledger.Forgotten:
		r.shown[row.Ordinal] = shownStatus{status, row.Findings}
	}
	isNew := row.Claims && (k.Customer == nil || k.Customer.Status == ledger.Pending)
	isSent := isNew || row.Claims && (customer.Status == ledger.InsufficientBalance || customer.Status == ledger.Rejected && len(k.Differs) > 0 ||
		slices.Contains(r.cfg.Resend.Statuses, customer.Status))
	if isSent {
		r.out.toSend++
	}
	if isNew {
		r.out.newRows++
	}
	r.collectRow(row, &customer, status, isSent, k.Differs)
}

// countCauses counts the problems of a row.
func (r *registrar) countCauses(status ledger.Status, findings []ledger.Finding) {
	for _, f := range findings {
		if !f.Warning {
			r.out.tally.Code[ledger.StatusCode{Status: status, Field: f.Field, Code: f.Code}]++
		}
	}
}

// placeName names a row for operators.
func (r *registrar) placeName(p ledger.Position) string {
	if len(r.perFile) == 1 {
		return fmt.Sprintf("row %d", p.Number)
	}
	return fmt.Sprintf("row %d of %s", p.Number, r.out.batch.Files[p.File].Name)
}

// RulesVersion is raised when the check pass gives the same rows other verdicts,
// so that a batch registered under the old rules is checked again.
const RulesVersion = 2

// settingsText returns everything that changes which rows are good: how the bytes
// are read, and the rules.
func settingsText(cfg Config) string {
	var s strings.Builder
	s.WriteString(cfg.Input.Settings())
	fmt.Fprintf(&s, "\nrules: version=%d region=%s plus=%t live=%t extra=%q", RulesVersion, cfg.Rules.PhoneRegion, cfg.Rules.PhonePlus, cfg.Rules.Live, cfg.Rules.Extra)
	for _, field := range slices.Sorted(maps.Keys(cfg.Rules.Defaults)) {
		fmt.Fprintf(&s, " %s=%q", field, cfg.Rules.Defaults[field])
	}
	if len(cfg.Rules.Values) > 0 {
		s.WriteString(" values:" + cfg.Rules.Values.String())
	}
	if cfg.Rules.Strict {
		s.WriteString(" strict")
	}
	if len(cfg.Resend.Accept) > 0 {
		fmt.Fprintf(&s, " accept=%q", slices.Sorted(slices.Values(cfg.Resend.Accept)))
	}
	return s.String()
}

// inputFingerprint distinguishes registered inputs: by the bytes, by their order,
// and by everything that changes what the bytes mean. File names do not count.
func inputFingerprint(b ledger.Batch) string {
	var text strings.Builder
	for _, f := range b.Files {
		fmt.Fprintf(&text, "%s %q\n", f.SHA256, f.Sheet)
	}
	text.WriteString(b.Settings)
	sum := sha256.Sum256([]byte(text.String()))
	return hex.EncodeToString(sum[:])
}

// durationAt returns the duration of n requests at a rate; 0 if it is unlimited.
func durationAt(n int, perSecond float64) time.Duration {
	if perSecond <= 0 || n <= 0 {
		return 0
	}
	const century = 100 * 365 * 24 * time.Hour
	return time.Duration(min(float64(n)/perSecond*float64(time.Second), float64(century)))
}
