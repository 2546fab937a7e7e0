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

	"github.com/bulkonboard/bulkonboard/ledger"
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
	want := Listed{ServiceID: "a1", Email: "Jane@example.com", FirstName: "Jane", LastName: "Doe", Status: "pending_kyc", Program: "custodial",
		CreatedAt: time.Date(2026, 11, 22, 10, 0, 0, 123e6, time.UTC)}
	if len(p.Users) != 1 || p.Users[0] != want || p.Skip != 3 || p.Limit != 7 || p.Total != 12 || p.Date.IsZero() || p.Ended.Before(p.Began) {
		t.Errorf("skip %d limit %d total %d, %d users", p.Skip, p.Limit, p.Total, len(p.Users))
	}
}

// TestPages: a page that is not there must not look like an empty one, for it
// could hide a user. What could not be read is named.
func TestPages(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		ok         bool
		field      string
	}{
		{"empty", pageOf("", ""), true, ""},
		{"no pagination", `{"status":"success","data":{"users":[]}}`, true, ""},
		{"null pagination", `{"status":"success","data":{"users":[],"pagination":null}}`, true, ""},
		{"text numbers", pageOf("", `"total":"12"`), true, ""},
		{"no total", pageOf("", `"skip":0`), true, ""},
		{"null total", pageOf("", `"total":null`), true, ""},
		{"total with a point", pageOf("", `"total":12.0`), true, ""},
		{"odd skip and limit", pageOf("", `"skip":"first","limit":-1,"total":12`), true, ""},
		{"unknown members", `{"status":"success","v":2,"data":{"users":[],"x":{"y":[1]},"pagination":{"page":1,"pages":{},"hasNext":"no"}},"links":[]}`, true, ""},
		{"pagination a list", `{"status":"success","data":{"users":[],"pagination":[1,2]}}`, true, ""},
		{"Status in capitals", `{"status":"SUCCESS","data":{"users":[]}}`, true, ""},
		{"null users", `{"status":"success","data":{"users":null}}`, true, ""},
		{"users an empty object", `{"status":"success","data":{"users":{}}}`, true, ""},
		{"data an empty list", `{"status":"success","data":[]}`, true, ""},
		{"null data", `{"status":"success","data":null}`, true, ""},
		{"byte order mark", "\ufeff" + pageOf("", ""), true, ""},
		{"no users", `{"status":"success","data":{}}`, false, "users"},
		{"users under another name", `{"status":"success","data":{"items":[]}}`, false, "users"},
		{"no data", `{"status":"success"}`, false, "users"},
		{"data a text", `{"status":"success","data":"none"}`, false, "users"},
		{"users an object", `{"status":"success","data":{"users":{"a":{}}}}`, false, "users"},
		{"users a number", `{"status":"success","data":{"users":0}}`, false, "users"},
		{"status", `{"status":"error","data":{"users":[]}}`, false, "status"},
		{"no status", `{"data":{"users":[]}}`, false, "status"},
		{"negative total", pageOf("", `"total":-1`), false, "total"},
		{"total a fraction", pageOf("", `"total":1.5`), false, "total"},
		{"total a word", pageOf("", `"total":"many"`), false, "total"},
		{"total an object", pageOf("", `"total":{}`), false, "total"},
		{"trailing garbage", pageOf("", "") + "x", false, ""},
		{"cut", pageOf("", "")[:40], false, ""},
		{"only a list", "[]", false, ""},
		{"null", "null", false, ""},
		{"HTML", page, false, ""},
		{"nothing", "", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := answering(t, 200, tt.body, nil).ListUsers(t.Context(), 0, 50)
			var e *Error
			switch {
			case tt.ok && (err != nil || len(p.Users) != 0 || !p.ProvesAbsence()):
				t.Errorf("%d users, %v", len(p.Users), err)
			case !tt.ok && (!errors.As(err, &e) || e.Class != ledger.Unknown || e.Cause != CauseBody || e.HTTPStatus != 200 || e.Date.IsZero() || e.Field != tt.field):
				t.Errorf("error %v, want one about the body", err)
			}
			if tt.field != "" && !strings.Contains(err.Error(), "(body: "+tt.field+")") {
				t.Errorf("%v does not name %s", err, tt.field)
			}
		})
	}
	p, err := answering(t, 200, `{"status":"success","data":{"users":[]}}`, nil).ListUsers(t.Context(), 5, 50)
	if err != nil || p.Skip != 5 || p.Limit != 0 || p.Total != -1 {
		t.Errorf("without pagination: %+v, %v", p, err)
	}
}

