package validate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ruleCase is a row of several changed cells under given rules.
type ruleCase struct {
	name  string
	rules Rules
	cells []string // field, value, field, value, ...
	want  []string // as findings gives them, in order
	sends []string // field, value, ...
}

func ruleCases() []ruleCase {
	live := Rules{Live: true}
	return []ruleCase{
		{"line 40: example.com", live, []string{"email", "jane@example.com"}, []string{"warn:email:email_example"}, nil},
		{"line 40: below example.org", live, []string{"email", "jane@mail.Example.org"}, []string{"warn:email:email_example"}, nil},
		{"line 40: not example.com", live, []string{"email", "jane@myexample.com"}, nil, nil},
		{"line 40: test@test", live, []string{"email", "test@test.com"}, []string{"warn:email:email_example"}, nil},
		{"line 40: reserved", live, []string{"email", "jane@company.test"}, []string{"warn:email:email_example"}, nil},
		{"line 40: disposable", live, []string{"email", "jane@Mailinator.com"}, []string{"warn:email:email_disposable"}, nil},
		{"line 42: plus", Rules{PhonePlus: true}, []string{"phoneNumber", "14155552671"}, nil, []string{"phoneNumber", "+14155552671"}},
		{"line 42: plus, but not a number", Rules{PhonePlus: true}, []string{"phoneNumber", "11155552671"}, []string{"phoneNumber:phone_no_country"}, nil},
		{"line 42: plus is for bare digits", Rules{PhonePlus: true}, []string{"phoneNumber", "1 415 555 2671"}, []string{"phoneNumber:phone_no_country"}, nil},
		{"line 42: region and plus agree", Rules{PhoneRegion: "US", PhonePlus: true}, []string{"phoneNumber", "14155552671"}, nil, []string{"phoneNumber", "+14155552671"}},
		{"line 42: region and plus differ", Rules{PhoneRegion: "US", PhonePlus: true}, []string{"phoneNumber", "6562345678"}, []string{"phoneNumber:phone_ambiguous"}, nil},
		{"line 42: neither", Rules{PhoneRegion: "US", PhonePlus: true}, []string{"phoneNumber", "1115555267"}, []string{"phoneNumber:phone_invalid"}, nil},
		{"line 42: another country's", Rules{PhoneRegion: "US"}, []string{"phoneNumber", "4917012345678"}, []string{"phoneNumber:phone_plus_lost"}, nil},
		{"line 43: region", Rules{PhoneRegion: "US"}, []string{"phoneNumber", "(415) 555-2671"}, nil, []string{"phoneNumber", "+14155552671"}},
		{"line 43: region, bare", Rules{PhoneRegion: "US"}, []string{"phoneNumber", "6562345678"}, nil, []string{"phoneNumber", "+16562345678"}},
		{"line 43: region, prefix", Rules{PhoneRegion: "DE"}, []string{"phoneNumber", "0170/1234567"}, nil, []string{"phoneNumber", "+491701234567"}},
		{"line 43: region, Excel took 0 or +", Rules{PhoneRegion: "DE"}, []string{"phoneNumber", "4917012345678"}, []string{"phoneNumber:phone_ambiguous"}, nil},
		{"line 43: region, 00", Rules{PhoneRegion: "DE"}, []string{"phoneNumber", "0039 06 12345678"}, nil, []string{"phoneNumber", "+390612345678"}},
		{"line 43: region without 00", Rules{PhoneRegion: "US"}, []string{"phoneNumber", "00491701234567"}, nil, []string{"phoneNumber", "+491701234567"}},
		{"line 43: region, its own prefix", Rules{PhoneRegion: "US"}, []string{"phoneNumber", "011491701234567"}, nil, []string{"phoneNumber", "+491701234567"}},
		{"line 43: region, +", Rules{PhoneRegion: "DE"}, []string{"phoneNumber", "+14155552671"}, nil, nil},
		{"line 43: region, too short", Rules{PhoneRegion: "US"}, []string{"phoneNumber", "555-267"}, []string{"phoneNumber:phone_invalid"}, nil},
		{"line 43: region, beyond E.164", Rules{PhoneRegion: "DE"}, []string{"phoneNumber", "0201 00000000000"}, []string{"phoneNumber:phone_invalid"}, nil},
		{"line 44: films", live, []string{"phoneNumber", "+14155550123"}, []string{"warn:phoneNumber:phone_fictional"}, nil},
		{"line 44: the partner's example", live, []string{"phoneNumber", "+14155555555"}, []string{"warn:phoneNumber:phone_fictional"}, nil},
		{"line 44: Ofcom", live, []string{"phoneNumber", "+442079460958"}, []string{"warn:phoneNumber:phone_fictional"}, nil},
		{"line 44: premium", live, []string{"phoneNumber", "+19002345678"}, []string{"warn:phoneNumber:phone_service"}, nil},
		{"line 45: a typing error", Rules{}, []string{"email", "jane@gmial.com"}, []string{"warn:email:email_host_typo"}, nil},
		{"line 48: a time of consent", Rules{}, []string{"isTermsOfServiceAccepted", "2024-05-01 10:00:00"}, []string{"isTermsOfServiceAccepted:terms_time"}, nil},
		{"line 45: other country", Rules{}, []string{"countryCode", "GB"}, []string{"warn:phoneNumber:phone_country"}, nil},
		{"line 45: other country, same code", Rules{}, []string{"countryCode", "CA"}, []string{"warn:phoneNumber:phone_country"}, nil},
		{"line 45: same country", Rules{}, []string{"countryCode", "us"}, nil, []string{"countryCode", "US"}},
		{"line 45: one country to a code", Rules{}, []string{"countryCode", "FR", "phoneNumber", "+33612345678"}, nil, nil},
		{"line 45: of no country", Rules{}, []string{"countryCode", "FR", "phoneNumber", "+80012345678"}, nil, nil},
		{"line 46: US", Rules{}, []string{"countryCode", "US", "postalCode", "2139"}, []string{"warn:postalCode:postal_zero_lost"}, nil},
		{"line 46: US, plus four", Rules{}, []string{"countryCode", "US", "postalCode", "2139-1234"}, []string{"warn:postalCode:postal_zero_lost"}, nil},
		{"line 46: JP", Rules{}, []string{"countryCode", "JP", "postalCode", "600001", "phoneNumber", "+81312345678"}, []string{"warn:postalCode:postal_zero_lost"}, nil},
		{"line 46: DE", Rules{Defaults: map[string]string{"countryCode": "DE"}}, []string{"postalCode", "1067", "phoneNumber", "+491701234567"}, []string{"warn:postalCode:postal_zero_lost"}, []string{"countryCode", "DE"}},
		{"line 46: US, strict", Rules{Strict: true}, []string{"countryCode", "US", "postalCode", "2139"}, []string{"postalCode:postal_short"}, nil},
		{"line 46: whole", Rules{}, []string{"countryCode", "US", "postalCode", "02139"}, nil, nil},
		{"line 46: four is right", Rules{}, []string{"countryCode", "CH", "postalCode", "8001", "phoneNumber", "+41446681800"}, nil, nil},
		{"line 48: no default", Rules{Defaults: map[string]string{FieldTerms: "TRUE"}}, []string{FieldTerms, ""}, []string{FieldTerms + ":required"}, nil},
		{"line 49: documentation, live", live, nil, []string{"warn:ipAddress:ip_example"}, nil},
		{"line 49: documentation, live, IPv6", live, []string{"ipAddress", "2001:db8::1"}, []string{"warn:ipAddress:ip_example"}, nil},
		{"line 49: default", Rules{Defaults: map[string]string{"ipAddress": "203.0.113.1"}}, []string{"ipAddress", " "}, []string{"warn:ipAddress:ip_default"}, []string{"ipAddress", "203.0.113.1"}},
		{"line 49: default not needed", Rules{Defaults: map[string]string{"ipAddress": "203.0.113.1"}}, nil, nil, []string{"ipAddress", "203.0.113.42"}},
		{"line 51: placeholder gets no default", Rules{Defaults: map[string]string{"accountPurpose": "x"}}, []string{"accountPurpose", "-"}, []string{"accountPurpose:placeholder"}, nil},
		{"default", Rules{Defaults: map[string]string{"accountPurpose": "savings", "redirectUrl": "https://c.de/"}}, []string{"accountPurpose", ""}, nil, []string{"accountPurpose", "savings", "redirectUrl", "https://c.de/"}},
		{"no default for a name", Rules{Defaults: map[string]string{"firstName": "x"}}, []string{"firstName", ""}, []string{"firstName:required"}, nil},
		{"line 54: wallet needed", Rules{}, []string{"program", "non custodial"}, []string{"walletAddress:required"}, nil},
		{"line 54: wallet needed, blank", Rules{}, []string{"program", "non_custodial", "walletAddress", "\u00a0"}, []string{"walletAddress:required"}, nil},
		{"line 54: wallet needed, dash", Rules{}, []string{"program", "non_custodial", "walletAddress", "n/a"}, []string{"walletAddress:placeholder"}, nil},
		{"line 54: program unsound", Rules{}, []string{"program", "both"}, []string{"program:program_unknown"}, nil},
		{"all at once", Rules{}, []string{"firstName", "", "lastName", "Null", "email", "x", "phoneNumber", "+", "accountPurpose", "-", "ipAddress", "::1",
			FieldTerms, "no", "program", "", "walletAddress", "0x", "redirectUrl", "x", "countryCode", "UK"},
			[]string{"firstName:required", "email:email_format", "phoneNumber:phone_format", "accountPurpose:placeholder", "ipAddress:ip_not_public",
				FieldTerms + ":terms_not_accepted", "program:required", "walletAddress:wallet_format", "redirectUrl:redirect_url", "countryCode:country_unknown",
				"warn:lastName:name_null"}, nil},
	}
}

