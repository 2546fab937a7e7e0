package outputs

import (
	"context"
	"iter"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// inputLister lists the inputs of a ledger.
type inputLister interface {
	Batches(ctx context.Context) ([]ledger.Batch, error)
}

// rowReader reads the rows of a ledger at one moment.
type rowReader interface {
	Rows(ctx context.Context, s ledger.Selection) iter.Seq2[ledger.Reported, error]
}

// correction is a row of a rejects file that was corrected and run.
type correction struct {
	in                          ledger.Origin
	status                      ledger.Status
	firstName, lastName, number string
	isNamed                     bool // the file is named after the first list
}

// FollowCorrections returns the selected rows of a batch; those that are invalid and were
// corrected in a rejects file, under an e-mail that the list does not have, say what
// became of them there. Their status stays their own. The ledger itself follows rows
// whose e-mail was right.
func FollowCorrections(ctx context.Context, l inputLister, still rowReader, b ledger.Batch, s ledger.Selection) report.Rows {
	return func(yield func(ledger.Reported, error) bool) {
		corrected, err := readCorrections(ctx, l, still, b)
		if err != nil {
			yield(ledger.Reported{}, err)
			return
		}
		for r, err := range still.Rows(ctx, s) {
			if c := corrected[placeKey(b, r.File, r.Number)]; err == nil && c.isOf(&r) {
				r.Findings = append(slices.Clip(r.Findings), ledger.Finding{Code: "known_from", Warning: true, Message: report.CorrectedIn(c.status, c.in)})
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// isOf reports whether a corrected row surely is that row of the first list: it has
// the same name, and comes from a file named after the list or has the same number.
func (c *correction) isOf(r *ledger.Reported) bool {
	return c != nil && r.Verdict == ledger.Invalid && r.Status == ledger.Invalid && r.FirstName+r.LastName != "" &&
		strings.EqualFold(c.firstName, strings.TrimSpace(r.FirstName)) && strings.EqualFold(c.lastName, strings.TrimSpace(r.LastName)) &&
		(c.isNamed || c.number != "" && c.number == ledger.PlainNumber(r.SenderID))
}

// readCorrections returns the rows of later rejects files by what they say of their
// place. The last one counts.
func readCorrections(ctx context.Context, l inputLister, still rowReader, first ledger.Batch) (map[string]*correction, error) {
	batches, err := l.Batches(ctx)
	if err != nil {
		return nil, err
	}
	sort.Slice(batches, func(i, j int) bool { return batches[i].ID < batches[j].ID })
	found := map[string]*correction{}
	for _, b := range batches {
		column := slices.Index(b.Carried, source.OriginColumn)
		if b.ID <= first.ID || column < 0 {
			continue
		}
		for r, err := range still.Rows(ctx, ledger.Selection{Batch: b.ID}) {
			if err != nil {
				return nil, err
			}
			if column >= len(r.Carry) || r.Carry[column] == "" || r.Status == ledger.Invalid || r.Status == ledger.DuplicateInInput {
				continue
			}
			file := b.Files[r.File]
			found[r.Carry[column]] = &correction{in: ledger.Origin{File: file.Name, Sheet: file.Sheet, Number: r.Number, Registered: b.Registered}, status: r.Status,
				firstName: strings.TrimSpace(r.FirstName), lastName: strings.TrimSpace(r.LastName), number: ledger.PlainNumber(r.SenderID), isNamed: isNamedAfter(file.Name, first)}
		}
	}
	return found, nil
}

// placeKey returns how a rejects file writes the place of a row of a batch.
func placeKey(b ledger.Batch, file, number int) string {
	if len(b.Files) > 1 {
		return b.Files[file].Name + ", row " + strconv.Itoa(number)
	}
	return strconv.Itoa(number)
}

// isNamedAfter reports whether a file has a name that rejects files of a batch have.
func isNamedAfter(name string, b ledger.Batch) bool {
	return slices.ContainsFunc(b.Files, func(f ledger.File) bool {
		return strings.HasPrefix(filepath.Base(name), filepath.Base(WithoutExtension(f.Name))+".rejects")
	})
}
