package outputs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/marking"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// RepeatsCause returns the cause of rows that repeat another one with other details.
func RepeatsCause() ledger.StatusCode {
	return ledger.StatusCode{Status: ledger.DuplicateInInput, Field: "email", Code: pipeline.CodeRepeatsOther}
}

// isCorrectable reports whether a row can be corrected in the sheet.
func isCorrectable(r *ledger.Reported) bool {
	switch r.Status {
	case ledger.Invalid, ledger.Rejected:
		return true
	case ledger.DuplicateInInput:
		return repeatsOther(r)
	}
	return false
}

// repeatsOther reports whether a row repeats another one with other details.
func repeatsOther(r *ledger.Reported) bool {
	return slices.ContainsFunc(r.Findings, func(f ledger.Finding) bool { return f.Code == pipeline.CodeRepeatsOther })
}

// NeedsReview reports whether a row is new work for the operator.
func NeedsReview(r *ledger.Reported, strict bool) bool {
	switch {
	case r.Status == ledger.InDoubt, r.Status == ledger.Created && r.Customer.Code == ledger.CodeOtherAccount:
		return true
	case r.WasReported && !strict:
		return false
	case r.Status == ledger.DuplicateInInput:
		return repeatsOther(r)
	}
	return r.NeedsReview()
}

// SharedHeadings returns the headings that the columns have in all files.
func SharedHeadings(files []source.File) finance.Headings {
	shared := finance.Headings{}
	for i, f := range files {
		own := marking.HeadingsOf(f)
		for field, heading := range own {
			if i == 0 {
				shared[field] = heading
			}
		}
		for field, heading := range shared {
			if own[field] != heading {
				delete(shared, field)
			}
		}
	}
	return shared
}

// problemText joins what is wrong with a row, for the sender. registered is when
// its input was.
func problemText(r *ledger.Reported, p *finance.Phrases, registered time.Time) string {
	var parts []string
	if r.ShowsOther() {
		parts = append(parts, p.Sentence("", "known_from", report.KnownFrom(r, registered)))
	}
	for _, f := range problemsOf(r) {
		if f.Warning && !pipeline.IsForetold(f.Code) {
			continue
		}
		text := p.Sentence(f.Field, f.Code, f.Message)
		if f.Field != "" {
			text = p.Title(f.Field) + ": " + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

// problemsOf returns what a row's status comes from: its own findings, or what
// is known of its customer.
func problemsOf(r *ledger.Reported) []ledger.Finding {
	c := &r.Customer
	switch {
	case r.Status == r.Verdict:
		return r.Findings
	case r.Status == ledger.Created && c.Pairing.NeedsReview():
		return []ledger.Finding{{Field: "email", Code: string(c.Pairing), Message: c.Pairing.Explain()}}
	case c.Code == "" && c.Message == "":
		return nil
	}
	return []ledger.Finding{{Field: c.Field, Code: c.Code, Message: cmp.Or(c.Message, c.Code)}}
}

// marksOfRow returns the marks of a row: on what has to be corrected, and on
// what is worth a look.
func marksOfRow(r *ledger.Reported, columns map[string]int) []annotate.Mark {
	if r.Status == ledger.Created && r.Status != r.Verdict {
		return marking.MarksOf(createdFindings(r), columns)
	}
	return marking.MarksOf(problemsOf(r), columns)
}