// TestPaginationForms: the documented place first, others where it is silent.
func TestPaginationForms(t *testing.T) {
	for body, want := range map[string]Page{
		`{"status":"success","data":{"users":[],"pagination":{"skip":2,"limit":5,"total":9,"totalCount":7}}}`: {Skip: 2, Limit: 5, Total: 9},
		`{"status":"success","data":{"users":[],"pagination":{"totalCount":7,"perPage":"20","page":1}}}`:      {Limit: 20, Total: 7},
		`{"status":"success","data":{"users":[],"total":7}}`:                                                  {Total: 7},
		`{"status":"success","data":{"users":[]},"meta":{"total":7,"per_page":20}}`:                           {Limit: 20, Total: 7},
		`{"status":"success","data":[],"pagination":{"total":0}}`:                                             {Total: 0},
		`{"status":"success","data":{"users":[],"total":"some","meta":{"total":[]}}}`:                         {Total: -1},
	} {
		p, err := answering(t, 200, body, nil).ListUsers(t.Context(), 0, 50)
		if err != nil || p.Skip != want.Skip || p.Limit != want.Limit || p.Total != want.Total {
			t.Errorf("%s: %+v, %v", body, p, err)
		}
	}
}

// TestEnvelopedNotFound: the partner's 404 is an empty list that proves nothing;
// a gateway's is no list.
func TestEnvelopedNotFound(t *testing.T) {
	p, err := answering(t, 404, envelope("USERS_NOT_FOUND", "No users"), nil).ListUsers(t.Context(), 0, 50)
	if err != nil || !p.NotFound || len(p.Users) != 0 || p.ProvesAbsence() || p.Date.IsZero() || p.Total != -1 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, body := range []string{"", page, `{"message":"no Route matched with those values"}`, `{"statusCode":404,"message":"Cannot GET /x"}`, goodBody} {
		if p, err := answering(t, 404, body, nil).ListUsers(t.Context(), 0, 50); err == nil {
			t.Errorf("%.30q: %+v", body, p)
		}
	}
}

// TestListedForms: one odd member does not cost the page, and what decides is
// named where it cannot be read.
func TestListedForms(t *testing.T) {
	for _, tt := range []struct {
		name, user, odd string
		id, email       string
		absence         bool // another user may still be shown absent
	}{
		{"as documented", oneUser, "", "a1", "Jane@example.com", true},
		{"names a number and an object", `{"serviceId":"a","email":"x@y","firstName":7,"lastName":{"x":1}}`, "", "a", "x@y", true},
		{"program an object, status a number", `{"serviceId":"a","email":"x@y","program":{"type":"custodial"},"status":3}`, "", "a", "x@y", true},
		{"null members", `{"serviceId":"a","email":"x@y","firstName":null,"lastName":null,"status":null,"program":null,"createdAt":null}`, "", "a", "x@y", true},
		{"members missing", `{"serviceId":"a","email":"x@y"}`, "", "a", "x@y", true},
		{"members more", `{"serviceId":"a","email":"x@y","cards":[{}],"kyc":{"status":1}}`, "", "a", "x@y", true},
		{"serviceId a number", `{"serviceId":71234567890123456789,"email":"x@y"}`, "", "71234567890123456789", "x@y", true},
		{"no serviceId", `{"email":"x@y"}`, "serviceId", "", "x@y", true},
		{"serviceId of blanks", `{"serviceId":"a b","email":"x@y"}`, "serviceId", "", "x@y", true},
		{"null e-mail", `{"serviceId":"a","email":null}`, "", "a", "", false},
		{"no e-mail", `{"serviceId":"a"}`, "email", "a", "", false},
		{"e-mail a number", `{"serviceId":"a","email":1}`, "email", "a", "", false},
		{"e-mail an object", `{"serviceId":"a","email":{"address":"x@y"}}`, "email", "a", "", false},
		{"e-mail hidden", `{"serviceId":"a","email":"(hidden)"}`, "", "a", "(hidden)", false},
		{"e-mail of a deleted user gone", `{"serviceId":"a","email":null,"status":"deleted"}`, "", "a", "", true},
		{"createdAt a word", `{"serviceId":"a","email":"x@y","createdAt":"yesterday"}`, "createdAt", "a", "x@y", true},
		{"createdAt an object", `{"serviceId":"a","email":"x@y","createdAt":{"seconds":1}}`, "createdAt", "a", "x@y", true},
		{"members in other letters", `{"serviceId":"a","email":"x@y","Email":null,"SERVICEID":7,"CreatedAt":"?"}`, "", "a", "x@y", true},
		{"null", `null`, "user", "", "", false},
		{"a text", `"jane"`, "user", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := answering(t, 200, pageOf(oneUser+","+tt.user+","+oneUser, `"total":3`), nil).ListUsers(t.Context(), 0, 50)
			if err != nil || len(p.Users) != 3 {
				t.Fatalf("%d users, %v", len(p.Users), err)
			}
			u := p.Users[1]
			if u.ServiceID != tt.id || u.Email != tt.email || u.Odd != tt.odd || u.Ref() == "" || p.ProvesAbsence() != tt.absence {
				t.Errorf("%+v, proves absence: %t", u, p.ProvesAbsence())
			}
			want := ""
			switch tt.odd {
			case "":
			case "user":
				want = "users[1]"
			default:
				want = "users[1]." + tt.odd
			}
			if p.Odd() != want {
				t.Errorf("odd %q, want %q", p.Odd(), want)
			}
		})
	}
	var refs []string
	for _, raw := range []string{`{"email":"x@y"}`, `{"email":"x@z"}`, `{"email":"x@y"}`, `7`} {
		refs = append(refs, readListed([]byte(raw)).Ref())
	}
	if refs[0] == refs[1] || refs[0] != refs[2] || refs[3] == refs[0] {
		t.Errorf("refs %q", refs)
	}
}

