package pipeline

import (
	"context"
	"errors"
	"hash/maphash"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// scratch registers a batch for the length of a check: it finds repeated people
// and keeps nothing else. In memory it costs about 10 bytes a row; what tells in
// which fields a repetition differs lies in one private file that is unlinked
// while it is open, and is not made at all for a small input. It is a
// ledger.Ledger of which only Registrar works.
type scratch struct{ ledger.Ledger }

func (scratch) FindBatch(context.Context, string) (ledger.Batch, error) {
	return ledger.Batch{}, ledger.ErrNotFound
}

func (scratch) Register(context.Context, ledger.Batch) (ledger.Registration, error) {
	return &scratchRegistration{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}, nil
}

// scratchRegistration numbers the claiming rows from 0; a claim's number is
// where its record lies in the spill.
type scratchRegistration struct {
	seeds    [2]maphash.Seed
	claims   claims
	records  spill
	lookedUp []identityDigest // the identities of the last Lookup, who are those of the next Add
}

// digest tells two identities apart: two hashes that nobody outside this
// process can foresee. The first one is looked up.
type digest [2]uint64

type identityDigest struct {
	identity string
	digest   digest
}

func (s *scratchRegistration) digest(identity string) digest {
	return digest{maphash.String(s.seeds[0], identity), maphash.String(s.seeds[1], identity)}
}

func (s *scratchRegistration) Lookup(_ context.Context, keys []ledger.LookupKey) ([]ledger.Match, error) {
	out := make([]ledger.Match, len(keys))
	s.lookedUp = s.lookedUp[:0]
	for i := range keys {
		x := &keys[i]
		out[i].Claimed = -1
		seen := identityDigest{identity: x.Identity}
		if x.Identity != "" {
			seen.digest = s.digest(x.Identity)
			r, found, err := s.find(seen.digest)
			if err != nil {
				return nil, err
			}
			if found {
				out[i] = s.known(&r, x.Fields)
			}
		}
		s.lookedUp = append(s.lookedUp, seen)
	}
	return out, nil
}

// known is what the claiming row tells of one with these details (nil = not to
// be compared).
func (s *scratchRegistration) known(r *record, fields []string) ledger.Match {
	k := ledger.Match{Claimed: int(r.ordinal), First: ledger.Position{File: int(r.file), Number: int(r.number), Line: int(r.line)}}
	if fields == nil {
		return k
	}
	names := ledger.DetailFields()
	for f, h := range s.hashes(fields) {
		if h != r.fields[f] && names[f] != "ipAddress" { // as the ledger has it: an address changes by itself
			k.Differs = append(k.Differs, names[f])
		}
	}
	return k
}

// find returns the record of the row that claims an identity.
func (s *scratchRegistration) find(d digest) (record, bool, error) {
	for n := range s.claims.of(d[0]) {
		r, err := s.records.read(n)
		if err != nil || r.identity == d {
			return r, err == nil, err
		}
	}
	return record{}, false, nil
}

func (s *scratchRegistration) hashes(fields []string) (out [detailCount]uint32) {
	for i := range out {
		if i < len(fields) && fields[i] != "" {
			out[i] = uint32(maphash.String(s.seeds[0], fields[i]))
		}
	}
	return out
}

func (s *scratchRegistration) Add(_ context.Context, rows []ledger.Row) error {
	for i := range rows {
		row := &rows[i]
		if !row.Claims {
			continue
		}
		r := record{ordinal: uint32(row.Ordinal), file: uint32(row.File), number: uint32(row.Number), line: uint32(row.Line), fields: s.hashes(row.Fields)}
		if i < len(s.lookedUp) && s.lookedUp[i].identity == row.Identity {
			r.identity = s.lookedUp[i].digest
		} else {
			r.identity = s.digest(row.Identity)
		}
		n, err := s.records.append(&r)
		if err != nil {
			return err
		}
		s.claims.add(r.identity[0], n)
	}
	return nil
}

// Annotate keeps nothing: who checks sees the notes.
func (*scratchRegistration) Annotate(context.Context, []ledger.RowNote) error { return nil }

func (s *scratchRegistration) Commit(context.Context) (ledger.Batch, error) {
	return ledger.Batch{}, errors.New("a check is not registered")
}

func (s *scratchRegistration) Rollback() error { return s.records.close() }

var _ ledger.Registration = (*scratchRegistration)(nil)
