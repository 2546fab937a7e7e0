package pipeline

import (
	"context"
	"errors"
	"hash/maphash"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Check reads and checks all input as Run does. It hands every row, as it would
// be registered, to each, in input order, and then to noted what later rows tell
// of earlier ones; either may be nil. Nothing is sent and nothing stays in the
// ledger. Config.Partner may be nil, and so may Config.Ledger: then rows are
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
func Preview(ctx context.Context, cfg Config) (Plan, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Plan{}, err
	}
	r := newRun(cfg)
	b, err := checkInput(ctx, cfg, r.showRead)
	if err != nil {
		return Plan{}, asInterrupted(ctx, err)
	}
	if err := r.recallLearnt(ctx); err != nil {
		return Plan{}, errors.Join(err, b.rollBack())
	}
	plan, err := r.preflight(ctx, b)
	return plan, errors.Join(asInterrupted(ctx, err), b.rollBack())
}

// scratch registers a batch for the length of a check: it finds repeated
// customers and keeps nothing else. It is a ledger.Ledger of which
// only Register works.
type scratch struct{ ledger.Ledger }

func (scratch) Register(context.Context, ledger.Batch) (ledger.Registration, error) {
	return &scratchRegistration{hasher: newHasher(), claims: map[digest]claim{}}, nil
}

// scratchRegistration knows the rows that claim a customer by the digest of its
// identity. A row costs about 130 bytes of memory, none of which the collector
// has to follow.
type scratchRegistration struct {
	hasher hasher
	claims map[digest]claim
	fields []uint32 // hashes of all claiming rows, each row's in the order of ledger.DetailFields
}

// claim is a row that claims a customer.
type claim struct {
	row    rowPlace
	fields int // where its hashes begin
}

func (s *scratchRegistration) Lookup(_ context.Context, keys []ledger.LookupKey) ([]ledger.Match, error) {
	out := make([]ledger.Match, len(keys))
	for i := range keys {
		out[i].Claimed = -1
		if c, found := s.claims[s.hasher.digestOf(keys[i].Identity)]; found && keys[i].Identity != "" {
			out[i] = ledger.Match{Claimed: int(c.row.ordinal), First: c.row.position(), Differs: s.differences(c, keys[i].Fields)}
		}
	}
	return out, nil
}

// differences names the fields in which a row differs from the claiming one;
// nil fields are not compared.
func (s *scratchRegistration) differences(c claim, fields []string) (names []string) {
	all := ledger.DetailFields()
	for i, f := range fields {
		if s.hashField(f) != s.fields[c.fields+i] && all[i] != "ipAddress" { // as the ledger has it: an address changes by itself
			names = append(names, all[i])
		}
	}
	return names
}

// hashField returns the hash of a value; 0 if it is empty.
func (s *scratchRegistration) hashField(value string) uint32 {
	if value == "" {
		return 0
	}
	return uint32(maphash.String(s.hasher[0], value))
}

func (s *scratchRegistration) Add(_ context.Context, rows []ledger.Row) error {
	for i := range rows {
		row := &rows[i]
		if !row.Claims {
			continue
		}
		s.claims[s.hasher.digestOf(row.Identity)] = claim{placeOf(row), len(s.fields)}
		for _, f := range row.Fields {
			s.fields = append(s.fields, s.hashField(f))
		}
	}
	return nil
}

// Annotate keeps nothing: the caller of Check sees the notes.
func (*scratchRegistration) Annotate(context.Context, []ledger.RowNote) error { return nil }

func (*scratchRegistration) Commit(context.Context) (ledger.Batch, error) {
	return ledger.Batch{}, errors.New("a check is not registered")
}

func (*scratchRegistration) Rollback() error { return nil }

var _ ledger.Registration = (*scratchRegistration)(nil)

// digest distinguishes identities: two hashes that cannot be foreseen outside this
// process.
type digest [2]uint64

type hasher [2]maphash.Seed

func newHasher() hasher { return hasher{maphash.MakeSeed(), maphash.MakeSeed()} }

func (h hasher) digestOf(identity string) digest {
	return digest{maphash.String(h[0], identity), maphash.String(h[1], identity)}
}

// rowPlace says which row of the input a row is.
type rowPlace struct{ ordinal, file, number, line uint32 }

func placeOf(r *ledger.Row) rowPlace {
	return rowPlace{uint32(r.Ordinal), uint32(r.File), uint32(r.Number), uint32(r.Line)}
}

func (p rowPlace) position() ledger.Position {
	return ledger.Position{File: int(p.file), Number: int(p.number), Line: int(p.line)}
}