func TestIsDeleted(t *testing.T) {
	for members, want := range map[string]bool{
		`"status":"deleted"`:      true,
		`"status":"DELETED"`:      true,
		`"status":"user_deleted"`: true,
		`"status":"Soft-Deleted"`: true,
		`"status":"removed"`:      true,
		`"status":"approved","deletedAt":"2026-11-22T10:00:00Z"`: true,
		`"deletedAt":1795341600`:                                 true,
		`"deleted":true`:                                         true,
		`"isDeleted":"true"`:                                     true,
		`"deleted":1`:                                            true,
		`"status":"approved"`:                                    false,
		`"status":"closed"`:                                      false,
		`"status":"inactive"`:                                    false,
		`"status":"pending_deletion"`:                            false,
		`"status":"not deleted"`:                                 false,
		`"deletedAt":null`:                                       false,
		`"deletedAt":""`:                                         false,
		`"deletedAt":0`:                                          false,
		`"deletedAt":"0001-01-01T00:00:00Z"`:                     false,
		`"deletedAt":"1970-01-01T00:00:00.000Z"`:                 false,
		`"deletedAt":{}`:                                         false,
		`"deleted":false`:                                        false,
		`"deleted":false,"deletedAt":"2026-11-22T10:00:00Z"`:     false,
		`"deleted":"maybe"`:                                      false,
	} {
		if got := readListed([]byte(`{"serviceId":"a","email":"x@y",` + members + `}`)).IsDeleted(); got != want {
			t.Errorf("%s: %t", members, got)
		}
	}
	if !(Listed{Status: "deleted"}).IsDeleted() || (Listed{}).IsDeleted() {
		t.Error("a user made by hand")
	}
}

func TestReadTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for raw, want := range map[string]time.Time{
		`"2026-11-22T10:00:00Z"`:                      at,
		`"2026-11-22T12:00:00.000+02:00"`:             at,
		`"2026-11-22T12:00:00.000+0200"`:              at,
		`"2026-11-22T10:00:00+0000"`:                  at,
		`"2026-11-22T10:00:00+00"`:                    at,
		`"2026-11-22T10:00:00 +00:00"`:                at,
		`"2026-11-22 10:00:00+00:00"`:                 at,
		`"2026-11-22 10:00:00 +0000 UTC"`:             at,
		`"2026-11-22 10:00:00 UTC"`:                   at,
		`"2026-11-22  10:00:00.000000Z"`:              at,
		`"2026-11-22t10:00:00z"`:                      at,
		`" 2026-11-22T10:00Z "`:                       at,
		`"2026-11-22T10:00:00,250Z"`:                  at.Add(250 * time.Millisecond),
		`"Sun, 22 Nov 2026 10:00:00 GMT"`:             at,
		`"Sun, 22 Nov 2026 11:00:00 +0100"`:           at,
		fmt.Sprint(at.Unix()):                         at,
		fmt.Sprint(at.UnixMilli()):                    at,
		fmt.Sprint(at.UnixMicro()):                    at,
		fmt.Sprint(at.Unix()) + ".5":                  at.Add(500 * time.Millisecond),
		fmt.Sprintf("%q", fmt.Sprint(at.Unix())):      at,
		fmt.Sprintf("%q", fmt.Sprint(at.UnixMilli())): at,
		`1`:                               {},
		`0`:                               {},
		`-1795341600`:                     {},
		`1.7953416e9`:                     {},
		`"yesterday"`:                     {},
		`"2026-11-22"`:                    {},
		`"22/11/2026 10:00:00"`:           {},
		`"2026-13-22T10:00:00Z"`:          {},
		`"2026-11-22T10:00:00 EST"`:       {},
		`"Sun, 22 Nov 2026 10:00:00 EST"`: {},
		`""`:                              {},
		`null`:                            {},
		``:                                {},
		`{}`:                              {},
		`[1795341600]`:                    {},
		`true`:                            {},
	} {
		if got, noZone := readTime([]byte(raw)); !got.Equal(want) || noZone {
			t.Errorf("%s is %v (no zone: %t), want %v", raw, got, noZone, want)
		}
	}
	for _, raw := range []string{`"2026-11-22T10:00:00"`, `"2026-11-22 10:00:00"`, `"2026-11-22T10:00:00.000"`, `"2026-11-22 10:00"`} {
		if got, noZone := readTime([]byte(raw)); !got.Equal(at) || !noZone {
			t.Errorf("%s is %v (no zone: %t)", raw, got, noZone)
		}
	}
}

