package report

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Columns are the report's own columns, in order. The carried columns of the
// input follow them.
func Columns() []string {
	return []string{"file", "sheet", "row", "id", "status", "email", "firstName", "lastName", "serviceId",
		"verificationUrl", "field", "code", "message", "idempotencyKey", "attempts", "httpStatus",
		"firstSentAt", "decidedAt"}
}

// CheckColumns are the last columns, after the carried ones, of a report whose
// Meta.KYC is set: the status of the user's identity check, since when it is
// that, when the link was issued, why the user was denied, as long as there is no
// approval, and how often the check was begun again. A carried column of such a name gets the
// prefix in every report, so that it does not change its name one day.
func CheckColumns() []string {
	return []string{"kycStatus", "kycSince", "linkIssuedAt", "kycReasons", "kycRetries"}
}

// Positions in Columns of what is not plain text, or is used apart.
const (
	colFile = iota
	colSheet
	colRow
	colID
	colStatus
	colEmail
	colFirstName
	colLastName
	colServiceID
	colURL
	colField
	colCode
	colMessage
	colKey
	colAttempts
	colHTTPStatus
	colFirstSent
	colDecided
	colCarried
)

// numeric reports whether a column holds whole numbers (or nothing).
func numeric(col int) bool {
	return col == colRow || col == colAttempts || col == colHTTPStatus
}

// table turns rows of the ledger into cells. It is used by one goroutine.
type table struct {
	header  []string
	carried []string // of the header
	checks  bool     // CheckColumns are there
	noLinks bool
	batches []ledger.Batch
	names   [][]string // batch → its file → what the report calls it
	places  [][]int    // batch → its carried column → column of the table
	cells   []string
	items   []problem
}

func newTable(m Meta) *table {
	t := &table{header: Columns(), checks: m.KYC, noLinks: m.NoLinks, batches: m.Batches}
	var names []string
	for _, b := range m.Batches {
		place := make([]int, len(b.Carried))
		for i, name := range b.Carried {
			j := slices.Index(names, name)
			if j < 0 {
				j = len(names)
				names = append(names, name)
				t.header = append(t.header, t.free(clean(name)))
			}
			place[i] = colCarried + j
		}
		t.places = append(t.places, place)
		t.names = append(t.names, fileNames(b.Files))
	}
	t.carried = t.header[colCarried:len(t.header):len(t.header)]
	if t.checks {
		t.header = append(t.header, CheckColumns()...)
	}
	t.cells = make([]string, len(t.header))
	return t
}

// free gives name the prefix "input." until no column has it. Case does not
// tell columns apart: programs that read the report may not mind it.
func (t *table) free(name string) string {
	own := append(CheckColumns(), t.header...)
	for slices.ContainsFunc(own, func(h string) bool { return strings.EqualFold(h, name) }) {
		name = "input." + name
	}
	return name
}

// fileNames gives the files without their folders, unless that makes two of
// them alike.
func fileNames(files []ledger.File) []string {
	names := make([]string, len(files))
	seen := map[string]string{}
	alike := false
	for i, f := range files {
		names[i] = clean(filepath.Base(f.Name))
		other, ok := seen[names[i]]
		alike = alike || ok && other != f.Name
		seen[names[i]] = f.Name
	}
	if alike {
		for i, f := range files {
			names[i] = clean(f.Name)
		}
	}
	return names
}

// row gives the cells of one row, as text, unguarded. They are good until the
// next call.
func (t *table) row(r *ledger.Reported) []string {
	c := t.cells
	clear(c)
	batch := 0
	if len(t.batches) != 1 {
		batch = slices.IndexFunc(t.batches, func(b ledger.Batch) bool { return b.ID == r.Customer.LastBatch })
	}
	if batch >= 0 && batch < len(t.batches) && r.Number > 0 {
		if files := t.batches[batch].Files; r.File >= 0 && r.File < len(files) {
			c[colFile], c[colSheet] = t.names[batch][r.File], clean(files[r.File].Sheet)
		}
	}
	if r.Number > 0 {
		c[colRow] = strconv.Itoa(r.Number)
	}
	c[colStatus] = string(r.Status)
	t.items = problems(t.items[:0], r)
	c[colField], c[colCode], c[colMessage] = join(t.items)
	if c[colMessage] != "" && r.Line > 0 && r.Line != r.Number {
		c[colMessage] += " (line " + strconv.Itoa(r.Line) + ")"
	}
	if r.Status != ledger.DuplicateInInput {
		c[colKey] = r.Customer.Key
		c[colAttempts] = strconv.Itoa(r.Customer.Attempts)
		if r.Customer.HTTPStatus > 0 {
			c[colHTTPStatus] = strconv.Itoa(r.Customer.HTTPStatus)
		}
		c[colFirstSent] = moment(r.Customer.FirstSent)
		c[colDecided] = moment(r.Customer.Decided)
	}
	if r.Status == ledger.Forgotten {
		return c // erased on request: nothing that names the person
	}
	c[colID] = clean(either(r.SenderID, r.Customer.SenderID))
	c[colEmail] = clean(either(r.Email, r.Customer.Email))
	c[colFirstName] = clean(either(r.FirstName, r.Customer.FirstName))
	c[colLastName] = clean(either(r.LastName, r.Customer.LastName))
	if r.Status != ledger.DuplicateInInput && r.Status != ledger.Invalid {
		// A link stands in one row of a report, so that a mail merge sends it once.
		c[colServiceID] = clean(r.Customer.ServiceID)
		if !t.noLinks {
			c[colURL] = LinkCell(r.Customer.UsableURL())
		}
		if t.checks {
			checkCells(c[len(c)-len(CheckColumns()):], &r.Customer)
		}
	}
	if batch >= 0 && batch < len(t.places) {
		for i, cell := range r.Carry {
			if i < len(t.places[batch]) {
				c[t.places[batch][i]] = clean(cell)
			}
		}
	}
	return c
}

