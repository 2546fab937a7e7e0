package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"sort"
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
	planned *ledger.Planned // in the send pass
}

// draftRow returns what is registered of a checked row whatever the ledger knows: of an
// invalid one all there is, of a valid one what decideVerdict needs.
func draftRow(c *checked, fields validate.FieldTable) ledger.Row {
	res, u := &c.result, &c.result.User
	r := ledger.Row{
		File: c.row.File, Number: c.row.Number, Line: c.row.Line,
		Identity: res.Identity, SenderID: c.row.ID, Carry: c.row.Carry, Repeats: -1,
		Findings: findingsOf(res.Problems), Recall: recallText(c, fields),
	}
	if !res.Valid() {
		r.Verdict = ledger.Invalid
		r.Email, r.FirstName, r.LastName = strings.TrimSpace(c.row.Raw.Email), strings.TrimSpace(c.row.Raw.FirstName), strings.TrimSpace(c.row.Raw.LastName)
		return r
	}
	r.Email, r.FirstName, r.LastName = u.Email, u.FirstName, u.LastName
	r.NameText, r.Details = u.NameText(), detailsOf(u, fields)
	return r
}

// detailsOf returns the details of a user for the ledger.
func detailsOf(u *validate.User, fields validate.FieldTable) []ledger.Detail {
	details := make([]ledger.Detail, 0, len(fields)+1)
	for name, value := range fields.Details(u) {
		details = append(details, ledger.Detail{Name: name, Value: value})
	}
	return details
}

// decideVerdict decides what a drafted row is, given what the ledger knows of the
// customer. place names the row that claimed the identity first; accept holds the
// codes whose held rows may be sent.
// ledger.RowStatus combines it with what becomes of the customer.
func decideVerdict(r *ledger.Row, again bool, k *ledger.Match, place func(ledger.Position) string, accept []string) {
	if k.Forgot {
		r.Verdict = ledger.Forgotten
		r.Email, r.FirstName, r.LastName, r.SenderID, r.Carry = "", "", "", "", nil
		r.NameText, r.Details, r.Findings = "", nil, nil
		return
	}
	addFinding := func(f ledger.Finding) { r.Findings = append([]ledger.Finding{f}, r.Findings...) }
	if again && k.Customer != nil && k.Claimed < 0 {
		addFinding(stillRepeats(k, r.Verdict != ledger.Invalid))
		r.Verdict = ledger.DuplicateInInput
		return
	}
	if r.Verdict == ledger.Invalid {
		return
	}
	if k.Claimed >= 0 {
		r.Verdict, r.Repeats = ledger.DuplicateInInput, k.Claimed
		f := ledger.Finding{Field: "email", Code: CodeRepeats, Message: "repeats " + place(k.First) + " with the same details"}
		if len(k.Differs) > 0 {
			f.Code = CodeRepeatsOther
			f.Message = fmt.Sprintf("repeats %s, which is the one that counts, but differs in %s. Decide which is right", place(k.First), strings.Join(k.Differs, ", "))
		}
		addFinding(f)
		return
	}
	if f, held := holdLookalike(k, accept); held {
		r.Verdict = ledger.Invalid
		addFinding(f)
		return
	}
	r.Claims = true
}

// stillRepeats returns what is said of a row that was said to repeat another one, or
// to have the e-mail of one that counts, and is given back with the same e-mail:
// the customer has another row's details. Those of an invalid row are not compared.
func stillRepeats(k *ledger.Match, valid bool) ledger.Finding {
	f := ledger.Finding{Field: "email", Code: CodeRepeatsOther, Message: "still repeats another row of the first list, which is the one that counts"}
	switch {
	case len(k.Differs) > 0:
		f.Message += ", but differs in " + strings.Join(k.Differs, ", ")
	case valid && k.Customer.Attempts > 0: // what was sent is known
		f.Code = CodeRepeats
	}
	f.Message += ". Delete it, or give it an e-mail of its own"
	return f
}

// holdLookalike decides whether a valid row looks like a customer who was
// onboarded under another e-mail.
func holdLookalike(k *ledger.Match, accept []string) (ledger.Finding, bool) {
	if k.Customer != nil && k.Customer.Status.Onboarded() {
		return ledger.Finding{}, false
	}
	switch {
	case k.ByID != nil && !slices.Contains(accept, CodeIDKnown):
		return ledger.Finding{Code: CodeIDKnown, Message: "this customer number was onboarded under another e-mail. If this is another customer, correct the number. If the number is right, run with --accept " + CodeIDKnown}, true
	case k.ByName != nil && !slices.Contains(accept, CodeLooksOnboarded):
		return ledger.Finding{Code: CodeLooksOnboarded, Message: "a customer with this name and phone number was onboarded under another e-mail. If this is another customer, run with --accept " + CodeLooksOnboarded}, true
	default:
		return ledger.Finding{}, false
	}
}

func findingsOf(problems []validate.Problem) []ledger.Finding {
	if len(problems) == 0 {
		return nil
	}
	out := make([]ledger.Finding, len(problems))
	for i, p := range problems {
		out[i] = ledger.Finding(p)
	}
	return out
}

