package partner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

// TestNothingPersonalIsPrinted prints everything in every way and looks for
// canaries.
func TestNothingPersonalIsPrinted(t *testing.T) {
	const key = "sk_staging_CANARY"
	conf := Config{BaseURL: "https://h.example/api", Key: key, Proxy: "http://u:CANARY@p:1"}
	client := newClient(t, conf)
	user := validate.User{FirstName: "CANARY", LastName: "CANARY", Email: "CANARY@example.com", Extra: []validate.Extra{{Name: "branch", Value: "CANARY"}}}
	answer := Answer{Class: ledger.OKBroken, Code: "X_Y\x1b[31m", ServiceID: "CANARY", VerificationURL: "https://h/CANARY", Excerpt: []byte("CANARY")}
	listed := Listed{ServiceID: "a1", Email: "CANARY@example.com", FirstName: "CANARY", LastName: "CANARY"}
	for _, v := range []any{conf, &conf, client, *client, user, &user, user.Extra, answer, &answer, listed,
		Page{Users: []Listed{listed}}, struct{ C *Client }{client}, struct{ c Client }{*client}, struct{ U validate.User }{user}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			out := fmt.Sprintf(verb, v)
			if strings.Contains(out, "CANARY") || strings.Contains(out, fmt.Sprintf("%x", "CANARY")) {
				t.Errorf("%s of %T shows what must not be shown", verb, v)
			}
			if strings.Contains(out, "\x1b") {
				t.Errorf("%s of %T shows a control character", verb, v)
			}
		}
	}
	for _, v := range []any{conf, client, user, user.Extra[0], answer, listed} {
		var text, js bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&js, nil)).Info("x", "v", v)
		if out := text.String() + js.String(); strings.Contains(out, "CANARY") {
			t.Errorf("slog shows what must not be shown of %T: %s", v, out)
		}
	}
	if b, err := json.Marshal(conf); err != nil || bytes.Contains(b, []byte("CANARY")) {
		t.Errorf("JSON of Config: %s, %v", b, err)
	}
	if s := fmt.Sprint((*Client)(nil)); s == "" {
		t.Error("a nil client prints nothing")
	}
}

// TestErrorsSayNothingPersonal: whatever the partner writes.
func TestErrorsSayNothingPersonal(t *testing.T) {
	for _, body := range []string{
		`{"status":"error","message":"CANARY@example.com exists","code":"CANARY@example.com"}`,
		`{"status":"error","message":"Canary","data":{"error":"CANARY jane"}}`,
		`CANARY 1`, `<html>CANARY`, `{"CANARY":`,
	} {
		for _, status := range []int{200, 201, 302, 400, 401, 422, 500} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				w.Write([]byte(body))
			}))
			c := newClient(t, Config{BaseURL: s.URL, Timeout: 5 * time.Second})
			_, list := c.ListUsers(t.Context(), 0, 1)
			_, wallet := c.Wallet(t.Context())
			_, gone := c.Delete(t.Context(), "CANARY1")
			for _, err := range []error{list, wallet, gone} {
				if err == nil {
					t.Errorf("no error for %d %s", status, body)
				} else if strings.Contains(fmt.Sprintf("%v %+v", err, err), "CANARY") {
					t.Errorf("error %v", err)
				}
			}
			if a := c.Create(t.Context(), testIdem, jane()); strings.Contains(a.String(), "CANARY") {
				t.Errorf("answer %v", a)
			}
			c.CloseIdle()
			s.Close()
		}
	}
}
