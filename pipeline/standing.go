package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// Codes of rows that are held or repeat another row.
const (
	CodeIDKnown        = "id_known"
	CodeIDRepeated     = "id_repeated"
	CodeLooksOnboarded = "looks_onboarded"
	CodeRepeats        = "repeats_row"
	CodeRepeatsOther   = "repeats_row_differs"
)

// checked is a row after validation.
type checked struct {
	row     Row
	result  validate.Result
	planned ledger.Planned // in the send pass
}

// sighting is what the row shows of a person, for the ledger to look up.
func (c checked) sighting() ledger.Sighting {
	s := ledger.Sighting{Identity: c.result.Identity, SenderID: c.row.ID}
	if c.result.Valid() {
		s.NameText = c.result.User.NameText()
		s.Fields = c.result.User.DetailValues()
	}
	return s
}

// standing decides what a checked row is, given what the ledger knows of the
// person. It is pure. place names the row that claimed the identity first;
// accept holds the codes whose held rows may go out.
//
// What the ledger already knows of the person beats an Invalid verdict when
// the row is shown, so an onboarded customer stays created under other flags.
func standing(ordinal int, c checked, k ledger.Known, place func(ledger.Position) string, accept []string) ledger.Row {
	res, u := c.result, c.result.User
	r := ledger.Row{
		Ordinal: ordinal, File: c.row.File, Number: c.row.Number, Line: c.row.Line,
		Identity: res.Identity, SenderID: c.row.ID, Carry: c.row.Carry, Repeats: -1,
		Email: strings.TrimSpace(c.row.Raw.Email), FirstName: strings.TrimSpace(c.row.Raw.FirstName), LastName: strings.TrimSpace(c.row.Raw.LastName),
		Findings: findings(res.Problems), Recall: recall(c),
	}
	if k.Forgot {
		r.Verdict = ledger.Forgotten
		r.Email, r.FirstName, r.LastName, r.SenderID, r.Carry = "", "", "", "", nil
		r.Findings = nil
		return r
	}
	if !res.Valid() {
		r.Verdict = ledger.Invalid
		return r
	}
	r.Email, r.FirstName, r.LastName = u.Email, u.FirstName, u.LastName
	r.NameText, r.Fields = u.NameText(), u.DetailValues()
	if k.Claimed >= 0 {
		r.Verdict, r.Repeats = ledger.DuplicateInInput, k.Claimed
		f := ledger.Finding{Field: "email", Code: CodeRepeats, Message: "repeats " + place(k.First) + " with the same details"}
		if len(k.Differs) > 0 {
			f.Code = CodeRepeatsOther
			f.Message = fmt.Sprintf("repeats %s, which is the one that counts, but differs in %s. Decide which is right", place(k.First), strings.Join(k.Differs, ", "))
		}
		r.Findings = append([]ledger.Finding{f}, r.Findings...)
		return r
	}
	if c.row.Again && k.Customer != nil {
		r.Verdict = ledger.DuplicateInInput
		r.Findings = append([]ledger.Finding{stillRepeats(k)}, r.Findings...)
		return r
	}
	if f, held := hold(k, accept); held {
		r.Verdict = ledger.Invalid
		r.Findings = append([]ledger.Finding{f}, r.Findings...)
		return r
	}
	r.Claims = true
	return r
}

// stillRepeats is what is said of a row that was told to repeat another one,
// and is given back with the same e-mail: the person has another row's details.
func stillRepeats(k ledger.Known) ledger.Finding {
	f := ledger.Finding{Field: "email", Code: CodeRepeatsOther, Message: "still repeats an earlier row of the first list, which is the one that counts"}
	switch {
	case len(k.Differs) > 0:
		f.Message += ", but differs in " + strings.Join(k.Differs, ", ")
	case k.Customer.Attempts > 0: // what was sent is known
		f.Code = CodeRepeats
	}
	f.Message += ". Delete it, or give it an e-mail of its own"
	return f
}

// hold decides whether a valid row looks like somebody who was onboarded under
// another e-mail.
func hold(k ledger.Known, accept []string) (ledger.Finding, bool) {
	if k.Customer != nil && k.Customer.Status.Onboarded() {
		return ledger.Finding{}, false
	}
	switch {
	case k.ByID != nil && !slices.Contains(accept, CodeIDKnown):
		return ledger.Finding{Code: CodeIDKnown, Message: "this customer number was onboarded under another e-mail. If it is another person, give it another number, or run with --accept " + CodeIDKnown}, true
	case k.ByName != nil && !slices.Contains(accept, CodeLooksOnboarded):
		return ledger.Finding{Code: CodeLooksOnboarded, Message: "a person with this name and phone number was onboarded under another e-mail. If it is another person, run with --accept " + CodeLooksOnboarded}, true
	default:
		return ledger.Finding{}, false
	}
}

func findings(problems []validate.Problem) []ledger.Finding {
	if len(problems) == 0 {
		return nil
	}
	out := make([]ledger.Finding, len(problems))
	for i, p := range problems {
		out[i] = ledger.Finding{Field: p.Field, Code: p.Code, Message: p.Message, Warning: p.Warning}
	}
	return out
}

// recall is what makes a row the same finding in tomorrow's input: the person,
// or, where the row does not even tell that, all its cells.
func recall(c checked) string {
	if c.result.Identity != "" {
		return c.result.Identity
	}
	w := c.row.Raw
	return strings.Join(append([]string{c.row.ID, w.FirstName, w.LastName, w.Email, w.PhoneNumber, w.AccountPurpose, w.IPAddress,
		w.Terms, w.Program, w.WalletAddress, w.RedirectURL, w.Address, w.City, w.Region, w.PostalCode, w.CountryCode}, w.Extra...), "\x00")
}
