package ledger

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Selection selects rows for a report. The zero value selects all rows of the
// newest batch.
type Selection struct {
	Batch int64
	Run   int64 // rows of the input of this run
	All   bool  // every customer once, by its last row
	Only  []Status

	// Reviewed selects only rows that may need a review; see Reported.NeedsReview. They
	// are found without reading all the others in full.
	Reviewed bool
	Since    time.Time // decided at or after: the customer, or with the row's own verdict its registration
}

// Reported is one line of a report.
type Reported struct {
	Row
	Customer    Customer // zero if the row has none; without History, and without LastBatch and LastRow unless Selection.All
	Status      Status
	Changed     []string // names of the fields that differ from what was sent; never ipAddress
	WasReported bool     // an earlier finished run reported this customer with the same outcome, which needs a review; earlier than Selection.Run, or than the batch's newest run
	Details     Details  // of the row; nil if not kept
	From        Origin   // where the customer comes from, if ShowsOther; zero else, and if it is not known
}

// Origin is the row that claimed a customer last. The zero value is none.
type Origin struct {
	File       string // path, as registered
	Sheet      string
	Number     int // row; 0 = not known
	Registered time.Time
}

// Tally counts rows.
type Tally struct {
	Rows    int
	Status  map[Status]int
	Code    map[StatusCode]int // problems, without warnings
	Known   int                // rows with Reported.WasReported
	Changed int                // rows with Reported.Changed
}

// StatusCode is a cause: the status, the field and the code that it has.
type StatusCode struct {
	Status      Status
	Field, Code string
}

// RowStatus returns the status that a row shows, given its own verdict, whether
// another row of the same input claims its customer, and the customer (zero if
// it has none). It is the one rule that every ledger and every reader applies.
//
// The verdict is about the row. A duplicate row therefore stays one whatever happens to
// the first row, and an invalid row stays invalid if another row of the input claims
// its customer. An invalid row shows the customer's status only if no other row claims
// it: the customer was sent from a corrected list, or under other rules. A customer who
// is still pending there does not make an invalid row valid. A forgotten customer shows
// as forgotten on every row but a duplicate.
func RowStatus(verdict Status, otherClaims bool, c Customer) Status {
	switch {
	case verdict == DuplicateInInput:
		return verdict
	case c.Status == Forgotten:
		return Forgotten
	case verdict == Invalid && otherClaims:
		return verdict
	case c.ID == 0 && verdict == "":
		return Pending
	case c.ID == 0:
		return verdict
	case verdict != "" && c.Status == Pending:
		return verdict
	}
	return c.Status
}

// AddNote adds a note to the row.
func (r *Row) AddNote(n RowNote) {
	r.Repeats = n.Repeats
	r.Findings = append(slices.Clip(r.Findings), n.Finding)
}

// Erased returns the row without personal data, as it remains when its customer is
// forgotten.
func (r Row) Erased() Row {
	return Row{Ordinal: r.Ordinal, File: r.File, Number: r.Number, Line: r.Line, Claims: r.Claims, Verdict: r.Verdict, Repeats: r.Repeats, Findings: r.Findings}
}

// OtherClaims reports whether another row of the same input claims the row's
// customer.
func (r *Row) OtherClaims() bool { return r.Repeats >= 0 }

// NewReported returns the report line of a row: the status by RowStatus, and
// what changed since the customer was sent, by the names of the ledger. An invalid row
// whose customer another row claims is returned without that customer, so that no
// report shows the other row's link, key or times with it. The caller sets WasReported
// and From.
func NewReported(r Row, d Details, c Customer, names DetailNames) Reported {
	rep := Reported{Row: r, Details: d, Status: RowStatus(r.Verdict, r.OtherClaims(), c)}
	if rep.Status == Invalid && r.OtherClaims() {
		return rep
	}
	rep.Customer = c
	switch {
	case c.Attempts == 0 || rep.Status == DuplicateInInput:
	case r.Verdict == Invalid && rep.Status != Invalid:
		rep.Changed = unsendable(r.Findings, names)
	default:
		rep.Changed = d.Changed(c.Details, names)
	}
	return rep
}

