package validate

import (
	"net/mail"
	"slices"
	"strings"
	"testing"
)

func TestIdentity(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"jane@example.com", "jane@example.com"},
		{" Jane@Example.COM\r\n", "jane@example.com"},
		{"\u00a0jane@example.com", "jane@example.com"},
		{"JANE@BÜCHER.DE", "jane@xn--bcher-kva.de"},
		{"jane@bu\u0308cher.de", "jane@xn--bcher-kva.de"},
		{"jane@XN--BCHER-KVA.de", "jane@xn--bcher-kva.de"},
		{"jane@straße.de", "jane@xn--strae-oqa.de"},
		{"Jane.Doe+x@Gmail.com", "jane.doe+x@gmail.com"},
		{"", ""},
		{"jane", ""},
		{"a@b", ""},
		{"a@b\u00adc.de", ""},
		{"a@bü\ufe0f.de", ""},
		{"a@\xe9.de", ""},
		{"a@b.de\nx", ""},
		{"jän@example.com", ""},
		{"a@b.cd,c@d.ef", ""},
	} {
		got, ok := Identity(c.in)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q: got %q %v, want %q", c.in, got, ok, c.want)
		}
	}
}

func TestMailbox(t *testing.T) {
	for in, want := range map[string]string{
		"jane.doe@a.com": "janedoe@a.com", "jane+x+y@a.com": "jane@a.com", "j.d+x@a.b.com": "jd@a.b.com", "+x@a.com": "+x@a.com",
	} {
		if got := Mailbox(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestNameText(t *testing.T) {
	same := []User{
		{FirstName: "José", LastName: "STRASSE", PhoneNumber: "+1"},
		{FirstName: "JOSE\u0301", LastName: "straße", PhoneNumber: "+1"},
	}
	if a, b := same[0].NameText(), same[1].NameText(); a != b || a == "" {
		t.Errorf("%q and %q", a, b)
	}
	other := []User{
		{FirstName: "Jane", LastName: "Doe", PhoneNumber: "+1"},
		{FirstName: "Jane", LastName: "Doe", PhoneNumber: "+2"},
		{FirstName: "JaneD", LastName: "oe", PhoneNumber: "+1"},
		{FirstName: "Doe", LastName: "Jane", PhoneNumber: "+1"},
	}
	seen := map[string]bool{}
	for _, u := range other {
		seen[u.NameText()] = true
	}
	if len(seen) != len(other) {
		t.Errorf("different people share a text: %v", seen)
	}
	if got := (User{FirstName: "Jane", LastName: "Doe"}).NameText(); got != "" {
		t.Errorf("without a phone: %q", got)
	}
}

func TestDetailValues(t *testing.T) {
	u := User{FirstName: "a", LastName: "b", Email: "never", PhoneNumber: "c", AccountPurpose: "d", IPAddress: "e", Terms: true, Program: "f",
		WalletAddress: "g", RedirectURL: "h", Address: "i", City: "j", Region: "k", PostalCode: "l", CountryCode: "m", Extra: []Extra{{"n", "o"}}}
	want := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "1:n1:o"}
	var got []string
	for _, value := range Fields().Details(&u) {
		got = append(got, value)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	a := joinExtra([]Extra{{"a", "b"}, {"c", "d"}})
	b := joinExtra([]Extra{{"a", "b1:c1:d"}})
	if a == b || joinExtra(nil) != "" {
		t.Errorf("not told apart: %q", a)
	}
}

// What Check lets pass is an address to net/mail too, and the same one.
func FuzzEmail(f *testing.F) {
	for _, lc := range lineCases() {
		if lc.field == FieldEmail {
			f.Add(lc.value)
		}
	}
	f.Fuzz(func(t *testing.T, email string) {
		id, ok := Identity(email)
		if ok != (id != "") {
			t.Fatalf("identity %q, ok %v", id, ok)
		}
		raw := sound()
		raw.Email = email
		rules := Rules{Live: true}
		r := rules.Check(raw)
		holds(t, &rules, raw, r)
		if ok != (r.Identity != "") && len(email) < MaxCell {
			t.Fatalf("Identity says %v, Check %v", ok, findings(r))
		}
		if !ok {
			return
		}
		if again, ok := Identity(id); !ok || again != id {
			t.Errorf("identity of the identity %q is %q", id, again)
		}
		if !isASCII(id) || id != strings.ToLower(id) || len(id) > maxAddress {
			t.Errorf("identity %q", id)
		}
		if a, err := mail.ParseAddress(r.User.Email); err != nil || a.Address != r.User.Email || a.Name != "" {
			t.Errorf("net/mail: %v %v", a, err)
		}
		if sentID, _ := Identity(r.User.Email); sentID != r.Identity {
			t.Errorf("what is sent has identity %q, the row %q", sentID, r.Identity)
		}
	})
}

func FuzzPhone(f *testing.F) {
	for _, lc := range lineCases() {
		if lc.field == FieldPhoneNumber {
			f.Add(lc.value, "", false)
			f.Add(lc.value, "DE", false)
			f.Add(lc.value, "US", true)
		}
	}
	for _, rc := range ruleCases() {
		f.Add(rc.row(f).PhoneNumber, rc.rules.PhoneRegion, rc.rules.PhonePlus)
	}
	f.Fuzz(func(t *testing.T, phone, region string, plus bool) {
		rules := Rules{PhoneRegion: region, PhonePlus: plus, Live: true}
		raw := sound()
		raw.PhoneNumber = phone
		r := rules.Check(raw)
		holds(t, &rules, raw, r)
		if p := r.User.PhoneNumber; p != "" && (p[0] != '+' || len(p) > 16 || strings.Trim(p[1:], "0123456789") != "") {
			t.Errorf("sent %q", p)
		}
		if digits := strings.Trim(r.User.PhoneNumber, "+"); r.Valid() && region == "" && !plus && digits == phone {
			t.Errorf("a + was guessed")
		}
	})
}

// No cell makes Check panic, and whatever passes passes again unchanged.
func FuzzCheck(f *testing.F) {
	for _, lc := range lineCases() {
		raw := lc.row(f)
		f.Add(raw.FirstName, raw.Email, raw.PhoneNumber, raw.IPAddress, raw.Terms, raw.WalletAddress, raw.RedirectURL, raw.Address, raw.CountryCode)
	}
	f.Fuzz(func(t *testing.T, first, email, phone, ip, terms, wallet, redirect, address, country string) {
		rules := Rules{PhoneRegion: "DE", Extra: []string{"one", "two"}, Defaults: map[string]string{"accountPurpose": "savings", "countryCode": "DE"}}
		raw := Raw{FirstName: first, LastName: address, Email: email, PhoneNumber: phone, AccountPurpose: wallet, IPAddress: ip, Terms: terms,
			Program: country, WalletAddress: wallet, RedirectURL: redirect, Address: address, City: first, Region: redirect, PostalCode: phone,
			CountryCode: country, Extra: []string{address, terms}}
		holds(t, &rules, raw, rules.Check(raw))
		raw.AccountPurpose, raw.Program, raw.LastName = "savings", custodial, "Doe"
		r := rules.Check(raw)
		holds(t, &rules, raw, r)
		if r.Valid() && r.User.NameText() == "" {
			t.Errorf("valid, but without name text")
		}
	})
}
