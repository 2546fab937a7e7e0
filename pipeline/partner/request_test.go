package partner

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestBody compares bytes: the field order is that of the vendor's example.
func TestBody(t *testing.T) {
	full := jane()
	full.Program = "non_custodial"
	full.WalletAddress = "0x52908400098527886E0F7030069857D2E4169EE7"
	full.RedirectURL = "https://h.example/done?a=1&b=2"
	full.Address, full.City, full.Region, full.PostalCode, full.CountryCode = "1 Main St\nFloor 2", "Boston", "MA", "02139", "US"
	full.Extra = []Extra{{"zeta", `a"b\c`}, {"empty", ""}, {"alpha", "<é> & Söhne"}}
	for _, tt := range []struct {
		name string
		user User
		want string
	}{
		{"seed", jane(), `{"firstName":"Jane","lastName":"Doe","email":"jane@example.com","phoneNumber":"+14155555555","accountPurpose":"personal use","ipAddress":"203.0.113.42","isTermsOfServiceAccepted":true,"program":"custodial"}`},
		{"full", full, `{"firstName":"Jane","lastName":"Doe","email":"jane@example.com","phoneNumber":"+14155555555","accountPurpose":"personal use","ipAddress":"203.0.113.42","isTermsOfServiceAccepted":true,"program":"non_custodial","walletAddress":"0x52908400098527886E0F7030069857D2E4169EE7","redirectUrl":"https://h.example/done?a=1&b=2","address":"1 Main St\nFloor 2","city":"Boston","region":"MA","postalCode":"02139","countryCode":"US","zeta":"a\"b\\c","alpha":"<é> & Söhne"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := encode(tt.user)
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

// vendorBody is the body as encoding/json writes it from a struct.
type vendorBody struct {
	FirstName      string `json:"firstName"`
	LastName       string `json:"lastName"`
	Email          string `json:"email"`
	PhoneNumber    string `json:"phoneNumber"`
	AccountPurpose string `json:"accountPurpose"`
	IPAddress      string `json:"ipAddress"`
	Terms          bool   `json:"isTermsOfServiceAccepted"`
	Program        string `json:"program"`
	WalletAddress  string `json:"walletAddress,omitempty"`
	RedirectURL    string `json:"redirectUrl,omitempty"`
	Address        string `json:"address,omitempty"`
	City           string `json:"city,omitempty"`
	Region         string `json:"region,omitempty"`
	PostalCode     string `json:"postalCode,omitempty"`
	CountryCode    string `json:"countryCode,omitempty"`
}

// FuzzEncode holds the body to what encoding/json writes.
func FuzzEncode(f *testing.F) {
	f.Add("Jane", "O\"Brien\\", "+14155555555", "1 Main St\nFloor 2", true)
	f.Add("Jos\u00e9", "<&>\u2028\u2029\x7f\x00\t", "", "", false)
	f.Add("Jos\xe9", "", "", "\xff", true)
	f.Fuzz(func(t *testing.T, first, last, phone, address string, terms bool) {
		u := User{FirstName: first, LastName: last, Email: last, PhoneNumber: phone, AccountPurpose: first, IPAddress: phone,
			Terms: terms, Program: address, WalletAddress: phone, RedirectURL: address, Address: address, City: first, Region: last, PostalCode: phone, CountryCode: address}
		got, err := encode(u)
		valid := utf8.ValidString(first + "." + last + "." + phone + "." + address)
		if (err == nil) != valid {
			t.Fatalf("error %v", err)
		}
		if err != nil {
			return
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(vendorBody{u.FirstName, u.LastName, u.Email, u.PhoneNumber, u.AccountPurpose, u.IPAddress, u.Terms, u.Program,
			u.WalletAddress, u.RedirectURL, u.Address, u.City, u.Region, u.PostalCode, u.CountryCode}); err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != want.String() {
			t.Errorf("got  %s\nwant %s", got, want.String())
		}
		u.Extra = []Extra{{"note\u00e9\"", last}, {"more", first}}
		if got, err = encode(u); err != nil || !json.Valid(got) {
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
	extra.Extra = []Extra{{"branch", "\xff"}}
	twice.Extra = []Extra{{"email", "x@example.com"}}
	again.Extra = []Extra{{"a", "1"}, {"a", "2"}}
	unnamed.Extra = []Extra{{"", "1"}}
	for _, u := range []User{latin, extra, twice, again, unnamed} {
		if a := c.Create(t.Context(), testIdem, u); a.Class != NotSent || a.Cause != CauseRequest {
			t.Errorf("got %v", a)
		}
	}
	for _, key := range []string{"", "a\r\nX: y", "a b", strings.Repeat("k", 256)} {
		if a := c.Create(t.Context(), key, jane()); a.Class != NotSent || a.Cause != CauseRequest {
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
		"Content-Length":  got.Header["Content-Length"],
	}
	if !reflect.DeepEqual(got.Header, want) {
		t.Errorf("headers %v", got.Header)
	}
	if got.Method != http.MethodPost || got.URL.Path != "/api/v2/partner/card/users" || got.ContentLength != int64(len(body)) || len(got.TransferEncoding) != 0 {
		t.Errorf("%s %s, length %d of %d, %v", got.Method, got.URL.Path, got.ContentLength, len(body), got.TransferEncoding)
	}
}

// TestAsNetHTTPWrites holds what is written to what net/http writes of the same.
func TestAsNetHTTPWrites(t *testing.T) {
	for _, base := range []string{
		"https://partner.example", "https://Partner.Example:443/api/", "http://127.0.0.1:8080/a%20b/\u00e9", "http://[::1]:81/api", "http://[fd00::1]",
		"https://b\u00fccher.example/api", "https://h.example/a/../b;c=d/$&+,:=@",
	} {
		for _, passed := range []bool{false, true} {
			for _, r := range []request{
				{http.MethodPost, createPath, testIdem, []byte("{}")},
				{http.MethodGet, listPath + "?limit=50&skip=0", "", nil},
				{http.MethodDelete, deletePath("a/b%?#\u00e9 c"), testIdem, nil},
			} {
				s, err := Config{BaseURL: base, Key: testKey, UserAgent: "bulkonboard/1.2 (x)", Proxy: "http://us:secret@p.example"}.validate()
				if err != nil {
					t.Fatal(err)
				}
				got := readBack(t, newLetterhead(s, passed).write(nil, r))

				u, err := url.Parse(s.base.String() + r.path)
				if err != nil {
					t.Fatal(err)
				}
				req := &http.Request{Method: r.method, URL: u, Header: http.Header{
					"Authorization": {"Bearer " + testKey}, "Accept": {"application/json"}, "Accept-Encoding": {"identity"}, "User-Agent": {"bulkonboard/1.2 (x)"},
				}}
				if r.key != "" {
					req.Header["idempotency-key"] = []string{r.key}
				}
				if r.body != nil {
					req.Header["Content-Type"] = []string{"application/json"}
					req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(r.body)), int64(len(r.body))
				}
				var b bytes.Buffer
				if passed {
					req.Header["Proxy-Authorization"] = []string{"Basic dXM6c2VjcmV0"}
					err = req.WriteProxy(&b)
				} else {
					err = req.Write(&b)
				}
				if err != nil {
					t.Fatal(err)
				}
				if want := readBack(t, b.Bytes()); !reflect.DeepEqual(got, want) {
					t.Errorf("%s, passed on %t:\ngot  %v\nwant %v", base, passed, got, want)
				}
			}
		}
	}
}

// readBack is what a server reads: request line, host, headers and body.
func readBack(t *testing.T, raw []byte) []any {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return []any{r.Method, r.RequestURI, r.Proto, r.Host, r.Header, r.ContentLength, r.TransferEncoding, string(body)}
}

// TestCompressedAnswer is fault 28: an answer that is compressed although we
// asked for none is not unpacked.
func TestCompressedAnswer(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, 10<<20))
	z.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusBadRequest)
		w.Write(b.Bytes())
	}))
	defer s.Close()
	c := newClient(t, Config{BaseURL: s.URL})
	if a := c.Create(t.Context(), testIdem, jane()); a.Class != Unknown || len(a.Excerpt) > maxExcerpt {
		t.Errorf("got %v, excerpt of %d bytes", a, len(a.Excerpt))
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
	got, err := encode(jane())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("got  %s\nwant %s", got, want.Bytes())
	}
}
