package partner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// answering is a client whose server gives every request the same answer.
func answering(t testing.TB, status int, body string, seen func(*http.Request)) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen != nil {
			seen(r)
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return newClient(t, Config{BaseURL: s.URL + "/api"})
}

const oneUser = `{"serviceId":"a1","email":"Jane@example.com","firstName":"Jane","lastName":"Doe","status":"pending_kyc","program":"custodial","createdAt":"2026-11-22T10:00:00.123Z"}`

func pageOf(users, pagination string) string {
	return `{"status":"success","message":"x","data":{"users":[` + users + `],"pagination":{` + pagination + `}}}`
}

func TestListUsers(t *testing.T) {
	var asked string
	c := answering(t, 200, pageOf(oneUser, `"skip":3,"limit":7,"total":12`), func(r *http.Request) {
		asked = r.Method + " " + r.URL.String()
		if r.ContentLength != 0 || r.Header.Get("Idempotency-Key") != "" {
			t.Error("a read with a body or an idempotency key")
		}
	})
	p, err := c.ListUsers(t.Context(), 3, 50)
	if err != nil {
		t.Fatal(err)
	}
	if asked != "GET /api/v1/partner/card/users?limit=50&skip=3" {
		t.Errorf("asked %s", asked)
	}
	want := Listed{"a1", "Jane@example.com", "Jane", "Doe", "pending_kyc", "custodial", time.Date(2026, 11, 22, 10, 0, 0, 123e6, time.UTC)}
	if len(p.Users) != 1 || p.Users[0] != want || p.Skip != 3 || p.Limit != 7 || p.Total != 12 || p.Date.IsZero() || p.Ended.Before(p.Began) {
		t.Errorf("skip %d limit %d total %d, %d users", p.Skip, p.Limit, p.Total, len(p.Users))
	}
}

// TestPages: a page in an unexpected form is none, for it could hide a user.
func TestPages(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		ok         bool
	}{
		{"empty", pageOf("", ""), true},
		{"no pagination", `{"status":"success","data":{"users":[]}}`, true},
		{"null pagination", `{"status":"success","data":{"users":[],"pagination":null}}`, true},
		{"null e-mail", pageOf(`{"serviceId":"a","email":null}`, ""), true},
		{"null names", pageOf(`{"serviceId":"a","email":"x","firstName":null}`, ""), true},
		{"text numbers", pageOf("", `"total":"12"`), true},
		{"null users", `{"status":"success","data":{"users":null}}`, false},
		{"no users", `{"status":"success","data":{}}`, false},
		{"no data", `{"status":"success"}`, false},
		{"status", `{"status":"error","data":{"users":[]}}`, false},
		{"users an object", `{"status":"success","data":{"users":{}}}`, false},
		{"no e-mail", pageOf(`{"serviceId":"a"}`, ""), false},
		{"e-mail a number", pageOf(`{"serviceId":"a","email":1}`, ""), false},
		{"no serviceId", pageOf(`{"email":"x"}`, ""), false},
		{"null user", pageOf(`null`, ""), false},
		{"negative total", pageOf("", `"total":-1`), false},
		{"total a fraction", pageOf("", `"total":1.5`), false},
		{"trailing garbage", pageOf("", "") + "x", false},
		{"cut", pageOf("", "")[:40], false},
		{"HTML", page, false},
		{"nothing", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := answering(t, 200, tt.body, nil).ListUsers(t.Context(), 0, 50)
			var e *Error
			switch {
			case tt.ok && err != nil:
				t.Errorf("refused: %v", err)
			case !tt.ok && (!errors.As(err, &e) || e.Class != Unknown || e.Cause != CauseBody || e.HTTPStatus != 200 || e.Date.IsZero()):
				t.Errorf("error %v, want one about the body", err)
			}
		})
	}
	p, err := answering(t, 200, `{"status":"success","data":{"users":[]}}`, nil).ListUsers(t.Context(), 5, 50)
	if err != nil || p.Skip != 5 || p.Limit != 0 || p.Total != -1 {
		t.Errorf("without pagination: %+v, %v", p, err)
	}
}

func TestReadTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for raw, want := range map[string]time.Time{
		`"2026-11-22T10:00:00Z"`:          at,
		`"2026-11-22T12:00:00.000+02:00"`: at,
		fmt.Sprint(at.UnixMilli()):        at,
		`1`:                               {},
		`"yesterday"`:                     {},
		`""`:                              {},
		`null`:                            {},
		``:                                {},
		`{}`:                              {},
	} {
		if got := readTime([]byte(raw)); !got.Equal(want) {
			t.Errorf("%s is %v, want %v", raw, got, want)
		}
	}
}