// NewOrigin returns the origin of a customer that a row of a batch claimed last.
func NewOrigin(b Batch, r Row) Origin {
	o := Origin{Number: r.Number, Registered: b.Registered}
	if r.File >= 0 && r.File < len(b.Files) {
		o.File, o.Sheet = b.Files[r.File].Name, b.Files[r.File].Sheet
	}
	return o
}

// String names the row for people, with the day on which its input was registered.
func (o Origin) String() string {
	if o == (Origin{}) {
		return "another input"
	}
	name := filepath.Base(o.File)
	if o.File == "-" {
		name = "standard input"
	}
	if o.Sheet != "" {
		name += ", sheet " + o.Sheet
	}
	if o.Number > 0 {
		name = fmt.Sprintf("row %d of %s", o.Number, name)
	}
	return name + ", read " + o.Registered.UTC().Format(time.DateOnly)
}

// ShowsOther reports whether an invalid row shows the status of a customer that
// a row of another input claimed.
func (r *Reported) ShowsOther() bool {
	return r.Verdict == Invalid && r.Status != Invalid && r.Status != Forgotten
}

// unsendable returns the fields of a row that cannot be what was sent, because they break
// a rule: the customer was created from a corrected row of another input, or under
// other rules.
func unsendable(findings []Finding, names DetailNames) []string {
	var unsent []string
	for _, name := range names {
		of := func(f Finding) bool { return f.Field == name && !f.Warning }
		if name != unreportedDetail && slices.ContainsFunc(findings, of) {
			unsent = append(unsent, name)
		}
	}
	return unsent
}

// Problems are the causes of the status that the line shows: those of the row
// when the verdict is its own, else that of the customer. Warnings are none.
func (r Reported) Problems() []StatusCode {
	var all []StatusCode
	if r.Status == r.Verdict {
		for _, f := range r.Findings {
			if !f.Warning {
				all = append(all, StatusCode{r.Status, f.Field, f.Code})
			}
		}
		return all
	}
	if r.Customer.Code != "" {
		all = append(all, StatusCode{r.Status, r.Customer.Field, r.Customer.Code})
	}
	if r.Status == Created && r.Customer.Pairing.NeedsReview() {
		all = append(all, StatusCode{r.Status, "email", string(r.Customer.Pairing)})
	}
	return all
}

// NeedsReview reports whether a reviewer has something to do about the status, so that
// it matters whether an earlier run reported it.
func (s Status) NeedsReview() bool {
	switch s {
	case Invalid, Duplicate, Rejected, LinkMissing, DuplicateInInput:
		return true
	}
	return false
}

// NeedsReview reports whether a reviewer has something to do about the line.
func (r Reported) NeedsReview() bool {
	return r.Status.NeedsReview() || r.Status == Created && r.Customer.NeedsReview()
}

// Onboarded reports whether the customer has, or may have, a user at the partner.
func (s Status) Onboarded() bool {
	switch s {
	case Created, LinkMissing, Duplicate, InDoubt:
		return true
	}
	return false
}

// Since reports whether the line was decided at or after a moment: its customer,
// or with the row's own verdict its registration.
func (r Reported) Since(t, registered time.Time) bool {
	if r.Status == r.Verdict {
		return !registered.Before(t)
	}
	return !r.Customer.Decided.IsZero() && !r.Customer.Decided.Before(t)
}

// Count adds a line to the tally.
func (t *Tally) Count(r Reported) {
	if t.Status == nil {
		t.Status, t.Code = map[Status]int{}, map[StatusCode]int{}
	}
	t.Rows++
	t.Status[r.Status]++
	for _, p := range r.Problems() {
		t.Code[p]++
	}
	if r.WasReported {
		t.Known++
	}
	if len(r.Changed) > 0 {
		t.Changed++
	}
}

// Outcome returns the status with its causes as text. Two lines of one customer with
// the same outcome need no second review.
func (r Reported) Outcome() string {
	var b strings.Builder
	b.WriteString(string(r.Status))
	for _, p := range r.Problems() {
		b.WriteString("\x00" + p.Field + "\x00" + p.Code)
	}
	return b.String()
}