// recallText returns what makes a row the same finding in tomorrow's input: the
// customer, or, where the row does not even name one, all its cells.
func recallText(c *checked, fields validate.FieldTable) string {
	if c.result.Identity != "" {
		return c.result.Identity
	}
	return c.row.ID + "\x00" + strings.Join(append(fields.Cells(&c.row.Raw), c.row.Raw.Extra...), "\x00")
}

// CodeSharesEmail is the code of the note on an invalid row that other rows of
// the input have its e-mail.
const CodeSharesEmail = "shares_email"

// sharing remembers the invalid rows of an input that were met before a row that
// claims their customer, by e-mail, so that they can name the rows that have the
// same one. It keeps nothing of other rows.
type sharing map[digest]*emailGroup

// emailGroup is the rows with one e-mail, but for the repetitions of a valid one.
type emailGroup struct {
	invalid []sharer
	valid   *rowPlace // the row that claims the customer; nil if there is none
}

// sharer is an invalid row with an e-mail, or one that has it once it is corrected.
type sharer struct {
	rowPlace
	isForetold bool
}

// addRow remembers an invalid row whose e-mail no row before it claims, or the row that
// claims an e-mail.
func (s sharing) addRow(r *ledger.Row) { s.addEmail(r, r.Identity) }

// addEmail is addRow for a row that has the e-mail, or has it once it is corrected.
func (s sharing) addEmail(r *ledger.Row, identity string) {
	if r.Claims && len(s) == 0 {
		return
	}
	email := digestOf(identity)
	g, at := s[email], sharer{placeOf(r), r.Identity == ""}
	switch {
	case r.Claims && g != nil:
		g.valid = &at.rowPlace
	case r.Claims:
	case g == nil:
		s[email] = &emailGroup{invalid: []sharer{at}}
	default:
		g.invalid = append(g.invalid, at)
	}
}

// rowNotes returns what is to be added to rows, in the order of their ordinals.
// place names a row for operators.
func (s sharing) rowNotes(place func(ledger.Position) string) []ledger.RowNote {
	var all []ledger.RowNote
	for _, g := range s {
		if len(g.invalid) == 1 && g.valid == nil {
			continue // no other row has it
		}
		for i, m := range g.invalid {
			n := ledger.RowNote{Ordinal: int(m.ordinal), Position: m.position(), Repeats: -1}
			if g.valid != nil {
				n.Finding = sharesValid(place(g.valid.position()))
				if !m.isForetold { // whose customer is not known yet
					n.Repeats = int(g.valid.ordinal)
				}
			} else {
				n.Finding = sharesInvalid(g.nameOthers(i, place))
			}
			all = append(all, n)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Ordinal < all[j].Ordinal })
	return all
}

// namedRows is how many rows with the same e-mail are named.
const namedRows = 3

// nameOthers names the other invalid rows of the e-mail.
func (g *emailGroup) nameOthers(but int, place func(ledger.Position) string) []string {
	var names []string
	for i, m := range g.invalid[:min(len(g.invalid), namedRows+1)] {
		if i != but && len(names) < namedRows {
			names = append(names, place(m.position()))
		}
	}
	if more := len(g.invalid) - 1 - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return names
}

// sharesValid returns the note on an invalid row whose customer is another row's.
func sharesValid(other string) ledger.Finding {
	return ledger.Finding{Field: "email", Code: CodeSharesEmail, Warning: true,
		Message: other + " has the same e-mail, and is the one that counts. Give this row an e-mail of its own, or delete it"}
}

// sharesInvalid returns the note on one of several invalid rows with one e-mail.
func sharesInvalid(others []string) ledger.Finding {
	names, has := others[0], "has"
	if last := len(others) - 1; last > 0 {
		names, has = strings.Join(others[:last], ", ")+" and "+others[last], "have"
	}
	return ledger.Finding{Field: "email", Code: CodeSharesEmail, Warning: true,
		Message: names + " " + has + " the same e-mail. Only one row with it can be sent"}
}

// emailOnceCorrected returns the identity of a row: where the cell has none, the one
// that it has once what hides it is removed.
func emailOnceCorrected(row *ledger.Row, res *validate.Result) string {
	if row.Identity == "" && res.Corrected != nil {
		return res.Corrected.Identity
	}
	return row.Identity
}

