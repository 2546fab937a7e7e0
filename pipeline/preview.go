package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"slices"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/patience"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Check reads and checks all input as Run does. It calls each with every row as it would
// be registered, in input order, and then noted with what later rows add to earlier ones;
// either may be nil. It sends nothing and leaves nothing in the ledger. Config.Partner may be nil, and so may Config.Ledger: then rows are
// compared with each other only.
func Check(ctx context.Context, cfg Config, each func(ledger.Row) error, noted func(ledger.RowNote)) (ledger.Tally, error) {
	if cfg.Partner == nil {
		cfg.Partner = struct{ Partner }{} // never asked
	}
	if cfg.Ledger == nil {
		cfg.Ledger = scratch{}
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return ledger.Tally{}, err
	}
	b, err := registerInput(ctx, cfg, checkObserver{each: each, noted: noted})
	if err != nil {
		return ledger.Tally{}, asInterrupted(ctx, err)
	}
	return b.tally, b.rollBack()
}

// Preview says what Run would do with this input, and asks the wallet whether
// it can pay. Nothing is sent and nothing stays in the ledger. The error, if
// any, is the one with which Run would refuse to begin; the plan is good then, too.
func Preview(ctx context.Context, cfg Config) (plan Plan, err error) {
	if cfg, err = cfg.withDefaults(); err != nil {
		return Plan{}, err
	}
	_, err = joinAndDo(ctx, newRun(cfg), func(ctx context.Context, r *run) (Summary, error) {
		b, found, err := r.planBatch(ctx)
		plan = found
		return Summary{}, errors.Join(asInterrupted(ctx, err), b.rollBack())
	})
	return plan, err
}

// RowToSend is a row that a run may send, or that is in doubt, as a saved plan
// keeps it, and where the row is.
type RowToSend struct {
	ledger.PlanRow
	File, Number int32 // see Row
}

// Action is what a run would do with a row.
type Action string

const (
	ActionNew     Action = "new"       // sent; no run has sent it yet
	ActionAgain   Action = "again"     // sent once more
	ActionChanged Action = "changed"   // has other details than were sent; PlannedRow.Sends says whether it is sent again
	ActionKnown   Action = "known"     // skipped: its outcome is known
	ActionDoubt   Action = "in_doubt"  // looked up before anything is sent
	ActionRefused Action = "refused"   // breaks a field rule; never sent
	ActionHeld    Action = "held"      // an operator decides whether it is sent
	ActionRepeat  Action = "repeat"    // repeats another row of the input
	ActionErased  Action = "forgotten" // erased on request; never sent
)

// PlannedRow is what a run would do with one row of the input.
type PlannedRow struct {
	Row     ledger.Row // without details
	Status  ledger.Status
	Action  Action
	Sends   bool
	Changed []string // names of the fields that differ from what was sent
}

func hasPlans(l ledger.Ledger) bool {
	_, ok := patience.UnwrapLedger(l).(ledger.Plans)
	return ok
}

// collectRow keeps what Config.Approve and Config.Planned are given of a row that is
// registered.
func (r *registrar) collectRow(row *ledger.Row, c *ledger.Customer, status ledger.Status, isSent bool, differs []string) {
	if r.cfg.Approve != nil && (isSent || row.Claims && mayHaveToBeSent(r.cfg, c, len(differs) > 0)) {
		r.out.addSend(r.cfg, row.File, row.Number, row.Identity, row.Details, c.Generation)
	}
	if r.cfg.Seen != nil && row.Identity != "" {
		r.cfg.Seen(row.Identity)
	}
	if r.cfg.Planned == nil {
		return
	}
	p := PlannedRow{Row: *row, Status: status, Sends: isSent}
	if p.Row.Details = nil; row.Claims && c.Intents > 0 {
		p.Changed = differs
	}
	p.Action = p.action(c.Intents > 0)
	r.out.planned = append(r.out.planned, p)
}

// action says in one word what a run would do with the row of a customer for whom
// something was, or was not, sent before.
func (p *PlannedRow) action(wasSent bool) Action {
	switch {
	case len(p.Changed) > 0 && p.Status != ledger.InDoubt && p.Status != ledger.Invalid:
		return ActionChanged
	case p.Sends && wasSent:
		return ActionAgain
	case p.Sends:
		return ActionNew
	}
	switch p.Status {
	case ledger.InDoubt:
		return ActionDoubt
	case ledger.Forgotten:
		return ActionErased
	case ledger.DuplicateInInput:
		return ActionRepeat
	case ledger.Invalid:
		if slices.ContainsFunc(p.Row.Findings, func(f ledger.Finding) bool {
			return f.Code == CodeIDKnown || f.Code == CodeIDRepeated || f.Code == CodeLooksOnboarded
		}) {
			return ActionHeld
		}
		return ActionRefused
	}
	return ActionKnown
}

