package partner

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// encodedAs is a client whose server answers with this Content-Encoding, "" for none.
func encodedAs(t testing.TB, status int, encoding, body string) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if encoding != "" {
			w.Header()["Content-Encoding"] = strings.Split(encoding, "|")
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return newClient(t, Config{BaseURL: s.URL})
}

// TestCompressedAnswer is fault 28: an answer that is compressed although none
// was asked for is read if it is gzip, within the limit on what comes out.
func TestCompressedAnswer(t *testing.T) {
	packed := gzipped(t, goodBody)
	bomb := gzipped(t, goodBody+strings.Repeat(" ", 10<<20))
	idle := packed
	for len(idle) < maxBody { // members that hold nothing, with no end
		idle += strings.Repeat(gzipped(t, ""), 1000)
	}
	const dup = `{"status":"error","message":"DUP_USER","data":{"error":"exists"}}`
	for _, tt := range []struct {
		name, encoding, body string
		status               int
		class                ledger.Class
		cause                string
		hasURL               bool
	}{
		{"gzip", "gzip", packed, 201, ledger.OK, "", true},
		{"x-gzip", "X-GZIP", packed, 201, ledger.OK, "", true},
		{"gzip, unsaid", "", packed, 201, ledger.OK, "", true},
		{"said to be gzip", "gzip", goodBody, 201, ledger.OK, "", true},
		{"identity", "identity", goodBody, 201, ledger.OK, "", true},
		{"identity and gzip", "identity|gzip", packed, 201, ledger.OK, "", true},
		{"two members", "gzip", gzipped(t, goodBody[:50]) + gzipped(t, goodBody[50:]), 201, ledger.OK, "", true},
		{"an error in gzip", "gzip", gzipped(t, dup), 400, ledger.DupUser, "", false},
		{"no body", "gzip", "", 422, ledger.Reject, "", false},
		{"within the limit", "gzip", gzipped(t, goodBody+strings.Repeat(" ", maxBody-len(goodBody))), 201, ledger.OK, "", true},
		{"beyond the limit", "gzip", gzipped(t, goodBody+strings.Repeat(" ", maxBody+1-len(goodBody))), 201, ledger.OKBroken, CauseBody, true},
		{"bomb", "gzip", bomb, 201, ledger.OKBroken, CauseBody, true},
		{"empty members without end", "gzip", idle, 201, ledger.OKBroken, CauseBody, true},
		{"truncated in its trailer", "gzip", packed[:len(packed)-4], 201, ledger.OKBroken, CauseBody, true},
		{"truncated in its header", "gzip", packed[:5], 201, ledger.OKBroken, CauseBody, false},
		{"wrong checksum", "gzip", packed[:len(packed)-8] + "\x00\x00\x00\x00" + packed[len(packed)-4:], 201, ledger.OKBroken, CauseBody, true},
		{"br", "br", "\x0b\x02\x80" + goodBody, 201, ledger.OKBroken, CauseEncoding, false},
		{"deflate", "deflate", deflated(t, goodBody), 201, ledger.OKBroken, CauseEncoding, false},
		{"zstd", "zstd", "\x28\xb5\x2f\xfd", 400, ledger.Unknown, CauseEncoding, false},
		{"br in gzip", "br, gzip", packed, 201, ledger.OKBroken, CauseEncoding, false},
		{"br before gzip", "br|gzip", packed, 201, ledger.OKBroken, CauseEncoding, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := encodedAs(t, tt.status, tt.encoding, tt.body)
			a := c.Create(t.Context(), testIdem, jane())
			if a.Class != tt.class || a.Cause != tt.cause || (a.VerificationURL != "") != tt.hasURL || len(a.Excerpt) > maxExcerpt {
				t.Errorf("got %v, link: %t, excerpt of %d bytes; want %v (%s), link: %t", a, a.VerificationURL != "", len(a.Excerpt), tt.class, tt.cause, tt.hasURL)
			}
		})
	}
}

func deflated(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCompressedLookUps: list and wallet are read likewise, and name what they
// cannot read.
func TestCompressedLookUps(t *testing.T) {
	c := encodedAs(t, 200, "gzip", gzipped(t, pageOf(oneUser, "")))
	if p, err := c.ListUsers(t.Context(), 0, 50); err != nil || len(p.Users) != 1 {
		t.Errorf("%d users, %v", len(p.Users), err)
	}
	c = encodedAs(t, 200, "br", pageOf(oneUser, ""))
	var e *Error
	if _, err := c.ListUsers(t.Context(), 0, 50); !asError(err, &e) || e.Class != ledger.Unknown || e.Cause != CauseEncoding {
		t.Errorf("list: %v", err)
	}
	c = encodedAs(t, 503, "br", "x")
	if _, err := c.Wallet(t.Context()); !asError(err, &e) || e.Class != ledger.Unknown || e.Cause != CauseServer {
		t.Errorf("wallet: %v", err)
	}
}

// TestBombIsNotUnpacked: no more of it is read than the limit needs.
func TestBombIsNotUnpacked(t *testing.T) {
	bomb := strings.NewReader(gzipped(t, goodBody+strings.Repeat(" ", 20*maxBody)))
	size := bomb.Len()
	b, whole, _ := readBody(bomb, http.Header{"Content-Encoding": {"gzip"}}, maxBody)
	if read := size - bomb.Len(); len(b) != maxBody || whole || read > size/2 {
		t.Errorf("%d bytes out of %d of %d, whole: %t", len(b), read, size, whole)
	}
}
