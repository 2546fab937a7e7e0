package report

import (
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBroken = errors.New("ledger broke")

// seq yields rows, and then err if there is one.
func seq(err error, rows ...ledger.Reported) Rows {
	return func(yield func(ledger.Reported, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(ledger.Reported{}, err)
		}
	}
}

func at(second int) time.Time {
	return time.Date(2026, 3, 1, 10, 0, second, 999, time.FixedZone("", 3600))
}

func meta() Meta {
	return Meta{
		Version: "v1.0.0", Environment: "staging", Ledger: "bulkonboard-staging.db", Run: 7,
		Batches: []ledger.Batch{{
			ID:      1,
			Files:   []ledger.File{{Name: "in/staff.csv", SHA256: "ab12", Rows: 9}, {Name: "more.xlsx", Sheet: "Sheet 1", SHA256: "cd34", Rows: 3}},
			Carried: []string{"Customer No", "Email", "branch"},
			Rows:    12,
		}},
		Started: at(0), Finished: at(59),
		Money: Money{Fee: "1.50", Currency: "USD", Charged: "3.00", WalletBefore: "100.00", WalletAfter: "97.00"},
	}
}

// sample is one row of every kind, and every awkward cell.
func sample() []ledger.Reported {
	row := func(n int, email string) ledger.Row {
		return ledger.Row{Ordinal: n - 2, Number: n, Line: n, Email: email, FirstName: "Ada", LastName: "Lovelace", SenderID: "C-" + email[:1],
			Carry: []string{"C-" + email[:1], "own@" + email[:1], "Main St"}, Claims: true, Repeats: -1}
	}
	sent := func(status ledger.Status, url string) ledger.Customer {
		return ledger.Customer{ID: 1, Status: status, ServiceID: "acme-1", URL: url, HTTPStatus: 201, Attempts: 1,
			Key: "866c8eba-eb42-517c-b5f0-479a00f6d285", FirstSent: at(1), Decided: at(2)}
	}
	link := "https://verify.example/inquiry?id="
	created := ledger.Reported{Row: row(2, "a@example.com"), Customer: sent(ledger.Created, link+"a"), Status: ledger.Created}
	created.Customer.Issued, created.Customer.KYC = at(2), ledger.KYC{Status: ledger.KYCApproved, At: at(30), Seen: at(31)}
	awkward := ledger.Reported{Row: row(3, "b@example.com"), Customer: sent(ledger.Created, link+"b"), Status: ledger.Created, Changed: []string{"phoneNumber", "city"}}
	awkward.FirstName, awkward.LastName, awkward.Carry[2] = "=HYPERLINK(\"x\")", "O\"Brien, <b>", "line one\r\nline two\x1b[31m"
	awkward.SenderID, awkward.Carry[0] = "-42", "+49 30 1234"
	awkward.Findings = []ledger.Finding{{Field: "firstName", Code: "looks_odd", Message: "looks odd", Warning: true}}
	lost := ledger.Reported{Row: row(4, "c@example.com"), Customer: sent(ledger.LinkMissing, ""), Status: ledger.LinkMissing}
	lost.Customer.HTTPStatus, lost.Customer.Code, lost.Customer.Message = 0, "link_lost", "the answer with the link was lost"
	dup := ledger.Reported{Row: row(5, "d@example.com"), Customer: sent(ledger.Duplicate, ""), Status: ledger.Duplicate}
	dup.Customer.ServiceID, dup.Customer.HTTPStatus, dup.Customer.Field, dup.Customer.Code, dup.Customer.Message = "", 400, "email", "DUP_USER", "the partner has this e-mail"
	twice := ledger.Reported{Row: row(8, "a@example.com"), Customer: sent(ledger.Created, link+"a"), Status: ledger.DuplicateInInput}
	twice.Line, twice.Verdict, twice.Claims, twice.Repeats = 11, ledger.DuplicateInInput, false, 0
	twice.Findings = []ledger.Finding{{Code: "duplicate_in_input", Message: "same e-mail as row 2, other phoneNumber"}}
	bad := ledger.Reported{Row: row(9, "e(at)example.com"), Status: ledger.Invalid}
	bad.Line, bad.Verdict, bad.Claims = 12, ledger.Invalid, false
	bad.Findings = []ledger.Finding{{Field: "", Code: "ragged", Message: "7 columns; header has 9"},
		{Field: "email", Code: "email_form", Message: "no @ in it"}, {Field: "postalCode", Code: "zip_zero", Message: "leading zero lost?", Warning: true}}
	refused := ledger.Reported{Row: row(10, "f@example.com"), Customer: sent(ledger.Rejected, ""), Status: ledger.Rejected}
	refused.Customer.ServiceID, refused.Customer.HTTPStatus, refused.Customer.Code, refused.Customer.Message = "", 422, "USER_BLACKLISTED", "refused; said\nthe partner"
	poor := ledger.Reported{Row: row(11, "g@example.com"), Customer: sent(ledger.InsufficientBalance, ""), Status: ledger.InsufficientBalance}
	poor.Customer.ServiceID, poor.Customer.HTTPStatus, poor.Customer.Code = "", 402, "INSUFFICIENT_WALLET_BALANCE"
	doubt := ledger.Reported{Row: row(2, "h@example.com"), Customer: sent(ledger.InDoubt, ""), Status: ledger.InDoubt}
	doubt.File, doubt.Line, doubt.Customer.ServiceID, doubt.Customer.HTTPStatus, doubt.Customer.Attempts = 1, 0, "", 0, 2
	doubt.Customer.Code, doubt.Customer.Message = "unanswered", "sent, outcome not yet known"
	waiting := ledger.Reported{Row: row(3, "i@example.com"), Customer: ledger.Customer{ID: 9, Status: ledger.Pending}, Status: ledger.Pending}
	waiting.File, waiting.Line = 1, 0
	gone := ledger.Reported{Row: row(4, "j@example.com"), Customer: sent(ledger.Forgotten, link+"j"), Status: ledger.Forgotten}
	gone.File, gone.Line = 1, 0
	gone.Customer.Code, gone.Customer.Message = "forgotten", "erased on request"
	return []ledger.Reported{created, awkward, lost, dup, twice, bad, refused, poor, doubt, waiting, gone}
}

// onlyFiles checks what a directory holds.
func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("directory holds %q, want %q", got, want)
	}
}

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
