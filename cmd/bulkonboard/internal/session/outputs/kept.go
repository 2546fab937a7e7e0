package outputs

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/reportfile"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/validate"
)

// A report is the second copy of the links. One that has links which the ledger
// has lost, or never had, is not replaced: it is kept beside the new one.

// reportLinks are the links that a report has, by customer: whose they are, and
// of which user, as hashes.
type reportLinks struct {
	seed maphash.Seed
	user map[uint64]uint64
}

// keepRicherReport gives an old report another name, if it knows links of the same
// rows that the new one will not have. The old name stays until it is replaced.
func (o *Outputs) keepRicherReport(ctx context.Context, path string, meta report.Meta, rows func() report.Rows) error {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil // nothing that could be lost; writing the report will name what is in the way
	}
	if !meta.NoLinks && o.IsOwnReport(ctx, path) {
		return nil
	}
	old, ok := readLinks(ctx, path)
	if !ok {
		return nil
	}
	missing := 0
	for r, err := range rows() {
		if err != nil {
			return err
		}
		if old.has(&r, meta.NoLinks) {
			missing++
		}
	}
	if missing == 0 {
		return nil
	}
	name, err := keepUnderNewName(path)
	if err != nil {
		return fmt.Errorf("report %s has links that the new one would not have, and cannot be kept under another name: %w", path, term.PlainError(err))
	}
	o.kept = append(o.kept, keptReport{name, missing, meta.NoLinks})
	return nil
}

// keptReport is an old report that was not replaced.
type keptReport struct {
	path    string
	links   int
	noLinks bool // the new one has none because it was asked to
}

func (k keptReport) line(con *term.Console) string {
	text := fmt.Sprintf("kept: %s; it has %s that the new report does not have", k.path, term.Count(k.links, "link"))
	if !k.noLinks {
		text += "; import them with: " + con.CommandLine("ledger", "import", k.path)
	}
	return text
}

// ReportKept names the old reports that were kept.
func (o *Outputs) ReportKept(con *term.Console) {
	for _, k := range o.kept {
		con.Sayf("%s", k.line(con))
	}
}

// readLinks reads the links of a report of ours; ok is false for any other file,
// and for one without links. A cancelled ctx does not end it: a report that was
// read in part could be replaced.
func readLinks(ctx context.Context, path string) (links reportLinks, ok bool) {
	links = reportLinks{maphash.MakeSeed(), map[uint64]uint64{}}
	err := reportfile.Read(context.WithoutCancel(ctx), path, func(r reportfile.Record) error {
		if !r.IsReport() {
			return fs.ErrInvalid
		}
		identity, sound := validate.Identity(r.Get("email"))
		if url, id := r.Get("verificationurl"), r.Get("serviceid"); sound && url != "" && id != "" {
			links.user[links.hash(identity)] = links.hash(id)
		}
		return nil
	})
	return links, err == nil && len(links.user) > 0
}

func (l reportLinks) hash(text string) uint64 { return maphash.String(l.seed, text) }

// has reports whether the old report has a link of a row that comes without one.
// The link of another user than the row's has ended with that user.
func (l reportLinks) has(r *ledger.Reported, noLinks bool) bool {
	c := &r.Customer
	if r.Verdict != "" || r.Identity == "" || c.URL != "" && !noLinks {
		return false
	}
	user, ok := l.user[l.hash(r.Identity)]
	return ok && (c.ServiceID == "" || l.hash(c.ServiceID) == user)
}

// keepUnderNewName gives a file a second name, staff.report-1.csv or the next that is free.
func keepUnderNewName(path string) (string, error) {
	ext := filepath.Ext(path)
	for n := 1; n < 1000; n++ {
		name := fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), n, ext)
		if _, err := os.Lstat(name); err == nil {
			continue
		}
		err := os.Link(path, name)
		switch {
		case err == nil:
			return name, nil
		case errors.Is(err, fs.ErrExist):
			continue
		}
		return name, os.Rename(path, name) // a file system without links
	}
	return "", errors.New("all names up to -999 are in use")
}

// factsLedger is where a run notes which reports it wrote.
type factsLedger interface {
	Fact(ctx context.Context, name string) (string, time.Time, error)
	SaveFact(ctx context.Context, name, value string, at time.Time) error
}

// readFacts is a ledger that is open for reading: what is written is not noted,
// and will be compared once more.
type readFacts struct{ factsLedger }

// ReadOnlyFacts returns the facts of a ledger that is open to be read: nothing is noted.
func ReadOnlyFacts(l factsLedger) factsLedger { return readFacts{l} }

func (readFacts) SaveFact(context.Context, string, string, time.Time) error { return nil }

// IsOwnReport reports whether a file is the report that this ledger wrote there
// last. The ledger has had every link in it.
func (o *Outputs) IsOwnReport(ctx context.Context, path string) bool {
	if o.Facts == nil {
		return false
	}
	was, _, err := o.Facts.Fact(ctx, reportFact(path))
	if err != nil {
		return false
	}
	is, err := reportfile.HashFile(path)
	return err == nil && is == was
}

// noteReport remembers what was written. Its failure costs a comparison.
func (o *Outputs) noteReport(ctx context.Context, path string) error {
	if o.Facts == nil {
		return nil
	}
	sum, err := reportfile.HashFile(path)
	if err != nil {
		return err
	}
	return o.Facts.SaveFact(ctx, reportFact(path), sum, time.Now())
}

// ReportFactPrefix begins the names of the facts that are reports.
const ReportFactPrefix = "report:"

func reportFact(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return ReportFactPrefix + path
}