func (rc ruleCase) row(t testing.TB) Raw {
	raw := sound()
	for i := 0; i < len(rc.cells); i += 2 {
		*cell(t, &raw, rc.cells[i]) = rc.cells[i+1]
	}
	if rc.rules.Live && raw.IPAddress == "203.0.113.42" && len(rc.cells) > 0 {
		raw.IPAddress = "198.18.0.1"
	}
	return raw
}

func TestCheckRules(t *testing.T) {
	for _, rc := range ruleCases() {
		t.Run(rc.name, func(t *testing.T) {
			raw := rc.row(t)
			r := rc.rules.Check(raw)
			holds(t, &rc.rules, raw, r)
			if got := findings(r); !slices.Equal(got, rc.want) {
				t.Fatalf("got %v, want %v", got, rc.want)
			}
			for i := 0; i < len(rc.sends); i += 2 {
				if got := sent(t, r.User, rc.sends[i]); got != rc.sends[i+1] {
					t.Errorf("%s: sent %q, want %q", rc.sends[i], got, rc.sends[i+1])
				}
			}
		})
	}
}

func TestCheckExtra(t *testing.T) {
	rules := Rules{Extra: []string{"nationality", "branch", "note"}}
	raw := sound()
	raw.Extra = []string{" FR ", "", "a\nb", "too many"}
	r := rules.Check(raw)
	holds(t, &rules, raw, r)
	if want := []Extra{{"nationality", "FR"}, {"note", "a\nb"}}; !slices.Equal(r.User.Extra, want) {
		t.Errorf("got %v, want %v", r.User.Extra, want)
	}
	raw.Extra = []string{"#REF!"}
	if got := findings(rules.Check(raw)); !slices.Equal(got, []string{"nationality:excel_error"}) {
		t.Errorf("got %v", got)
	}
}

