package partner

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/validate"
)

func envelope(code, text string) string {
	return `{"status":"error","message":"` + code + `","data":{"error":"` + text + `"}}`
}

const page = "<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head><body>cloudflare</body></html>"

// TestClassify is the table of classify.go, through the client.
func TestClassify(t *testing.T) {
	link := `"verificationUrl":"https://withpersona.com/verify?inquiry-id=inq_1"`
	id := `"serviceId":"acme-1"`
	success := func(data string) string { return `{"status":"success","message":"x","data":{` + data + `}}` }
	for _, tt := range []struct {
		name   string
		status int
		body   string
		class  ledger.Class
		code   string
		cause  string
	}{
		{"seed", 201, goodBody, ledger.OK, "", ""},
		{"200", 200, goodBody, ledger.OK, "", ""},
		{"byte order mark and space", 201, "\ufeff" + goodBody + "\r\n", ledger.OK, "", ""},
		{"members unknown to us", 201, `{"v":[1,{"data":{"serviceId":"x"}}],"status":"success","data":{"n":{"serviceId":"y"},` + id + `,` + link + `}}`, ledger.OK, "", ""},
		{"fault 4, empty", 201, "", ledger.OKBroken, "", CauseBody},
		{"204", 204, "", ledger.OKBroken, "", CauseBody},
		{"fault 4, HTML", 201, page, ledger.OKBroken, "", CauseBody},
		{"fault 4, truncated JSON", 201, goodBody[:40], ledger.OKBroken, "", CauseBody},
		{"fault 4, trailing garbage", 201, goodBody + "x", ledger.OKBroken, "", CauseBody},
		{"fault 4, two documents", 201, goodBody + goodBody, ledger.OKBroken, "", CauseBody},
		{"array", 201, "[" + goodBody + "]", ledger.OKBroken, "", CauseBody},
		{"status error under 201", 201, envelope("DUP_USER", ""), ledger.OKBroken, "", CauseBody},
		{"no status", 201, `{"data":{` + id + `,` + link + `}}`, ledger.OKBroken, "", CauseBody},
		{"Status in capitals", 201, `{"Status":"success","data":{` + id + `,` + link + `}}`, ledger.OKBroken, "", CauseBody},
		{"no data", 201, `{"status":"success"}`, ledger.OKBroken, "", CauseServiceID},
		{"no serviceId", 201, success(link), ledger.OKBroken, "", CauseServiceID},
		{"serviceId a number", 201, success(`"serviceId":7,` + link), ledger.OKBroken, "", CauseServiceID},
		{"serviceId empty", 201, success(`"serviceId":"",` + link), ledger.OKBroken, "", CauseServiceID},
		{"serviceId with a space", 201, success(`"serviceId":"a b",` + link), ledger.OKBroken, "", CauseServiceID},
		{"serviceId with a line end", 201, success(`"serviceId":"a\nb",` + link), ledger.OKBroken, "", CauseServiceID},
		{"serviceId not ASCII", 201, success(`"serviceId":"aé",` + link), ledger.OKBroken, "", CauseServiceID},
		{"serviceId of 128", 201, success(`"serviceId":"` + strings.Repeat("a", 128) + `",` + link), ledger.OK, "", ""},
		{"serviceId of 129", 201, success(`"serviceId":"` + strings.Repeat("a", 129) + `",` + link), ledger.OKBroken, "", CauseServiceID},
		{"serviceId twice", 201, success(`"serviceId":"a","serviceId":"b",` + link), ledger.OKBroken, "", CauseServiceID},
		{"data twice", 201, `{"status":"success","data":{"serviceId":"a",` + link + `},"data":{"serviceId":"b"}}`, ledger.OKBroken, "", CauseServiceID},
		{"fault 5, no link", 201, success(id), ledger.OKBroken, "", CauseLink},
		{"fault 5, null", 201, success(id + `,"verificationUrl":null`), ledger.OKBroken, "", CauseLink},
		{"fault 5, http", 201, success(id + `,"verificationUrl":"http://withpersona.com/v"`), ledger.OKBroken, "", CauseLink},
		{"fault 5, javascript", 201, success(id + `,"verificationUrl":"javascript:alert(1)"`), ledger.OKBroken, "", CauseLink},
		{"relative link", 201, success(id + `,"verificationUrl":"/verify"`), ledger.OKBroken, "", CauseLink},

		{"400 DUP_USER", 400, envelope("DUP_USER", "A user with this email exists"), ledger.DupUser, "DUP_USER", ""},
		{"400 seed's text", 400, "Duplicate user", ledger.DupUser, "", ""},
		{"400 seed's text with dash", 400, "400 — Duplicate user\n", ledger.DupUser, "", ""},
		{"400 enveloped text", 400, `{"status":"error","message":"User with this e-mail already exists"}`, ledger.DupUser, "", ""},
		{"409 DUP_USER", 409, envelope("DUP_USER", ""), ledger.DupUser, "DUP_USER", ""},
		{"409 Duplicate user", 409, "Duplicate user", ledger.DupUser, "", ""},
		{"409 else", 409, envelope("CONFLICT", "busy"), ledger.Unknown, "CONFLICT", CauseStatus},
		{"409 empty", 409, "", ledger.Unknown, "", CauseStatus},
		{"phone exists", 400, `{"status":"error","message":"A user with this phone number already exists"}`, ledger.Unclear, "", ""},
		{"user does not exist", 400, `{"status":"error","message":"User does not exist"}`, ledger.Unclear, "", ""},
		{"no user exists", 400, "No user exists in this program", ledger.Unknown, "", CauseStatus},

		{"fault 15, key used by code", 400, envelope("IDEMPOTENCY_KEY_ALREADY_USED", ""), ledger.KeyUsed, "IDEMPOTENCY_KEY_ALREADY_USED", ""},
		{"key used by text", 400, `{"status":"error","message":"Bad Request","data":{"error":"Idempotency key already used"}}`, ledger.KeyUsed, "", ""},
		{"key used by plain text", 400, "Duplicate idempotency-key", ledger.KeyUsed, "", ""},
		{"key used in lower case", 400, envelope("idempotency_conflict", ""), ledger.KeyUsed, "idempotency_conflict", ""},
		{"key used, as plain as can be", 400, "already used", ledger.KeyUsed, "", ""},
		{"key used under 409", 409, "Conflict: a request with this Idempotency-Key is already in progress", ledger.KeyUsed, "", ""},
		{"key used under 422", 422, envelope("X_Y", "Idempotency key used with another body"), ledger.KeyUsed, "X_Y", ""},
		{"key used under 429", 429, envelope("IDEMPOTENCY_KEY_IN_USE_CONFLICT", ""), ledger.KeyUsed, "IDEMPOTENCY_KEY_IN_USE_CONFLICT", ""},
		{"says both", 400, "Duplicate user or idempotency key already used", ledger.KeyUsed, "", ""},
		{"says both, in an envelope", 400, `{"status":"error","message":"User already exists","data":{"error":"idempotency key conflict"}}`, ledger.KeyUsed, "", ""},
		{"code before text", 400, envelope("DUP_USER", "idempotency key already used"), ledger.DupUser, "DUP_USER", ""},
		{"both as codes", 400, `{"status":"error","message":"DUP_USER","data":{"error":"IDEMPOTENCY_KEY_USED"}}`, ledger.KeyUsed, "DUP_USER", ""},
		{"key missing", 400, envelope("IDEMPOTENCY_KEY_REQUIRED", "The idempotency-key header is missing"), ledger.Unclear, "IDEMPOTENCY_KEY_REQUIRED", ""},
		{"key refused", 400, `{"status":"error","message":"Refused: malformed idempotency key"}`, ledger.Unclear, "", ""},
		{"fault 16, unknown code", 400, envelope("REQUEST_REPLAYED", "?"), ledger.Unclear, "REQUEST_REPLAYED", ""},

		{"row code", 400, envelope("USER_BLACKLISTED", ""), ledger.Reject, "USER_BLACKLISTED", ""},
		{"row code in plain text", 400, "INVALID_PROGRAM", ledger.Reject, "INVALID_PROGRAM", ""},
		{"row text", 400, "Validation failed: email", ledger.Reject, "", ""},
		{"400 enveloped, no code", 400, `{"status":"error"}`, ledger.Unclear, "", ""},
		{"400 empty", 400, "", ledger.Unknown, "", CauseStatus},
		{"400 plain", 400, "Bad Request", ledger.Unknown, "", CauseStatus},
		{"400 HTML", 400, "<html><body>Duplicate user</body></html>", ledger.Unknown, "", CauseHTML},
		{"400 other object", 400, `{"error":"x"}`, ledger.Unclear, "", ""},
		{"400 array", 400, `["Duplicate"]`, ledger.Unclear, "", ""},
		{"400 text in JSON", 400, `"Duplicate user"`, ledger.DupUser, "", ""},
		{"400 success true", 400, `{"success":true}`, ledger.Unknown, "", CauseBody},
		{"400 null", 400, `null`, ledger.Unknown, "", CauseStatus},
		{"400 success", 400, goodBody, ledger.Unknown, "", CauseBody},

		{"422 fields", 422, envelope("VALIDATION_ERROR", ""), ledger.Reject, "VALIDATION_ERROR", ""},
		{"422 empty", 422, "", ledger.Reject, "", ""},
		{"422 plain", 422, "no", ledger.Reject, "", ""},
		{"422 HTML", 422, page, ledger.Unknown, "", CauseHTML},
		{"422 DUP_USER", 422, envelope("DUP_USER", ""), ledger.DupUser, "DUP_USER", ""},

		{"402 code", 402, envelope("INSUFFICIENT_WALLET_BALANCE", ""), ledger.Funds, "INSUFFICIENT_WALLET_BALANCE", ""},
		{"402 enveloped", 402, `{"status":"error","message":"no"}`, ledger.Funds, "", ""},
		{"402 seed's text", 402, "Insufficient balance", ledger.Funds, "", ""},
		{"402 empty", 402, " \n", ledger.Funds, "", ""},
		{"402 plain", 402, "Payment Required", ledger.Unknown, "", CauseStatus},
		{"402 HTML", 402, page, ledger.Unknown, "", CauseHTML},
		{"400 no funds", 400, "Insufficient balance", ledger.Funds, "", ""},

		{"401 envelope", 401, envelope("UNAUTHORIZED", ""), ledger.Auth, "UNAUTHORIZED", ""},
		{"401 empty", 401, "", ledger.Auth, "", ""},
		{"401 plain", 401, "Unauthorized", ledger.Auth, "", ""},
		{"401 HTML", 401, page, ledger.Unknown, "", CauseHTML},
		{"fault 23, 403 envelope", 403, envelope("ACCOUNT_SUSPENDED", ""), ledger.Auth, "ACCOUNT_SUSPENDED", ""},
		{"403 empty", 403, "", ledger.Auth, "", ""},
		{"fault 23, 403 HTML", 403, page, ledger.Unknown, "", CauseHTML},
		{"403 gateway's text", 403, "error code: 1020", ledger.Unknown, "", CauseStatus},
		{"403 gateway's JSON", 403, `{"message":"Forbidden"}`, ledger.Auth, "", ""},
		{"403 row code", 403, envelope("USER_BLACKLISTED", ""), ledger.Reject, "USER_BLACKLISTED", ""},

		{"429 envelope", 429, envelope("TOO_MANY_REQUESTS", ""), ledger.Busy, "TOO_MANY_REQUESTS", ""},
		{"429 empty", 429, "", ledger.Throttled, "", ""},
		{"429 plain", 429, "slow down", ledger.Throttled, "", ""},
		{"429 HTML", 429, page, ledger.Throttled, "", ""},
		{"429 key used, in an envelope's text", 429, `{"status":"error","message":"Slow down","data":{"error":"this idempotency key was already used"}}`, ledger.KeyUsed, "", ""},
		{"429 key used, without an envelope", 429, "idempotency key already used", ledger.Throttled, "", ""},
		{"429 gateway's JSON", 429, `{"message":"Too Many Requests"}`, ledger.Throttled, "", ""},
		{"429 problem", 429, `{"type":"about:blank","title":"Too Many Requests","status":429}`, ledger.Throttled, "", ""},
		{"429 success", 429, goodBody, ledger.Unknown, "", CauseBody},

		{"fault 8", 500, envelope("INTERNAL_SERVER_ERROR", ""), ledger.Unknown, "INTERNAL_SERVER_ERROR", CauseServer},
		{"500 DUP_USER", 500, envelope("DUP_USER", ""), ledger.Unknown, "DUP_USER", CauseServer},
		{"fault 10", 502, page, ledger.Unknown, "", CauseServer},
		{"fault 11", 503, "", ledger.Unknown, "", CauseServer},
		{"504", 504, page, ledger.Unknown, "", CauseServer},
		{"408", 408, envelope("TIMEOUT", ""), ledger.Unknown, "TIMEOUT", CauseStatus},
		{"404", 404, envelope("DUP_USER", ""), ledger.Unknown, "DUP_USER", CauseStatus},
		{"418", 418, "Duplicate user", ledger.Unknown, "", CauseStatus},
		{"304", 304, "", ledger.Unknown, "", CauseRedirect},
		{"299", 299, goodBody, ledger.OK, "", ""},
		{"999", 999, goodBody, ledger.Unknown, "", CauseBody},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			}))
			defer s.Close()
			c := newClient(t, Config{BaseURL: s.URL})
			a := c.Create(t.Context(), testIdem, jane())
			if a.Class != tt.class || a.Code != tt.code || a.Cause != tt.cause || a.HTTPStatus != tt.status {
				t.Errorf("got %v, want %v code %q (%s)", a, tt.class, tt.code, tt.cause)
			}
			if a.Class == ledger.OK && (a.ServiceID == "" || a.VerificationURL == "") {
				t.Error("OK without service ID or link")
			}
			keeps := tt.class == ledger.OKBroken || tt.class == ledger.Unknown || tt.class == ledger.Unclear
			if want := keeps && tt.body != "" && tt.status != 204 && tt.status != 304; (a.Excerpt != nil) != want {
				t.Errorf("excerpt of %d bytes, wanted: %t", len(a.Excerpt), want)
			}
			if a.Began.IsZero() || a.Ended.Before(a.Began) || a.Date.IsZero() {
				t.Errorf("began %v, ended %v, date %v", a.Began, a.Ended, a.Date)
			}
			c.CloseIdle()
		})
	}
}