// addSend adds a row to those that Config.Approve is given.
func (b *registered) addSend(cfg Config, file, number int, identity string, details []ledger.Detail, generation int) {
	plans, ok := patience.UnwrapLedger(cfg.Ledger).(ledger.Plans)
	if !ok {
		return // withDefaults has refused it
	}
	b.sends = append(b.sends, RowToSend{plans.DigestPlanRow(identity, details, generation), int32(file), int32(number)})
}

// applyNotes adds to the rows what only later rows tell of them.
func (b *registered) applyNotes(notes []ledger.RowNote) {
	if b.planned == nil {
		return
	}
	for _, n := range notes {
		p := &b.planned[n.Ordinal]
		p.Row.Findings = append(slices.Clip(p.Row.Findings), n.Finding)
		if n.Repeats >= 0 && p.Status != ledger.Forgotten {
			p.Status, p.Changed = ledger.Invalid, nil
			p.Action = p.action(false)
		}
	}
}

// mayHaveToBeSent reports whether a customer whose row claims it is in doubt, or would
// be sent again because the operator wants it or its details changed.
func mayHaveToBeSent(cfg Config, c *ledger.Customer, hasChanged bool) bool {
	switch c.Status {
	case ledger.Pending, ledger.InsufficientBalance, ledger.InDoubt:
		return true
	case ledger.Rejected:
		return hasChanged || slices.Contains(cfg.Resend.Codes, c.Code) || slices.Contains(cfg.Resend.Statuses, c.Status)
	}
	return slices.Contains(cfg.Resend.Statuses, c.Status)
}

// showRows gives all rows to Config.Planned, and those of a batch that was registered
// before to Config.Seen.
func (b *registered) showRows(ctx context.Context, cfg Config) error {
	if cfg.Planned == nil && (cfg.Seen == nil || b.reg != nil) {
		return nil
	}
	if b.reg == nil {
		for rep, err := range cfg.Ledger.Rows(ctx, ledger.Selection{Batch: b.batch.ID}) {
			if err != nil {
				return ledgerStop("reading the registered input", err)
			}
			if cfg.Seen != nil && rep.Identity != "" {
				cfg.Seen(rep.Identity)
			}
			if cfg.Planned == nil {
				continue
			}
			p := PlannedRow{Row: rep.Row, Status: rep.Status, Changed: rep.Changed}
			p.Sends = rep.Status == ledger.Pending || rep.Status == ledger.InsufficientBalance || slices.Contains(cfg.Resend.Statuses, rep.Status)
			p.Action = p.action(rep.Customer.Intents > 0)
			b.planned = append(b.planned, p)
		}
	}
	if cfg.Planned == nil {
		return nil
	}
	return cfg.Planned(b.planned)
}

// approveRows asks Config.Approve.
func (b *registered) approveRows(ctx context.Context, cfg Config, plan Plan) error {
	if cfg.Approve == nil {
		return nil
	}
	if b.reg == nil {
		if err := b.collectAgain(ctx, cfg); err != nil {
			return err
		}
	}
	if err := cfg.Approve(ctx, plan, b.sends); err != nil {
		return &Stop{Reason: Declined, Err: err}
	}
	return nil
}

// collectAgain reads the input of a batch that was registered before, for the rows
// that may be sent: the ledger does not have their details.
func (b *registered) collectAgain(ctx context.Context, cfg Config) error {
	rows, err := cfg.Input.Rows(ctx)
	if err != nil {
		return &Stop{Reason: InputFault, Err: err}
	}
	pick := func(ctx context.Context, first int, rows []checked) ([]checked, error) {
		return pickUnsettled(ctx, cfg, b.batch.ID, first, rows)
	}
	fields := validate.Fields()
	err = checkedRows(ctx, rows, cfg.Rules, pick, func(c *chunk) error {
		for i := range c.rows {
			row, customer := &c.rows[i], &c.rows[i].planned.Customer
			if mayHaveToBeSent(cfg, customer, !bytes.Equal(row.planned.Details, customer.Details)) {
				b.addSend(cfg, row.row.File, row.row.Number, row.result.Identity, detailsOf(&row.result.User, fields), customer.Generation)
			}
		}
		return nil
	})
	return errors.Join(err, rows.Close())
}