// A total below a list has one problem; a customer of whom little is known has
// every one of them.
func TestNoCustomer(t *testing.T) {
	for _, raw := range []Raw{{}, {FirstName: "Total: 2"}, {FirstName: "Total", Program: "1,200"}, {LastName: "Sum", PhoneNumber: "12.50", Terms: "6"}, {City: "Bonn", Address: "x", PostalCode: "1", PhoneNumber: " "}} {
		if got := findings(new(Rules).Check(raw)); !slices.Equal(got, []string{":no_customer"}) {
			t.Errorf("line 30: %v", got)
		}
	}
	for _, raw := range []Raw{{Email: "jane@company.com"}, {FirstName: "Jane", LastName: "Doe"}, {FirstName: "Jane", PhoneNumber: "4155552671"}} {
		if got := findings(new(Rules).Check(raw)); len(got) < 6 {
			t.Errorf("%v", got)
		}
	}
}

// A field that is added may be a date, but not one of two readings.
func TestAddedDates(t *testing.T) {
	rules := Rules{Extra: []string{"born"}}
	for value, want := range map[string]string{
		"03/04/1990": "date_ambiguous", "3-4-1990": "date_ambiguous", "03/04/90": "date_ambiguous", "01/01/90": "date_ambiguous", "25/12/90": "date_ambiguous", "03/04/1990 00:00": "date_ambiguous",
		"1990-04-03": "", "25/04/1990": "", "04/25/1990": "", "04/04/1990": "", "03.04.1990": "", "3 April 1990": "", "Mar-04": "", "12:30": "", "2/3": "",
	} {
		raw := sound()
		raw.Extra = []string{value}
		r := rules.Check(raw)
		holds(t, &rules, raw, r)
		switch got := findings(r); {
		case want == "" && (len(got) > 0 || len(r.User.Extra) != 1 || r.User.Extra[0].Value != value):
			t.Errorf("line 64: %s: got %v, sent %v", value, got, r.User.Extra)
		case want != "" && !slices.Equal(got, []string{"born:" + want}):
			t.Errorf("line 64: %s: got %v, want %s", value, got, want)
		}
	}
}