// TestBrokenKeepsWhatItCan: what a broken 2xx shows is handed on if it is sound
// by itself.
func TestBrokenKeepsWhatItCan(t *testing.T) {
	for _, tt := range []struct{ name, body, id, link string }{
		{"trailing garbage", goodBody + "}", "acme-rain-user-abc123def456ghi", "https://withpersona.com/verify?inquiry-id=inq_abc123"},
		{"cut in the link", `{"status":"success","data":{"serviceId":"a1","verificationUrl":"https://withpe`, "a1", ""},
		{"bad link", `{"status":"success","data":{"serviceId":"a1","verificationUrl":"javascript:x"}}`, "a1", ""},
		{"link before a missing id", `{"data":{"verificationUrl":"https://h/x"`, "", "https://h/x"},
		{"status error", `{"status":"error","data":{"serviceId":"a1","verificationUrl":"https://h/x"}}`, "a1", "https://h/x"},
		{"elsewhere", `{"serviceId":"a1","result":{"serviceId":"a2"}}`, "", ""},
		{"not an object", `"serviceId"`, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := readCreation([]byte(tt.body), true)
			if got.id != tt.id || got.link != tt.link {
				t.Errorf("id %q, link %q; want %q, %q", got.id, got.link, tt.id, tt.link)
			}
			if judgeCreation(got).class != ledger.OKBroken {
				t.Error("not OK_BROKEN")
			}
		})
	}
}

