package partner

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// TestBody compares bytes: the field order is that of the vendor's example.
func TestBody(t *testing.T) {
	full := jane()
	full.Program = "non_custodial"
	full.WalletAddress = "0x52908400098527886E0F7030069857D2E4169EE7"
	full.RedirectURL = "https://h.example/done?a=1&b=2"
	full.Address, full.City, full.Region, full.PostalCode, full.CountryCode = "1 Main St\nFloor 2", "Boston", "MA", "02139", "US"
	full.Extra = []validate.Extra{{Name: "zeta", Value: `a"b\c`}, {Name: "empty", Value: ""}, {Name: "alpha", Value: "<é> & Söhne"}}
	for _, tt := range []struct {
		name string
		user validate.User
		want string
	}{
		{"seed", jane(), `{"firstName":"Jane","lastName":"Doe","email":"jane@example.com","phoneNumber":"+14155555555","accountPurpose":"personal use","ipAddress":"203.0.113.42","isTermsOfServiceAccepted":true,"program":"custodial"}`},
		{"full", full, `{"firstName":"Jane","lastName":"Doe","email":"jane@example.com","phoneNumber":"+14155555555","accountPurpose":"personal use","ipAddress":"203.0.113.42","isTermsOfServiceAccepted":true,"program":"non_custodial","walletAddress":"0x52908400098527886E0F7030069857D2E4169EE7","redirectUrl":"https://h.example/done?a=1&b=2","address":"1 Main St\nFloor 2","city":"Boston","region":"MA","postalCode":"02139","countryCode":"US","zeta":"a\"b\\c","alpha":"<é> & Söhne"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := encodeBody(&tt.user, validate.Fields())
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if !json.Valid(got) {
				t.Error("not JSON")
			}
		})
	}
}

// FuzzEncode: every value comes out of the body as it went in.
func FuzzEncode(f *testing.F) {
	f.Add("Jane", "O\"Brien\\", "+14155555555", "1 Main St\nFloor 2", true)
	f.Add("Jos\u00e9", "<&>\u2028\u2029\x7f\x00\t", "", "", false)
	f.Add("Jos\xe9", "", "", "\xff", true)
	f.Fuzz(func(t *testing.T, first, last, phone, address string, terms bool) {
		u := validate.User{FirstName: first, LastName: last, Email: last, PhoneNumber: phone, AccountPurpose: first, IPAddress: phone,
			Terms: terms, Program: address, WalletAddress: phone, RedirectURL: address, Address: address, City: first, Region: last, PostalCode: phone, CountryCode: address}
		got, err := encodeBody(&u, validate.Fields())
		valid := utf8.ValidString(first + "." + last + "." + phone + "." + address)
		if (err == nil) != valid {
			t.Fatalf("error %v", err)
		}
		if err != nil {
			return
		}
		var fields map[string]any
		if err := json.Unmarshal(got, &fields); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		want := map[string]any{"firstName": first, "lastName": last, "email": last, "phoneNumber": phone, "accountPurpose": first, "ipAddress": phone,
			"isTermsOfServiceAccepted": terms, "program": address}
		for name, value := range map[string]string{"walletAddress": phone, "redirectUrl": address, "address": address, "city": first,
			"region": last, "postalCode": phone, "countryCode": address} {
			if value != "" {
				want[name] = value
			}
		}
		if !reflect.DeepEqual(fields, want) {
			t.Errorf("got  %s\nwant %v", got, want)
		}
		u.Extra = []validate.Extra{{Name: "note\u00e9\"", Value: last}, {Name: "more", Value: first}}
		if got, err = encodeBody(&u, validate.Fields()); err != nil || !json.Valid(got) {
			t.Fatalf("%s, %v", got, err)
		}
		var back map[string]any
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatal(err)
		}
		for _, x := range u.Extra {
			if text, _ := back[x.Name].(string); text != x.Value {
				t.Errorf("%q came back as %q", x.Value, text)
			}
		}
	})
}

// TestUnwritable: what cannot be sent as it is, is not sent.
func TestUnwritable(t *testing.T) {
	w := startWire(t, always(""))
	c := newClient(t, Config{BaseURL: w.URL})
	latin, extra, twice, again, unnamed := jane(), jane(), jane(), jane(), jane()
	latin.FirstName = "Jos\xe9"
	extra.Extra = []validate.Extra{{Name: "branch", Value: "\xff"}}
	twice.Extra = []validate.Extra{{Name: "email", Value: "x@example.com"}}
	again.Extra = []validate.Extra{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}
	unnamed.Extra = []validate.Extra{{Name: "", Value: "1"}}
	for _, u := range []validate.User{latin, extra, twice, again, unnamed} {
		if a := c.Create(t.Context(), testIdem, u); a.Class != ledger.NotSent || a.Cause != CauseRequest {
			t.Errorf("got %v", a)
		}
	}
	for _, key := range []string{"", "a\r\nX: y", "a b", strings.Repeat("k", 256)} {
		if a := c.Create(t.Context(), key, jane()); a.Class != ledger.NotSent || a.Cause != CauseRequest {
			t.Errorf("key %q: %v", key, a)
		}
	}
	if n := w.conns.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

// TestHeaders looks at what arrives.
func TestHeaders(t *testing.T) {
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		good(w, r)
	}))
	defer s.Close()
	c := newClient(t, Config{BaseURL: s.URL + "/api/", UserAgent: "bulkonboard/1.2"})
	mustOK(t, c.Create(t.Context(), testIdem, jane()))
	want := http.Header{
		"Authorization":   {"Bearer " + testKey},
		"Content-Type":    {"application/json"},
		"Idempotency-Key": {testIdem},
		"Accept":          {"application/json"},
		"Accept-Encoding": {"identity"},
		"User-Agent":      {"bulkonboard/1.2"},
		"Connection":      {"close"},
		"Content-Length":  got.Header["Content-Length"],
	}
	if !reflect.DeepEqual(got.Header, want) {
		t.Errorf("headers %v", got.Header)
	}
	if got.Method != http.MethodPost || got.URL.Path != "/api/v2/partner/card/users" || got.ContentLength != int64(len(body)) || len(got.TransferEncoding) != 0 {
		t.Errorf("%s %s, length %d of %d, %v", got.Method, got.URL.Path, got.ContentLength, len(body), got.TransferEncoding)
	}
}

// TestVendorPage holds the example of the vendor's page against what is written.
func TestVendorPage(t *testing.T) {
	page, err := os.ReadFile("testdata/create-user-example.json")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, page); err != nil {
		t.Fatal(err)
	}
	got, err := encodeBody(new(jane()), validate.Fields())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("got  %s\nwant %s", got, want.Bytes())
	}
}
