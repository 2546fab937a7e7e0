package pipeline

import (
	"context"
	"errors"
	"hash/maphash"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
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
	return &scratchRegistration{hasher: newHasher(), claims: map[digest]uint32{}}, nil
}

// scratchRegistration knows the rows that claim a customer by the digest of its
// identity. A row costs about 110 bytes of memory, none of which the collector
// has to follow.
type scratchRegistration struct {
	hasher hasher
	claims map[digest]uint32 // number of the claiming row among those
	names  ledger.DetailNames
	blocks []claimBlock // claiming rows, blockRows each: so that none is copied when more come
	rows   uint32       // in all blocks
}

// claimBlock is some claiming rows.
type claimBlock struct {
	rows   []rowPlace
	fields []uint32 // hashes, each row's in the order of the names
}

const blockRows = 4096

// claimOf returns the row that claims an identity, and the hashes of its fields.
func (s *scratchRegistration) claimOf(identity string) (row rowPlace, fields []uint32, found bool) {
	n, found := s.claims[s.hasher.digestOf(identity)]
	if !found || identity == "" {
		return rowPlace{}, nil, false
	}
	b, i, width := &s.blocks[n/blockRows], int(n%blockRows), len(s.names)
	return b.rows[i], b.fields[i*width : (i+1)*width], true
}

func (s *scratchRegistration) Lookup(_ context.Context, keys []ledger.LookupKey) ([]ledger.Match, error) {
	out := make([]ledger.Match, len(keys))
	for i := range keys {
		out[i].Claimed = -1
		if row, fields, found := s.claimOf(keys[i].Identity); found {
			out[i] = ledger.Match{Claimed: int(row.ordinal), First: row.position(), Differs: s.differences(fields, keys[i].Details)}
		}
	}
	return out, nil
}

// differences names the fields in which a row differs from the claiming one;
// nil details are not compared.
func (s *scratchRegistration) differences(claiming []uint32, details []ledger.Detail) (names []string) {
	for i, value := range s.names.Values(details) {
		if s.hashField(value) != claiming[i] && s.names[i] != validate.FieldIPAddress { // as the ledger has it: an address changes by itself
			names = append(names, s.names[i])
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
		if s.names == nil { // all rows of a check have the same
			s.names = s.names.Add(row.Details)
		}
		if int(s.rows/blockRows) == len(s.blocks) {
			s.blocks = append(s.blocks, claimBlock{make([]rowPlace, 0, blockRows), make([]uint32, 0, blockRows*len(s.names))})
		}
		s.claims[s.hasher.digestOf(row.Identity)] = s.rows
		s.rows++
		b := &s.blocks[len(s.blocks)-1]
		b.rows = append(b.rows, placeOf(row))
		for _, value := range s.names.Values(row.Details) {
			b.fields = append(b.fields, s.hashField(value))
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