// TestRefusedParameter: the error names the parameter that was too large.
func TestRefusedParameter(t *testing.T) {
	for _, tt := range []struct {
		status     int
		body, want string
	}{
		{400, envelope("LIMIT_TOO_LARGE", ""), "limit"},
		{422, envelope("VALIDATION_ERROR", "limit must not be greater than 100"), "limit"},
		{400, `{"statusCode":400,"message":["limit must not be greater than 100"],"error":"Bad Request"}`, "limit"},
		{422, `{"detail":[{"loc":["query","limit"],"msg":"Input should be less than or equal to 100"}]}`, "limit"},
		{400, `{"errors":[{"msg":"Invalid value","param":"limit","location":"query"}]}`, "limit"},
		{400, "page size too large", "limit"},
		{400, envelope("INVALID_SKIP", "skip must not be greater than 10000"), "skip"},
		{400, envelope("", "skip + limit must not exceed 10000"), "skip"},
		{400, `{"message":"Result window is too large, from + size must be less than or equal to 10000"}`, "skip"},
		{422, `{"errors":{"offset":["is too large"]}}`, "skip"},
		{400, envelope("BAD_REQUEST", "rate limit of the plan"), ""},
		{400, page, ""},
		{400, "", ""},
	} {
		_, err := answering(t, tt.status, tt.body, nil).ListUsers(t.Context(), 20000, 1000)
		var e *Error
		if !errors.As(err, &e) || e.Field != tt.want || tt.want != "" && !strings.Contains(err.Error(), tt.want+")") {
			t.Errorf("%s: %v", tt.body, err)
		}
	}
}