func TestSalvage(t *testing.T) {
	for _, tt := range []struct{ name, excerpt, id, link string }{
		{"cut after the link", goodBody[:len(goodBody)-2], "acme-rain-user-abc123def456ghi", "https://withpersona.com/verify?inquiry-id=inq_abc123"},
		{"cut in the link", goodBody[:len(goodBody)-20], "acme-rain-user-abc123def456ghi", ""},
		{"page", page, "", ""},
		{"nothing", "", "", ""},
	} {
		if id, link := Salvage([]byte(tt.excerpt)); id != tt.id || link != tt.link {
			t.Errorf("%s: id %q, link %q", tt.name, id, link)
		}
	}
}

// TestFields is fault 24: in every form of the list, and never a value.
func TestFields(t *testing.T) {
	u := jane()
	u.Extra = []validate.Extra{{Name: "branch", Value: "north"}}
	for _, tt := range []struct{ name, body, want string }{
		{"list of objects", `{"status":"error","message":"X","data":{"errors":[{"field":"phoneNumber","message":"bad"},{"field":"email","message":"bad"}]}}`, "email,phoneNumber"},
		{"object", `{"errors":{"city":["is required"],"branch":"?"}}`, "city,branch"},
		{"texts", `{"message":["email must be an email","the firstName is long"]}`, "firstName,email"},
		{"path", `{"errors":[{"path":["body","region"]},{"path":"body.postalCode"}]}`, "region,postalCode"},
		{"quoted", `{"message":"\"program\" must be one of"}`, "program"},
		{"ordinary words", `{"message":"wrong IP address in this city; your email program"}`, ""},
		{"echo", `{"message":"bad","body":{"firstName":"Jane"},"value":{"email":"x"}}`, ""},
		{"unknown field", `{"errors":{"jane@example.com":"bad"}}`, ""},
		{"no JSON", `firstName`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(complainedFields(readMessage([]byte(tt.body), true), fieldsOfUser(u)), ",")
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzBody: no body makes the reading fail, and no body by itself proves anything.
func FuzzBody(f *testing.F) {
	for _, s := range []string{"", goodBody, goodBody + "x", goodBody[:70], page, "null", "[]", "Duplicate user",
		` {"a":[1,{"status":"x"}],"st\u0061tus" : "a\"}\ud83d\ude00" ,"data":{"serviceId":"1","x":-1e5,"serviceId":"2"},"data":{"verificationUrl":null}} `,
		envelope("DUP_USER", "x"), `{"errors":{"email":[1,{"x":null}]}}`, `{"message":["email must be an email"]}`, `[{"param":"city","msg":"x"}]`,
		`{"error":{"message":"[{\\"path\\":[\\"email\\"]}]"}}`, `{"errors":[[["email"]],{"source":{"pointer":"/a/b"}}]}`, "email: is required, city", "\xff\xfe{", `{"data":[[[[`} {
		f.Add(s, 400, true)
		f.Add(s, 201, false)
	}
	f.Fuzz(func(t *testing.T, body string, status int, whole bool) {
		c := readCreation([]byte(body), whole)
		var root map[string]json.RawMessage
		if json.Unmarshal([]byte(strings.TrimPrefix(body, "\ufeff")), &root) == nil && !strings.Contains(body, `\u`) && strings.Count(body, `"data"`) <= 1 {
			data := objectIn(root["data"])
			for got, want := range map[string]string{c.status: textIn(root["status"]), c.id: textIn(data["serviceId"]), c.link: textIn(data["verificationUrl"])} {
				if got != "" && got != want {
					t.Errorf("%q: read %q, which is %q", body, got, want)
				}
			}
		}
		if judgeCreation(c).class == ledger.OK && (!whole || !ledger.ValidToken(c.id) || !ledger.ValidLink(c.link)) {
			t.Error("OK without evidence")
		}
		m := readMessage([]byte(body), whole)
		v := judgeStatus(status, m, fieldsOfUser(validate.User{}))
		if v.class == ledger.OK || v.class == ledger.OKBroken || v.class == ledger.NotSent {
			t.Errorf("status %d gives %v", status, v.class)
		}
		if (status < 400 || status > 499) && v.class != ledger.Unknown {
			t.Errorf("status %d gives %v", status, v.class)
		}
		if v.class == ledger.Unknown && v.cause == "" {
			t.Error("UNKNOWN without a cause")
		}
		if m.form == html && v.class != ledger.Unknown && (status != 429 || v.class != ledger.Throttled) {
			t.Errorf("HTML gives %v", v.class)
		}
		for _, code := range m.codes {
			if !isToken(code, maxCode) {
				t.Errorf("code %q", code)
			}
		}
		complainedFields(m, fieldsOfUser(validate.User{}))
	})
}