// The number of a phone that lost its + is not guessed, nor is the message
// silent on what it would be.
func TestPlusLostNamesCountry(t *testing.T) {
	raw := sound()
	raw.PhoneNumber = "491701234567"
	r := new(Rules).Check(raw)
	if len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Message, "number of DE") || !strings.Contains(r.Problems[0].Message, "--phone-plus") {
		t.Errorf("got %v", r.Problems)
	}
}

func TestCountryHint(t *testing.T) {
	for code, hint := range map[string]string{"UK": "Write GB", "usa": "Write US", "840": "Write US", "EL": "Write GR", "Deu": "Write DE", "XK": "Ask the partner"} {
		raw := sound()
		raw.CountryCode = code
		r := new(Rules).Check(raw)
		if got := findings(r); len(got) != 1 || !strings.Contains(r.Problems[0].Message, hint) {
			t.Errorf("%s: got %v, want a message with %q", code, r.Problems, hint)
		}
	}
}

// Every code that exists is listed, is given by a row of the tables, and bad
// and warn are called with nothing but these constants.
func TestCodes(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range Codes() {
		if _, twice := listed[c.Code]; twice {
			t.Errorf("%s: listed twice", c.Code)
		}
		listed[c.Code] = false
	}
	mark := func(r Result) {
		for _, p := range r.Problems {
			listed[p.Code] = true
		}
	}
	for _, lc := range lineCases() {
		mark(new(Rules).Check(lc.row(t)))
	}
	for _, rc := range ruleCases() {
		mark(rc.rules.Check(rc.row(t)))
	}
	for _, tc := range textCases() {
		mark(new(Rules).Check(tc.row(t)))
	}
	added := Rules{Extra: []string{"born"}}
	mark(added.Check(Raw{Email: "a@b.cd", Extra: []string{"03/04/1990"}}))
	mark(added.Check(Raw{FirstName: "Total"}))
	for code, seen := range listed {
		if !seen {
			t.Errorf("%s: no row of the tables gives it", code)
		}
	}
	for name, value := range sourceCodes(t) {
		if _, ok := listed[value]; !ok {
			t.Errorf("%s is not listed", name)
		}
	}
}

// sourceCodes reads the constants Code... of this package and of phone, and holds
// that codes are given by these names only.
func sourceCodes(t *testing.T) map[string]string {
	t.Helper()
	consts := map[string]string{}
	for _, dir := range []string{".", "phone"} {
		paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					if name := n.Names[0].Name; strings.HasPrefix(name, "Code") && len(n.Values) == 1 {
						if text, ok := n.Values[0].(*ast.BasicLit); ok { // the others are those of phone
							consts[dir+" "+name], _ = strconv.Unquote(text.Value)
						}
					}
				case *ast.CallExpr:
					holdsCode(t, n)
				}
				return true
			})
		}
	}
	if len(consts) < 55 {
		t.Fatalf("found %d constants only", len(consts))
	}
	return consts
}

func holdsCode(t *testing.T, call *ast.CallExpr) {
	t.Helper()
	name, arg := "", 0
	switch fun := call.Fun.(type) {
	case *ast.SelectorExpr:
		name, arg = fun.Sel.Name, 1
	case *ast.Ident:
		name = fun.Name
	}
	switch name {
	case "addProblem", "addWarning":
	case "refuseMail", "refuse":
		arg = 0
	default:
		return
	}
	switch code := call.Args[arg].(type) {
	case *ast.Ident:
		if strings.HasPrefix(code.Name, "Code") || code.Name == "code" {
			return
		}
	case *ast.SelectorExpr:
		if code.Sel.Name == "code" || code.Sel.Name == "Code" {
			return
		}
	}
	t.Errorf("%s is called with a code that is no constant", name)
}
