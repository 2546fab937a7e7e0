package outputs

import (
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
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
	case r.Known && !strict:
		return false
	case r.Status == ledger.DuplicateInInput:
		return repeatsOther(r)
	}
	return r.NeedsPerson()
}

// problemText joins what is wrong with a row.
func problemText(r *ledger.Reported) string {
	var parts []string
	if r.Status == r.Verdict {
		for _, f := range r.Findings {
			if f.Warning && f.Code != pipeline.CodeSharesEmail {
				continue
			}
			text := f.Message
			if f.Field != "" {
				text = f.Field + ": " + text
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, "; ")
	}
	if r.Status == ledger.Created && r.Customer.Pairing.NeedsReview() {
		return "email: " + r.Customer.Pairing.Explain()
	}
	text := r.Customer.Message
	if text == "" {
		text = r.Customer.Code
	}
	if r.Customer.Field != "" {
		text = r.Customer.Field + ": " + text
	}
	return text
}
