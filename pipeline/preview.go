package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/maphash"

	"github.com/bulkonboard/bulkonboard/ledger"
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
func Preview(ctx context.Context, cfg Config) (Plan, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Plan{}, err
	}
	b, plan, err := newRun(cfg).planBatch(ctx)
	return plan, errors.Join(asInterrupted(ctx, err), b.rollBack())
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
