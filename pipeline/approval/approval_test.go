package approval

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func made() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 800, time.UTC) }

// someTerms returns terms in which every member has a value.
func someTerms() Terms {
	return Terms{Maker: Person{"ann", "h1"}, Editors: []Person{{"eva", "h1"}}, Environment: "production", Host: "api.example.com",
		Account: ledger.Account{Partner: "p1", Slug: "acme"}, KeyPrint: "0a1b", Fingerprint: "f1", Rules: 2,
		Files: []File{{"staff.xlsx", "May", "aaaaaaaaaaaaaaaa", 12}}, Rows: 12, Send: 9, InDoubt: 1, LeftOut: []LeftOut{{ledger.Invalid, "", 2}},
		RowDigest: "d1", Last: &LastRun{Run: 3, At: made(), Rows: 10, Created: 9, Added: 2, Gone: 1},
		Fee: "0.50", AtMost: "5.00", Currency: "USD", Wallet: "100.00", Keep: "10", Rate: 5}
}

func TestTermsAreReadBack(t *testing.T) {
	terms := someTerms()
	text, id, err := terms.Encode(made())
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseTerms(text)
	if err != nil || !reflect.DeepEqual(back, terms) || !IsID(id) || id != IDOf(text) {
		t.Errorf("%+v, %v; id %q", back, err, id)
	}
	if terms.Expires.Sub(terms.Made) != Lifetime || terms.Made.Nanosecond() != 0 {
		t.Errorf("from %v to %v", terms.Made, terms.Expires)
	}
	again := someTerms()
	if _, other, _ := again.Encode(made()); other == id {
		t.Error("two plans have one ID")
	}
	for _, bad := range []string{"", "{}", "[]", strings.Replace(text, `"version":1`, `"version":2`, 1), strings.Replace(text, `"version"`, `"more":1,"version"`, 1)} {
		if _, err := ParseTerms(bad); err == nil {
			t.Errorf("%.60q is read", bad)
		}
	}
}

func TestNoMemberOfTermsIsPersonal(t *testing.T) {
	// What a plan may hold is listed, so that a new member is thought about.
	var names []string
	kind := reflect.TypeFor[Terms]()
	for i := range kind.NumField() {
		names = append(names, kind.Field(i).Name)
	}
	want := strings.Fields("Version Nonce Made Expires Maker Editors Environment Host Account KeyPrint Fingerprint Rules Files Rows Send InDoubt LeftOut RowDigest Sample Decided Last Fee AtMost Currency Wallet Keep Rate")
	if !slices.Equal(names, want) {
		t.Errorf("members %v, want %v", names, want)
	}
}