// scratch registers a batch for the length of a check: it finds repeated
// customers and keeps nothing else. It is a ledger.Ledger of which
// only Register works.
type scratch struct{ ledger.Ledger }

func (scratch) Register(context.Context, ledger.Batch) (ledger.Registration, error) {
	return &scratchRegistration{seed: maphash.MakeSeed(), claims: map[digest]uint32{}}, nil
}

// scratchRegistration knows the rows that claim a customer by the digest of its
// identity. A row costs 70 to 120 bytes of memory, by how many fields it fills.
type scratchRegistration struct {
	seed   maphash.Seed
	claims map[digest]uint32 // number of the claiming row among those
	names  ledger.DetailNames
	blocks []claimBlock // the claiming rows, blockRows each: so that none is copied when more come
}

// claimBlock is some claiming rows. It has no pointers that the collector follows
// row by row.
type claimBlock struct {
	rows    []rowPlace
	ends    []uint32 // in details, of each row
	details []byte   // ledger.Details of each row, one after the other
}

const blockRows = 4096

// findClaim returns the row that claims an identity, and its details.
func (s *scratchRegistration) findClaim(identity string) (row rowPlace, details ledger.Details, found bool) {
	n, found := s.claims[digestOf(identity)]
	if !found {
		return rowPlace{}, nil, false
	}
	b, i, begin := s.blocks[n/blockRows], n%blockRows, uint32(0)
	if i > 0 {
		begin = b.ends[i-1]
	}
	return b.rows[i], b.details[begin:b.ends[i]], true
}

func (s *scratchRegistration) Lookup(_ context.Context, keys []ledger.LookupKey) ([]ledger.Match, error) {
	out := make([]ledger.Match, len(keys))
	for i, k := range keys {
		out[i].Claimed = -1
		if row, details, found := s.findClaim(k.Identity); found {
			out[i] = ledger.Match{Claimed: int(row.ordinal), First: row.position(), Differs: s.hashDetails(k.Details).Changed(details, s.names)}
		}
	}
	return out, nil
}

// hashDetails returns the hashes of a row's details; nil for nil.
func (s *scratchRegistration) hashDetails(details []ledger.Detail) ledger.Details {
	var d ledger.Details
	for _, value := range s.names.Values(details) {
		hash := uint32(0)
		if value != "" {
			hash = uint32(maphash.String(s.seed, value))
		}
		d = binary.BigEndian.AppendUint32(d, hash)
	}
	return bytes.TrimRight(d, "\x00")
}

func (s *scratchRegistration) Add(_ context.Context, rows []ledger.Row) error {
	for i := range rows {
		if !rows[i].Claims {
			continue
		}
		if s.names == nil { // all rows of a check have the same
			s.names = s.names.Add(rows[i].Details)
		}
		n := len(s.claims)
		if n%blockRows == 0 {
			s.blocks = append(s.blocks, claimBlock{})
		}
		s.claims[digestOf(rows[i].Identity)] = uint32(n)
		b := &s.blocks[n/blockRows]
		b.rows = append(b.rows, placeOf(&rows[i]))
		b.details = append(b.details, s.hashDetails(rows[i].Details)...)
		b.ends = append(b.ends, uint32(len(b.details)))
	}
	return nil
}

// AddNotes keeps nothing: the caller of Check sees the notes.
func (*scratchRegistration) AddNotes(context.Context, []ledger.RowNote) error { return nil }

func (*scratchRegistration) Commit(context.Context) (ledger.Batch, error) {
	return ledger.Batch{}, errors.New("a check is not registered")
}

func (*scratchRegistration) Rollback() error { return nil }

var _ ledger.Registration = (*scratchRegistration)(nil)

// digest replaces a text in tables that have an entry for every row. Two texts never have
// the same digest in practice.
type digest [16]byte

func digestOf(text string) digest {
	sum := sha256.Sum256([]byte(text))
	return digest(sum[:16])
}

// rowPlace says which row of the input a row is.
type rowPlace struct{ ordinal, file, number, line uint32 }

func placeOf(r *ledger.Row) rowPlace {
	return rowPlace{uint32(r.Ordinal), uint32(r.File), uint32(r.Number), uint32(r.Line)}
}

func (p rowPlace) position() ledger.Position {
	return ledger.Position{File: int(p.file), Number: int(p.number), Line: int(p.line)}
}