// checkCells fills in the CheckColumns.
func checkCells(cells []string, c *ledger.Customer) {
	cells[0], cells[1] = clean(string(c.KYC.Status)), moment(c.KYC.At)
	if c.UsableURL() != "" {
		cells[2] = moment(c.Issued)
	}
	if c.KYC.Status != ledger.KYCApproved {
		cells[3] = clean(strings.Join(c.KYC.Reasons, "; "))
	}
	if n := c.KYC.RetriesUsed(); n > 0 {
		cells[4] = strconv.Itoa(n)
	}
}

// problem is one entry of the lists in field, code and message.
type problem struct{ field, code, message string }

// problems appends what is to be said of a row: what decided its status, then
// changed details, then a check that goes on without the user, then warnings. A finding that did not decide the status is a
// warning; of a person who was created from a mended row it is no longer worth
// one.
func problems(to []problem, r *ledger.Reported) []problem {
	own := r.Status == ledger.Invalid || r.Status == ledger.DuplicateInInput
	if own {
		for _, f := range r.Findings {
			if !f.Warning {
				to = append(to, problem{f.Field, f.Code, f.Message})
			}
		}
	} else if c := &r.Customer; c.Code != "" || c.Message != "" {
		to = append(to, problem{c.Field, c.Code, c.Message})
	}
	if p := r.Customer.Pairing; r.Status == ledger.Created && p.NeedsReview() {
		to = append(to, problem{"email", string(p), p.Explain()})
	}
	if !own && r.Status != ledger.Forgotten {
		for _, field := range r.Changed {
			to = append(to, problem{field, "details_changed", "differs from what was sent, and was not sent again"})
		}
	}
	if r.ShowsOther() {
		to = append(to, problem{"", "warn:known_from", "the row itself is invalid. Its customer is that of " + r.From.String()})
	}
	if p := r.Customer.Pairing; r.Status == ledger.Created && p == ledger.Unconfirmed {
		to = append(to, problem{"", "warn:" + string(p), p.Explain()})
	}
	if !own && r.Status != ledger.Forgotten && r.Customer.KYC.IsUnderReviewAgain() {
		to = append(to, problem{"", "warn:" + ledger.CodeResubmitted, ledger.ResubmittedMessage})
	}
	mended := r.Customer.Attempts > 0 && (r.Status == ledger.Created || r.Status == ledger.LinkMissing)
	for _, f := range r.Findings {
		if f.Warning || !own && !mended {
			to = append(to, problem{f.Field, "warn:" + f.Code, f.Message})
		}
	}
	return to
}

// join makes the three lists. They have the same length, whatever is empty.
func join(items []problem) (field, code, message string) {
	switch len(items) {
	case 0:
		return "", "", ""
	case 1:
		return item(items[0].field), item(items[0].code), item(items[0].message)
	}
	var f, c, m strings.Builder
	for i, p := range items {
		if i > 0 {
			f.WriteString("; ")
			c.WriteString("; ")
			m.WriteString("; ")
		}
		f.WriteString(item(p.field))
		c.WriteString(item(p.code))
		m.WriteString(item(p.message))
	}
	return f.String(), c.String(), m.String()
}

// item makes text fit for a list: one line, no semicolon. A partner's words
// may have either.
func item(s string) string {
	if strings.ContainsAny(s, ";\r\n\t") {
		s = strings.Join(strings.Fields(strings.ReplaceAll(s, ";", ",")), " ")
	}
	return clean(s)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// moment is RFC 3339 in UTC, to the second; "" for no moment.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
