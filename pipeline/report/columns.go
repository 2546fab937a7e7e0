package report

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report/finance"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Columns returns the report's own columns, in order. The carried columns of the
// input follow them.
func Columns() []string {
	return []string{"file", "sheet", "row", "id", "status", "email", "firstName", "lastName", "serviceId",
		"verificationUrl", "field", "code", "message", "idempotencyKey", "attempts", "httpStatus",
		"firstSentAt", "decidedAt"}
}

// CheckColumns returns the last columns, after the carried ones, of a report
// whose Meta.KYC or LinkAges is set: the status of the user's identity check and its
// time, when the link was issued, why the user was denied, unless approved later, how
// often the check was repeated, the age of the link and whether it probably works. A carried column of such a name gets the
// prefix in every report, so that its name never changes.
func CheckColumns() []string {
	return []string{"kycStatus", "kycSince", "linkIssuedAt", "kycReasons", "kycRetries", "linkAge", "linkState"}
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

// isNumeric reports whether a column holds whole numbers (or nothing).
func isNumeric(col int) bool {
	return col == colRow || col == colAttempts || col == colHTTPStatus
}

// rowTable turns rows of the ledger into cells.
type rowTable struct {
	header  []string
	carried []string // of the header
	checks  bool     // CheckColumns are there
	noLinks bool
	asOf    time.Time
	life    LinkLife
	batches []ledger.Batch
	names   [][]string // batch → its file → what the report calls it
	carryTo [][]int    // batch → its carried column → column of the table

	phrases *finance.Phrases // if the cells are for finance, else nil
}

func newRowTable(m Meta) *rowTable {
	t := &rowTable{header: Columns(), checks: m.KYC || m.LinkAges, noLinks: m.NoLinks, asOf: m.asOf(), life: m.LinkLife, batches: m.Batches}
	var names []string
	for _, b := range m.Batches {
		to := make([]int, len(b.Carried))
		for i, name := range b.Carried {
			j := slices.Index(names, name)
			if j < 0 {
				j = len(names)
				names = append(names, name)
				t.header = append(t.header, t.freeName(reporttext.Clean(name)))
			}
			to[i] = colCarried + j
		}
		t.carryTo = append(t.carryTo, to)
		t.names = append(t.names, fileNames(b.Files))
	}
	t.carried = t.header[colCarried:len(t.header):len(t.header)]
	if t.checks {
		t.header = append(t.header, CheckColumns()...)
	}
	return t
}

// freeName gives name the prefix "input." until no column has it. Case is
// ignored, as programs that read the report may ignore it.
func (t *rowTable) freeName(name string) string {
	own := append(CheckColumns(), t.header...)
	for slices.ContainsFunc(own, func(h string) bool { return strings.EqualFold(h, name) }) {
		name = "input." + name
	}
	return name
}

// fileNames returns the names of files without their folders, unless two of
// them would be equal.
func fileNames(files []ledger.File) []string {
	names := make([]string, len(files))
	seen := map[string]string{}
	isAmbiguous := false
	for i, f := range files {
		names[i] = reporttext.Clean(filepath.Base(f.Name))
		other, ok := seen[names[i]]
		isAmbiguous = isAmbiguous || ok && other != f.Name
		seen[names[i]] = f.Name
	}
	if isAmbiguous {
		for i, f := range files {
			names[i] = reporttext.Clean(f.Name)
		}
	}
	return names
}

// rowCells returns the cells of one row, as text, unguarded.
func (t *rowTable) rowCells(r *ledger.Reported) []string {
	c := make([]string, len(t.header))
	batch := 0
	if len(t.batches) != 1 {
		batch = slices.IndexFunc(t.batches, func(b ledger.Batch) bool { return b.ID == r.Customer.LastBatch })
	}
	if batch >= 0 && batch < len(t.batches) && r.Number > 0 {
		if files := t.batches[batch].Files; r.File >= 0 && r.File < len(files) {
			c[colFile], c[colSheet] = t.names[batch][r.File], reporttext.Clean(files[r.File].Sheet)
		}
	}
	if r.Number > 0 {
		c[colRow] = strconv.Itoa(r.Number)
	}
	c[colStatus] = string(r.Status)
	var registered time.Time
	if batch >= 0 && batch < len(t.batches) {
		registered = t.batches[batch].Registered
	}
	items := problemsOf(r, registered)
	if t.phrases != nil {
		wordForFinance(items, t.phrases)
	}
	c[colField], c[colCode], c[colMessage] = listCells(items)
	if c[colMessage] != "" && r.Line > 0 && r.Line != r.Number {
		c[colMessage] += " (line " + strconv.Itoa(r.Line) + ")"
	}
	if r.Status != ledger.DuplicateInInput {
		c[colKey] = r.Customer.Key
		c[colAttempts] = strconv.Itoa(r.Customer.Attempts)
		if r.Customer.HTTPStatus > 0 {
			c[colHTTPStatus] = strconv.Itoa(r.Customer.HTTPStatus)
		}
		c[colFirstSent] = formatTime(r.Customer.FirstSent)
		c[colDecided] = formatTime(r.Customer.Decided)
	}
	if r.Status == ledger.Forgotten {
		return c // erased on request: nothing that names the customer
	}
	c[colID] = reporttext.Clean(cmp.Or(r.SenderID, r.Customer.SenderID))
	c[colEmail] = reporttext.Clean(cmp.Or(r.Email, r.Customer.Email))
	c[colFirstName] = reporttext.Clean(cmp.Or(r.FirstName, r.Customer.FirstName))
	c[colLastName] = reporttext.Clean(cmp.Or(r.LastName, r.Customer.LastName))
	if r.Status != ledger.DuplicateInInput && r.Status != ledger.Invalid {
		// A link is in one row of a report, so that a mail merge sends it once.
		c[colServiceID] = reporttext.Clean(r.Customer.ServiceID)
		if !t.noLinks {
			c[colURL] = reporttext.LinkCell(r.Customer.UsableURL())
		}
		if t.checks {
			checkCells(c[len(c)-len(CheckColumns()):], &r.Customer)
			if r.Status == ledger.Created {
				c[len(c)-2], c[len(c)-1] = linkCells(&r.Customer, t.asOf, t.life)
			}
		}
	}
	if batch >= 0 && batch < len(t.carryTo) {
		for i, text := range r.Carry {
			if i < len(t.carryTo[batch]) {
				c[t.carryTo[batch][i]] = reporttext.Clean(text)
			}
		}
	}
	return c
}

// checkCells fills in the CheckColumns.
func checkCells(cells []string, c *ledger.Customer) {
	cells[0], cells[1] = reporttext.Clean(string(c.KYC.Status)), formatTime(c.KYC.At)
	if c.UsableURL() != "" {
		cells[2] = formatTime(c.Issued)
	}
	if c.KYC.Status != ledger.KYCApproved {
		cells[3] = reporttext.Clean(strings.Join(c.KYC.Reasons, "; "))
	}
	if n := c.KYC.RetriesUsed(); n > 0 {
		cells[4] = strconv.Itoa(n)
	}
}

// detailsChanged is the code of details that differ from what was sent.
const detailsChanged = "details_changed"

// problem is one entry of the lists in field, code and message.
type problem struct{ field, code, message string }

// problemsOf returns the problems of a row: what decided its status, then
// changed details, then a check that goes on without the user, then warnings. A
// finding that did not decide the status is a warning; it is omitted for a
// customer who was created from a corrected row. registered is when the row's
// input was.
func problemsOf(r *ledger.Reported, registered time.Time) (list []problem) {
	own := r.Status == ledger.Invalid || r.Status == ledger.DuplicateInInput
	if own {
		for _, f := range r.Findings {
			if !f.Warning {
				list = append(list, problem{f.Field, f.Code, f.Message})
			}
		}
	} else if c := &r.Customer; c.Code != "" || c.Message != "" {
		list = append(list, problem{c.Field, c.Code, c.Message})
	}
	if p := r.Customer.Pairing; r.Status == ledger.Created && p.NeedsReview() {
		list = append(list, problem{"email", string(p), p.Explain()})
	}
	if !own && r.Status != ledger.Forgotten {
		for _, field := range r.Changed {
			list = append(list, problem{field, detailsChanged, "differs from what was sent, and was not sent again"})
		}
	}
	if r.ShowsOther() {
		list = append(list, problem{"", "warn:known_from", KnownFrom(r, registered)})
	}
	if p := r.Customer.Pairing; r.Status == ledger.Created && p == ledger.Unconfirmed {
		list = append(list, problem{"", "warn:" + string(p), p.Explain()})
	}
	if !own && r.Status != ledger.Forgotten && r.Customer.KYC.IsUnderReviewAgain() {
		list = append(list, problem{"", "warn:" + ledger.CodeResubmitted, ledger.ResubmittedMessage})
	}
	corrected := r.Customer.Attempts > 0 && (r.Status == ledger.Created || r.Status == ledger.LinkMissing)
	for _, f := range r.Findings {
		if f.Warning || !own && !corrected {
			list = append(list, problem{f.Field, "warn:" + f.Code, f.Message})
		}
	}
	return list
}

// wordForFinance words problems for finance, with the sender's headings.
func wordForFinance(items []problem, phrases *finance.Phrases) {
	for i := range items {
		p := &items[i]
		p.message = phrases.Sentence(p.field, strings.TrimPrefix(p.code, "warn:"), p.message)
		p.field = phrases.Title(p.field)
		if len(items) > 1 {
			p.message = strings.TrimSuffix(p.message, ".")
		}
	}
}

// KnownFrom returns where the customer of an invalid row comes from, if
// r.ShowsOther: from a later input, in which the row was corrected, or from an
// earlier one. registered is when the row's input was; zero = unknown.
func KnownFrom(r *ledger.Reported, registered time.Time) string {
	from := r.From
	if from.Number == 0 || registered.IsZero() || !from.Registered.After(registered) {
		return "the row itself is invalid. Its customer is that of " + from.String()
	}
	return CorrectedIn(r.Status, from)
}

// CorrectedIn says what became of a row that was corrected in another input, where it
// has a status.
func CorrectedIn(status ledger.Status, in ledger.Origin) string {
	name := filepath.Base(in.File)
	if in.File == "-" {
		name = "standard input"
	}
	return statusTitle(status) + ", as corrected in " + name + " row " + strconv.Itoa(in.Number)
}

// listCells returns the cells field, code and message: three lists of the same
// length, even if all entries of one are empty.
func listCells(items []problem) (field, code, message string) {
	for i, p := range items {
		if i > 0 {
			field, code, message = field+"; ", code+"; ", message+"; "
		}
		field, code, message = field+listItem(p.field), code+listItem(p.code), message+listItem(p.message)
	}
	return field, code, message
}

// listItem makes text fit for a list: one line, no semicolon. The partner's
// messages may have either.
func listItem(s string) string {
	if strings.ContainsAny(s, ";\r\n\t") {
		s = strings.Join(strings.Fields(strings.ReplaceAll(s, ";", ",")), " ")
	}
	return reporttext.Clean(s)
}

// formatTime returns RFC 3339 in UTC, to the second; "" for the zero time.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