func TestCompare(t *testing.T) {
	plan := someTerms()
	if got := Compare(&plan, &plan, nil); got != nil {
		t.Errorf("the same: %q", got)
	}
	for _, c := range []struct {
		name      string
		change    func(*Terms)
		unplanned []string
		want      []string // a part of each difference
	}{
		{"fewer rows", func(n *Terms) { n.Send, n.AtMost = 3, "1.50" }, nil, nil},
		{"a row came to be in doubt", func(n *Terms) { n.Send, n.InDoubt = 8, 2 }, nil, nil},
		{"slower, and more left", func(n *Terms) { n.Rate, n.Keep = 1, "20" }, nil, nil},
		{"another wallet balance", func(n *Terms) { n.Wallet = "1.00" }, nil, nil},
		{"made later by another", func(n *Terms) { n.Maker, n.Nonce, n.Made = Person{"x", "y"}, "z", made().Add(time.Hour) }, nil, nil},
		{"the account is not known yet", func(n *Terms) { n.Account = ledger.Account{} }, nil, nil},
		{"environment", func(n *Terms) { n.Environment = "staging" }, nil, []string{"environment: approved for production, now staging"}},
		{"host", func(n *Terms) { n.Host = "" }, nil, []string{"partner's host: approved for api.example.com, now none"}},
		{"account", func(n *Terms) { n.Account.Partner = "p2" }, nil, []string{"partner account: approved for p1, now p2"}},
		{"key", func(n *Terms) { n.KeyPrint = "ffff" }, nil, []string{"API key (fingerprint): approved for 0a1b, now ffff"}},
		{"faster", func(n *Terms) { n.Rate = 6 }, nil, []string{"rate: approved at most 5/s, now 6/s"}},
		{"unlimited", func(n *Terms) { n.Rate = 0 }, nil, []string{"now unlimited"}},
		{"edited", func(n *Terms) { n.Fingerprint, n.Files = "f2", []File{{"staff.xlsx", "May", "bbbbbbbbbbbbbbbb", 13}} }, []string{"row 13"},
			[]string{"staff.xlsx (sheet May) is not the file that was approved (SHA-256 aaaaaaaaaaaa, now bbbbbbbbbbbb; 12 rows, now 13)", "1 of the rows to send was not approved: row 13"}},
		{"a file more", func(n *Terms) {
			n.Fingerprint, n.Files = "f2", append(slices.Clone(n.Files), File{"b.csv", "", "c", 1})
		}, nil, []string{"b.csv was not in the approved list"}},
		{"a file less", func(n *Terms) { n.Fingerprint, n.Files = "f2", nil }, nil, []string{"staff.xlsx (sheet May) of the approved list is missing"}},
		{"other rules", func(n *Terms) { n.Fingerprint, n.Rules = "f2", 3 }, nil, []string{"version 2 was approved, this program has 3"}},
		{"read otherwise", func(n *Terms) { n.Fingerprint = "f2" }, nil, []string{"read or decided differently"}},
		{"many rows", func(*Terms) {}, strings.Split("a b c d e f g", " "), []string{"7 of the rows to send were not approved: a, b, c, d, e and 2 more"}},
		{"more rows", func(n *Terms) { n.InDoubt = 2 }, nil, []string{"rows that may be sent: 10 were approved, now there are 11"}},
		{"dearer", func(n *Terms) { n.Fee, n.AtMost = "0.60", "6.00" }, nil, []string{"amount: approved at most 5.00, now 6.00 (fee 0.60, was 0.50)"}},
		{"by a hair", func(n *Terms) { n.AtMost = "5.000000001" }, nil, []string{"amount"}},
		{"another currency", func(n *Terms) { n.Currency = "EUR" }, nil, []string{"currency: approved in USD, now EUR"}},
		{"less left", func(n *Terms) { n.Keep = "" }, nil, []string{"left in the wallet: approved 10, now none"}},
	} {
		now := someTerms()
		c.change(&now)
		got := Compare(&plan, &now, c.unplanned)
		fits := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			fits = fits && strings.Contains(got[i], c.want[i])
		}
		if !fits {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCheckDecider(t *testing.T) {
	terms := someTerms()
	for p, want := range map[Person]bool{{"ann", "h1"}: false, {"eva", "h1"}: false, {"ann", "h2"}: true, {"ben", "h1"}: true} {
		if err := terms.CheckDecider(p); (err == nil) != want || err != nil && !errors.Is(err, ErrSamePerson) {
			t.Errorf("%v: %v", p, err)
		}
	}
}

// signedPlan returns a plan of the terms that ben has decided on, and the approvers.
func signedPlan(t *testing.T, approves bool) (ledger.Plan, Approvers) {
	t.Helper()
	terms := someTerms()
	text, _, err := terms.Encode(made())
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewKey("ben")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.Encode()
	if err == nil {
		key, err = ParseKey(secret) // as from its file
	}
	if err != nil {
		t.Fatal(err)
	}
	approvers, err := ParseApprovers("# the office\n\n" + key.PublicLine() + "\r\n")
	if err != nil {
		t.Fatal(err)
	}
	p := NewPlan(text, &terms)
	p.Decision = &ledger.PlanDecision{Approves: approves, Who: "b", Host: "h2", Because: "<fine> & so", At: made().Add(time.Hour)}
	if err := Sign(text, p.Decision, key); err != nil {
		t.Fatal(err)
	}
	return p, approvers
}

func TestSignature(t *testing.T) {
	p, approvers := signedPlan(t, true)
	if err := Verify(p.Terms, p.Decision, approvers); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ledger.PlanDecision){
		"declined": func(d *ledger.PlanDecision) { d.Approves = false }, "who": func(d *ledger.PlanDecision) { d.Who = "x" }, "host": func(d *ledger.PlanDecision) { d.Host = "x" },
		"signer": func(d *ledger.PlanDecision) { d.Signer = "eve" }, "reason": func(d *ledger.PlanDecision) { d.Because = "" },
		"moment": func(d *ledger.PlanDecision) { d.At = d.At.Add(time.Second) }, "signature": func(d *ledger.PlanDecision) { d.Signature = "" },
		"no base64": func(d *ledger.PlanDecision) { d.Signature = "?" },
	} {
		d := *p.Decision
		change(&d)
		if Verify(p.Terms, &d, approvers) == nil {
			t.Errorf("%s was changed and the signature holds", name)
		}
	}
	if Verify(p.Terms+" ", p.Decision, approvers) == nil || Verify(p.Terms, p.Decision, nil) == nil {
		t.Error("other terms, or no approvers, and the signature holds")
	}
	_, others := signedPlan(t, true) // another key of the same name
	if Verify(p.Terms, p.Decision, others) == nil {
		t.Error("another key of that name, and the signature holds")
	}
}

func TestFile(t *testing.T) {
	p, approvers := signedPlan(t, true)
	for _, p := range []ledger.Plan{p, NewPlan(p.Terms, new(Terms))} {
		text, err := EncodeFile(p)
		if err != nil {
			t.Fatal(err)
		}
		back, terms, err := ParseFile(text)
		if err != nil || back.ID != p.ID || back.Terms != p.Terms || !reflect.DeepEqual(back.Decision, p.Decision) || terms.Send != 9 {
			t.Errorf("%+v %+v, %v", back, back.Decision, err)
		}
		if back.Decision != nil && (Verify(back.Terms, back.Decision, approvers) != nil || back.State != ledger.PlanApproved) {
			t.Errorf("as read back: state %s, signature %v", back.State, Verify(back.Terms, back.Decision, approvers))
		}
		for _, change := range [][2]string{{formName, "another 1"}, {`"id": "`, `"id": "0`}, {"5.00", "9.00"}, {`"form"`, `"more": 1, "form"`}} {
			if _, _, err := ParseFile([]byte(strings.Replace(string(text), change[0], change[1], 1))); err == nil {
				t.Errorf("%q was changed, and it is read", change[0])
			}
		}
	}
	declined, _ := signedPlan(t, false)
	text, err := EncodeFile(declined)
	if err != nil {
		t.Fatal(err)
	}
	if back, _, err := ParseFile(text); err != nil || back.State != ledger.PlanDeclined {
		t.Errorf("declined: %s, %v", back.State, err)
	}
}

func TestKeysRefused(t *testing.T) {
	for _, name := range []string{"", "two words", "a\nb", "a=b", strings.Repeat("x", 65)} {
		if _, err := NewKey(name); err == nil {
			t.Errorf("a key for %q", name)
		}
	}
	for _, text := range []string{"", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if _, err := ParseKey([]byte(text)); err == nil || strings.Contains(err.Error(), "AAAA") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
	key, err := NewKey("ben")
	if err != nil {
		t.Fatal(err)
	}
	line := key.PublicLine()
	for _, text := range []string{"ben", "ben rsa AAAA", "ben ed25519 AAAA", "ben ed25519 ?", line + "\n" + line, line + " more"} {
		if _, err := ParseApprovers(text); err == nil {
			t.Errorf("approvers %q", text)
		}
	}
}

func TestDigestRows(t *testing.T) {
	a, b := ledger.PlanRow{Customer: ledger.PlanDigest{1}}, ledger.PlanRow{Customer: ledger.PlanDigest{1}, Details: ledger.PlanDigest{2}}
	c := b
	c.Generation = 1
	seen := map[string]string{}
	for _, rows := range [][]ledger.PlanRow{nil, {a}, {b}, {c}, {a, b}, {b, a}} {
		d := DigestRows(slices.Values(rows))
		if before, twice := seen[d]; twice {
			t.Errorf("%v and %s have one digest", rows, before)
		}
		seen[d] = fmt.Sprint(rows)
	}
}

// FuzzParseFile holds that what is read is written as it was, and nothing panics.
func FuzzParseFile(f *testing.F) {
	terms := someTerms()
	text, _, err := terms.Encode(made())
	if err != nil {
		f.Fatal(err)
	}
	file, err := EncodeFile(NewPlan(text, &terms))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Fuzz(func(t *testing.T, text []byte) {
		p, terms, err := ParseFile(text)
		if err != nil {
			return
		}
		again, err := EncodeFile(p)
		if err != nil {
			t.Fatal(err)
		}
		back, same, err := ParseFile(again)
		if err != nil || back.Terms != p.Terms || !reflect.DeepEqual(terms, same) {
			t.Errorf("%v: %+v", err, back)
		}
	})
}