// TestReadErrors: what the calls that read make of answers that are none.
func TestReadErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		class  Class
		text   string
	}{
		{"401", 401, envelope("UNAUTHORIZED", ""), Auth, "partner: wallet: answered 401, code UNAUTHORIZED"},
		{"403 page", 403, page, Unknown, "partner: wallet: answered 403 (html)"},
		{"429", 429, envelope("TOO_MANY_REQUESTS", ""), Busy, "partner: wallet: answered 429, code TOO_MANY_REQUESTS"},
		{"429 of a gateway", 429, "", Throttled, "partner: wallet: answered 429"},
		{"500", 500, "", Unknown, "partner: wallet: answered 500 (server)"},
		{"400", 400, envelope("LIMIT_TOO_LARGE", ""), Unclear, "partner: wallet: answered 400, code LIMIT_TOO_LARGE"},
		{"422", 422, "", Reject, "partner: wallet: answered 422"},
		{"404", 404, "", Unknown, "partner: wallet: answered 404 (status)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := answering(t, tt.status, tt.body, nil).Wallet(t.Context())
			var e *Error
			if !errors.As(err, &e) || e.Class != tt.class || e.HTTPStatus != tt.status || err.Error() != tt.text {
				t.Errorf("got %v", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newClient(t, Config{BaseURL: "http://127.0.0.1:1"}).Wallet(ctx)
	var e *Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Class != NotSent {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWallet(t *testing.T) {
	for _, tt := range []struct {
		data string
		want Wallet
		ok   bool
	}{
		{`"balance":1234.50,"currency":"USD","active":true`, Wallet{Balance: "1234.50", Currency: "USD", Active: true}, true},
		{`"balance":"0.10","currency":"USDC","active":false`, Wallet{Balance: "0.10", Currency: "USDC"}, true},
		{`"balance":-3`, Wallet{Balance: "-3", Active: true}, true},
		{`"balance":12345678901234567890.123456789012345678,"walletId":"w","partnerId":"p"`, Wallet{Balance: "12345678901234567890.123456789012345678", Active: true, Account: "p"}, true},
		{`"balance":1,"currency":"U\u001bSD"`, Wallet{Balance: "1", Currency: "USD", Active: true}, true},
		{`"balance":1e3`, Wallet{}, false},
		{`"balance":"1,000.00"`, Wallet{}, false},
		{`"balance":""`, Wallet{}, false},
		{`"balance":"1."`, Wallet{}, false},
		{`"balance":null`, Wallet{}, false},
		{`"balance":[1]`, Wallet{}, false},
		{`"balance":"` + strings.Repeat("9", 65) + `"`, Wallet{}, false},
		{`"currency":"USD"`, Wallet{}, false},
	} {
		got, err := answering(t, 200, `{"status":"success","data":{`+tt.data+`}}`, nil).Wallet(t.Context())
		if (err == nil) != tt.ok {
			t.Errorf("%s: error %v", tt.data, err)
			continue
		}
		got.Date, got.Began, got.Ended = time.Time{}, time.Time{}, time.Time{}
		if got != tt.want {
			t.Errorf("%s: got %+v", tt.data, got)
		}
	}
}

func TestDelete(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   Removal
		class  Class
	}{
		{200, `{"status":"success","message":"User deleted"}`, Removed, 0},
		{204, "", Removed, 0},
		{200, page, RemovalUnknown, Unknown},
		{200, `{"status":"error"}`, RemovalUnknown, Unknown},
		{404, envelope("USER_NOT_FOUND", ""), NoSuchUser, Unknown},
		{404, page, RemovalUnknown, Unknown},
		{400, envelope("USER_HAS_CARDS", "delete the cards first"), NotRemoved, Unclear},
		{400, envelope("IDEMPOTENCY_KEY_ALREADY_USED", ""), RemovalUnknown, KeyUsed},
		{409, envelope("USER_HAS_CARDS", ""), NotRemoved, Unknown},
		{401, envelope("UNAUTHORIZED", ""), NotRemoved, Auth},
		{429, "", RemovalUnknown, Throttled},
		{429, envelope("TOO_MANY_REQUESTS", ""), NotRemoved, Busy},
		{500, envelope("INTERNAL_SERVER_ERROR", ""), RemovalUnknown, Unknown},
	} {
		var asked string
		var keys []string
		c := answering(t, tt.status, tt.body, func(r *http.Request) {
			asked = r.Method + " " + r.RequestURI
			keys = append(keys, r.Header.Get("Idempotency-Key"))
		})
		got, err := c.Delete(t.Context(), "acme/1")
		var e *Error
		if got != tt.want || (err == nil) != (got == Removed) || err != nil && (!errors.As(err, &e) || e.Class != tt.class) {
			t.Errorf("%d %s: %v, %v", tt.status, tt.body, got, err)
		}
		if asked != "DELETE /api/v1/partner/card/users/acme%2F1" {
			t.Errorf("asked %s", asked)
		}
		c.Delete(t.Context(), "acme/1")
		if len(keys) != 2 || len(keys[0]) != 36 || keys[0] == keys[1] {
			t.Errorf("keys %q", keys)
		}
	}
	c := newClient(t, Config{BaseURL: "http://127.0.0.1:1"})
	for _, id := range []string{"", ".", "..", "a b", "a\n"} {
		if got, err := c.Delete(t.Context(), id); got != NotRemoved || err == nil {
			t.Errorf("id %q: %v, %v", id, got, err)
		}
	}
}