// FuzzListed: no user makes the reading fail, and who can be read in part only
// shows no user absent.
func FuzzListed(f *testing.F) {
	for _, s := range []string{oneUser, `null`, `{"serviceId":7,"email":1}`, `{"createdAt":"2026-11-22 10:00:00 UTC","deletedAt":0}`,
		`{"createdAt":1795341600.5,"deleted":"yes"}`, `[1]`, `{"createdAt":"0000-0000U C"}`, `{"createdAt":"2026-11-22TUTC"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		l := readListed([]byte(raw))
		if l.ServiceID != "" && !ledger.ValidToken(l.ServiceID) || l.ServiceID == "" && l.Ref() == "" {
			t.Errorf("serviceId %q, ref %q", l.ServiceID, l.Ref())
		}
		if l.Odd == "email" && (Page{Users: []Listed{l}}).ProvesAbsence() && !l.IsDeleted() {
			t.Error("an e-mail that cannot be read shows a user absent")
		}
		if l.NoZone && l.CreatedAt.IsZero() {
			t.Error("no time, and no zone")
		}
	})
}

// TestReadErrors: what the calls that read make of answers that are none.
func TestReadErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		class  ledger.Class
		text   string
	}{
		{"401", 401, envelope("UNAUTHORIZED", ""), ledger.Auth, "partner: wallet: answered 401, code UNAUTHORIZED"},
		{"401 of a gateway", 401, `{"message":"Unauthorized"}`, ledger.Auth, "partner: wallet: answered 401"},
		{"403 page", 403, page, ledger.Unknown, "partner: wallet: answered 403 (html)"},
		{"429", 429, envelope("TOO_MANY_REQUESTS", ""), ledger.Busy, "partner: wallet: answered 429, code TOO_MANY_REQUESTS"},
		{"429 of a gateway", 429, "", ledger.Throttled, "partner: wallet: answered 429"},
		{"500", 500, "", ledger.Unknown, "partner: wallet: answered 500 (server)"},
		{"400", 400, envelope("LIMIT_TOO_LARGE", ""), ledger.Unclear, "partner: wallet: answered 400, code LIMIT_TOO_LARGE"},
		{"422", 422, "", ledger.Reject, "partner: wallet: answered 422"},
		{"404", 404, "", ledger.Unknown, "partner: wallet: answered 404 (status)"},
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
	if !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Class != ledger.NotSent {
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
		{`"balance":1,"partnerId":1234567890123456789012,"walletId":12`, Wallet{Balance: "1", Active: true, Account: "1234567890123456789012"}, true},
		{`"balance":1,"walletId":"w","accountId":"a"`, Wallet{Balance: "1", Active: true}, true},
		{`"balance":1,"partnerId":{"id":7},"currency":{"code":"USD"},"active":"maybe"`, Wallet{Balance: "1", Active: true}, true},
		{`"balance":1,"partnerId":null,"currency":840,"active":null,"extra":[{}]`, Wallet{Balance: "1", Currency: "840", Active: true}, true},
		{`"balance":1,"active":"false"`, Wallet{Balance: "1"}, true},
		{`"balance":1,"active":0`, Wallet{Balance: "1"}, true},
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
		if (err == nil) != tt.ok || err != nil && !strings.Contains(err.Error(), "(body: balance)") {
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
		class  ledger.Class
	}{
		{200, `{"status":"success","message":"User deleted"}`, Removed, ""},
		{204, "", Removed, ""},
		{200, page, RemovalUnknown, ledger.Unknown},
		{200, `{"status":"error"}`, RemovalUnknown, ledger.Unknown},
		{404, envelope("USER_NOT_FOUND", ""), NoSuchUser, ledger.Unknown},
		{404, page, RemovalUnknown, ledger.Unknown},
		{400, envelope("USER_HAS_CARDS", "delete the cards first"), NotRemoved, ledger.Unclear},
		{400, envelope("IDEMPOTENCY_KEY_ALREADY_USED", ""), RemovalUnknown, ledger.KeyUsed},
		{409, envelope("USER_HAS_CARDS", ""), NotRemoved, ledger.Unknown},
		{401, envelope("UNAUTHORIZED", ""), NotRemoved, ledger.Auth},
		{403, `{"message":"Forbidden"}`, NotRemoved, ledger.Auth},
		{403, page, RemovalUnknown, ledger.Unknown},
		{404, `{"statusCode":404,"message":"Cannot DELETE /x"}`, RemovalUnknown, ledger.Unknown},
		{409, `{"status":"error","message":"ACTIVE_CARDS_EXIST","data":{"activeCards":2}}`, NotRemoved, ledger.Unknown},
		{429, "", RemovalUnknown, ledger.Throttled},
		{429, envelope("TOO_MANY_REQUESTS", ""), NotRemoved, ledger.Busy},
		{500, envelope("INTERNAL_SERVER_ERROR", ""), RemovalUnknown, ledger.Unknown},
	} {
		var asked string
		var keys []string
		c := answering(t, tt.status, tt.body, func(r *http.Request) {
			asked = r.Method + " " + r.RequestURI
			keys = append(keys, r.Header.Get("Idempotency-Key"))
		})
		got, err := c.Delete(t.Context(), "acme?1")
		var e *Error
		if got != tt.want || (err == nil) != (got == Removed) || err != nil && (!errors.As(err, &e) || e.Class != tt.class) {
			t.Errorf("%d %s: %v, %v", tt.status, tt.body, got, err)
		}
		if asked != "DELETE /api/v1/partner/card/users/acme%3F1" {
			t.Errorf("asked %s", asked)
		}
		c.Delete(t.Context(), "acme?1")
		if len(keys) != 2 || len(keys[0]) != 36 || keys[0] == keys[1] {
			t.Errorf("keys %q", keys)
		}
	}
	c := newClient(t, Config{BaseURL: "http://127.0.0.1:1"})
	for _, id := range []string{"", ".", "..", "a b", "a\n", "a/b", "../a"} {
		if got, err := c.Delete(t.Context(), id); got != NotRemoved || err == nil {
			t.Errorf("id %q: %v, %v", id, got, err)
		}
	}
}