// lookUpCorrected looks up the e-mails that rows have once they are corrected, by the
// index of the row.
func (r *registrar) lookUpCorrected(ctx context.Context, rows []ledger.Row, checks []checked) (map[int]ledger.Match, error) {
	var keys []ledger.LookupKey
	var indexes []int
	for i := range rows {
		if email := emailOnceCorrected(&rows[i], &checks[i].result); email != rows[i].Identity {
			keys, indexes = append(keys, ledger.LookupKey{Identity: email}), append(indexes, i)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	known, err := r.out.reg.Lookup(ctx, keys)
	if err != nil {
		return nil, err
	}
	found := make(map[int]ledger.Match, len(keys))
	for n, i := range indexes {
		found[i] = known[n]
	}
	return found, nil
}

// noteCorrectedEmail is noteSharedEmail for a row whose e-mail is known once it is
// corrected.
func (r *registrar) noteCorrectedEmail(row *ledger.Row, k *ledger.Match, identity string) {
	if k.Claimed < 0 {
		r.sharing.addEmail(row, identity)
		return
	}
	row.Findings = append(row.Findings, sharesValid(r.placeName(k.First)))
}

// noteTakenNumber adds to an invalid row which valid row before it has its customer
// number, under another e-mail.
func (r *registrar) noteTakenNumber(row *ledger.Row) {
	number := ledger.PlainNumber(row.SenderID)
	if row.Verdict != ledger.Invalid || number == "" || len(r.numbers) == 0 {
		return
	}
	isNoted := slices.ContainsFunc(row.Findings, func(f ledger.Finding) bool { return f.Code == CodeSharesEmail || f.Code == CodeIDRepeated })
	if first, isTaken := r.numbers[digestOf(number)]; isTaken && !isNoted {
		row.Findings = append(slices.Clip(row.Findings), looksLike(CodeSharesNumber, r.placeName(first.position())))
	}
}

// Codes of the notes that another row of the input has the customer number, or name
// and phone number, of an invalid row, under another e-mail.
const (
	CodeSharesNumber = "shares_number"
	CodeSharesPerson = "shares_person"
)

// IsForetold reports whether a warning says what will be wrong once the row is
// corrected, so that its sender needs to know.
func IsForetold(code string) bool {
	return slices.Contains([]string{CodeSharesEmail, CodeSharesNumber, CodeSharesPerson, validate.CodeForetold}, code)
}

// lookalikes remembers the invalid rows of an input by customer number, and by name
// and phone number: once they are corrected, one of two such rows will be held.
type lookalikes struct {
	seed  maphash.Seed
	first map[uint64]lookalike
	notes map[int]ledger.RowNote // on rows that a later valid row looks like
}

// lookalike is the first invalid row of a number, or of a name and phone number.
type lookalike struct {
	at    rowPlace
	email uint64 // hash; 0 if it has none
}

// note adds to an invalid row which earlier one has its number, or its name and phone
// number, and remembers it. For a valid row it remembers a note on the invalid one.
func (l *lookalikes) note(row *ledger.Row, res *validate.Result, place func(ledger.Position) string) {
	isInvalid := row.Verdict == ledger.Invalid
	if !isInvalid && (!row.Claims || len(l.first) == 0) {
		return
	}
	if l.first == nil {
		*l = lookalikes{seed: maphash.MakeSeed(), first: map[uint64]lookalike{}, notes: map[int]ledger.RowNote{}}
	}
	identity, nameText := res.Identity, res.User.NameText()
	if res.Corrected != nil {
		identity, nameText = cmp.Or(identity, res.Corrected.Identity), cmp.Or(nameText, res.Corrected.User.NameText())
	}
	email := uint64(0)
	if identity != "" {
		email = maphash.String(l.seed, identity)
	}
	l.compare(row, CodeSharesNumber, ledger.PlainNumber(row.SenderID), email, isInvalid, place)
	l.compare(row, CodeSharesPerson, nameText, email, isInvalid, place)
}

func (l *lookalikes) compare(row *ledger.Row, code, value string, email uint64, isInvalid bool, place func(ledger.Position) string) {
	if value == "" {
		return
	}
	key := maphash.String(l.seed, code+value)
	other, found := l.first[key]
	switch {
	case found && other.email == email && email != 0: // noted as rows with one e-mail
	case found && isInvalid && slices.ContainsFunc(row.Findings, func(f ledger.Finding) bool { return f.Code == code }):
	case found && isInvalid:
		row.Findings = append(slices.Clip(row.Findings), looksLike(code, place(other.at.position())))
	case found:
		if ordinal := int(other.at.ordinal); l.notes[ordinal].Finding.Code == "" {
			l.notes[ordinal] = ledger.RowNote{Ordinal: ordinal, Position: other.at.position(), Repeats: -1, Finding: looksLike(code, place(placeOf(row).position()))}
		}
	case isInvalid:
		l.first[key] = lookalike{placeOf(row), email}
	}
}

// addNotes adds the notes on rows to those that there are, and keeps the order. A row
// has one note, which says all.
func (l *lookalikes) addNotes(notes []ledger.RowNote) []ledger.RowNote {
	for i := range notes {
		n := &notes[i]
		if further, isNoted := l.notes[n.Ordinal]; isNoted {
			n.Finding.Message += ". " + strings.Replace(further.Finding.Message, "also: ", "Also: ", 1)
			delete(l.notes, n.Ordinal)
		}
	}
	for _, n := range l.notes {
		notes = append(notes, n)
	}
	sort.Slice(notes, func(i, j int) bool { return notes[i].Ordinal < notes[j].Ordinal })
	return notes
}

// looksLike returns the note on a row that may be the customer of another one.
func looksLike(code, other string) ledger.Finding {
	what := "name and phone number"
	if code == CodeSharesNumber {
		what = "customer number"
	}
	return ledger.Finding{Code: code, Warning: true,
		Message: "also: " + other + " has the same " + what + " under another e-mail. If it is one customer, delete one of the rows"}
}
