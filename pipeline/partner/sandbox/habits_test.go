package sandbox

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// users are those of a page of list-users, as they came.
func (a answer) users() []map[string]any {
	var out []map[string]any
	users, _ := a.data["users"].([]any)
	for _, u := range users {
		out = append(out, u.(map[string]any))
	}
	return out
}

// createAll creates users 1 to n, one after the other.
func (p *partner) createAll(n int) (answers []answer) {
	p.t.Helper()
	for i := range n {
		answers = append(answers, p.create(fmt.Sprint("k", i+1), fmt.Sprint(i+1, "@b.example")))
	}
	return answers
}

// together creates two users at once and returns their answers.
func (p *partner) together() (one, two answer) {
	var wg sync.WaitGroup
	wg.Go(func() { one = p.create("k1", "1@b.example") })
	wg.Go(func() { two = p.create("k2", "2@b.example") })
	wg.Wait()
	return one, two
}

// own returns the user whom the partner has under an e-mail.
func (p *partner) own(email string) User {
	p.t.Helper()
	for _, u := range p.Users() {
		if u.Email == email {
			return u
		}
	}
	p.t.Fatalf("there is no %s", email)
	return User{}
}

func (p *partner) wallet() answer { return p.do("GET", "/v1/partner/wallet", "", "") }

// createdAt is that of the first listed user, and the time of the creation.
func (p *partner) createdAt() (listed any, real time.Time) {
	p.t.Helper()
	p.create("k", "jane@example.com")
	return p.list("").users()[0]["createdAt"], p.Users()[0].CreatedAt
}

// shifted is how far the listed createdAt lies from the time of the creation.
func (p *partner) shifted() time.Duration {
	p.t.Helper()
	listed, real := p.createdAt()
	at, err := time.Parse(time.RFC3339, fmt.Sprint(listed))
	if err != nil {
		p.t.Fatal(err)
	}
	return at.Sub(real)
}

// habitTests has a test for each modifier in habitSpecs.
func habitTests() map[string]func(*partner) {
	const jane = "jane@example.com"
	shown := func(want any) func(*partner) {
		return func(p *partner) {
			p.create("k", "Jane.D+x@example.com")
			p.want("e-mail", p.list("").users()[0]["email"], want)
		}
	}
	form := func(want func(time.Time) string) func(*partner) {
		return func(p *partner) {
			listed, real := p.createdAt()
			raw, err := json.Marshal(listed)
			if number, is := listed.(float64); is {
				raw = fmt.Appendf(nil, "%.0f", number)
			}
			if err != nil || string(raw) != want(real) {
				p.t.Errorf("createdAt is %s, want %s: %v", raw, want(real), err)
			}
		}
	}
	layout := func(l string) func(time.Time) string {
		return func(at time.Time) string { return `"` + at.Format(l) + `"` }
	}
	refusedBody := func(status int, want string) func(*partner) {
		return func(p *partner) {
			a := p.do("POST", createPath, "k", strings.Replace(person1(jane), "Jane", "", 1))
			if a.status != status || !strings.Contains(string(a.raw), want) || strings.Contains(string(a.raw), `"status":"error"`) {
				p.t.Errorf("%d %s, want %d and %s", a.status, a.raw, status, want)
			}
			p.want("key", p.create("k", jane).status, 201)
			p.want("other refusals", p.create("k2", jane).message, "DUP_USER")
		}
	}
	gateway := func(fault, want string, html bool) func(*partner) {
		return func(p *partner) {
			p.add(fault)
			a := p.create("k", jane)
			if string(a.raw) != want && (!html || !strings.HasPrefix(string(a.raw), "<html>")) {
				p.t.Errorf("%d %q, want %q", a.status, a.raw, want)
			}
			p.want("status", fmt.Sprint(a.status), fault)
		}
	}
	empty := func(status int, want string) func(*partner) {
		return func(p *partner) {
			a := p.list("")
			if a.status != status || !strings.Contains(string(a.raw), want) {
				p.t.Errorf("%d %s, want %d and %s", a.status, a.raw, status, want)
			}
			p.create("k", jane)
			p.want("with a user", p.list("").emails(), "[jane@example.com]")
		}
	}
	slugs := func(want ...string) func(*partner) {
		return func(p *partner) {
			for i, a := range p.createAll(len(want)) {
				head := a.id[:len(a.id)-15]
				p.want("head of the serviceId", head, want[i])
				p.want("listed", p.list("").users()[i]["serviceId"], a.id)
			}
		}
	}
	return map[string]func(*partner){
		"id-form=user":      slugs("acme-user-"),
		"id-form=bare":      slugs(""),
		"id-form=user,#2-":  slugs("acme-rain-user-", "acme-user-", "acme-user-"),
		"id-slug=globex,#2": slugs("acme-rain-user-", "globex-rain-user-", "acme-rain-user-"),

		"wallet-partner=p-17": func(p *partner) { p.want("partnerId", p.wallet().data["partnerId"], "p-17") },
		"wallet-partner=number:4711": func(p *partner) {
			p.want("a number", bytes.Contains(p.wallet().raw, []byte(`"partnerId":4711}`)), true)
		},
		"wallet-partner=other,#2-": func(p *partner) {
			_, has := p.wallet().data["partnerId"]
			p.want("has a partnerId", has, false)
			p.want("partnerId", p.wallet().data["partnerId"], "other")
		},
		"wallet-id=number:12": func(p *partner) { p.want("walletId", p.wallet().data["walletId"], 12) },
		"wallet-cached=50m": func(p *partner) {
			h := p.wallet().header
			date, err := http.ParseTime(h.Get("Date"))
			if ago := time.Since(date); err != nil || ago < 49*time.Minute || h.Get("Age") != "3000" {
				p.t.Errorf("Date %s ago, Age %q: %v", ago, h.Get("Age"), err)
			}
			_, has := p.list("").header["Age"]
			p.want("the list has an age", has, false)
		},
		"others-spend=0.37": func(p *partner) {
			p.createAll(2)
			p.want("balance", p.Balance(), "999998.26")
			p.want("charged", p.Charged(), "1.00")
		},

		"answers-twice=1ms": func(p *partner) {
			conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(p.base, "http://"), BasePath))
			if err != nil {
				p.t.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			ask := func(n int) { // one connection for all of them
				body := person1(fmt.Sprint(n, "@b.example"))
				fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_x\r\nIdempotency-Key: k%d\r\nContent-Length: %d\r\n\r\n%s", BasePath+createPath, n, len(body), body)
			}
			next := func() string {
				resp, err := http.ReadResponse(in, nil)
				if err != nil {
					p.t.Fatal(err)
				}
				defer resp.Body.Close()
				raw, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != 201 {
					p.t.Fatalf("%d %v", resp.StatusCode, err)
				}
				return string(raw)
			}
			ask(1)
			first, again := next(), next()
			p.want("the answer too many", again, first)
			ask(2)
			if second := next(); !strings.Contains(second, p.own("2@b.example").ServiceID) {
				p.t.Errorf("the second request is answered %s", second)
			}
			next()
		},
		"swap-answers=1m": func(p *partner) {
			one, two := p.together()
			a, b := p.own("1@b.example"), p.own("2@b.example")
			p.want("answers", []string{one.id, one.link, two.id, two.link}, []string{b.ServiceID, b.VerificationURL, a.ServiceID, a.VerificationURL})
			for _, post := range p.Posts() {
				p.want("user of the post", post.ServiceID, p.own(post.Email).ServiceID)
			}
		},
		"swap-answers=1ms": func(p *partner) {
			a := p.create("k", jane)
			p.want("alone", []string{a.id, a.link}, []string{p.own(jane).ServiceID, p.own(jane).VerificationURL})
		},
		"swap-links=1m": func(p *partner) {
			one, two := p.together()
			a, b := p.own("1@b.example"), p.own("2@b.example")
			p.want("answers", []string{one.id, one.link, two.id, two.link}, []string{a.ServiceID, b.VerificationURL, b.ServiceID, a.VerificationURL})
		},
		"shift-answers": func(p *partner) {
			got := p.createAll(3)
			p.want("ids", []string{got[0].id, got[1].id, got[2].id}, []string{got[0].id, got[0].id, p.own("2@b.example").ServiceID})
			p.want("links", []string{got[1].link, got[2].link}, []string{got[0].link, p.own("2@b.example").VerificationURL})
		},
		"one-link": func(p *partner) {
			got := p.createAll(2)
			p.want("second", []string{got[1].id, got[1].link}, []string{p.own("2@b.example").ServiceID, got[0].link})
		},

		"created-offset=7s":  func(p *partner) { p.want("offset", p.shifted(), 7*time.Second) },
		"created-offset=-7s": func(p *partner) { p.want("offset", p.shifted(), -7*time.Second) },
		"created-jitter=10s": func(p *partner) {
			p.createAll(20)
			least, most := time.Hour, -time.Hour
			for i, u := range p.list("").users() {
				at, err := time.Parse(time.RFC3339, fmt.Sprint(u["createdAt"]))
				if err != nil {
					p.t.Fatal(err)
				}
				d := at.Sub(p.Users()[i].CreatedAt)
				least, most = min(least, d), max(most, d)
			}
			if least < -10*time.Second || most > 10*time.Second || most-least < 5*time.Second {
				p.t.Errorf("off by %s to %s", least, most)
			}
			p.want("the same again", p.list("").users(), p.list("").users())
		},
		"created-round=1m": func(p *partner) {
			listed, real := p.createdAt()
			p.want("createdAt", listed, real.Truncate(time.Minute).Format("2006-01-02T15:04:05.000Z"))
		},
		"created-form=no-zone":      form(layout("2006-01-02T15:04:05.000")),
		"created-form=sql":          form(layout("2006-01-02 15:04:05")),
		"created-form=+0000":        form(layout("2006-01-02T15:04:05.000+0000")),
		"created-form=seconds":      form(func(at time.Time) string { return fmt.Sprint(at.Unix()) }),
		"created-form=millis":       form(func(at time.Time) string { return fmt.Sprint(at.UnixMilli()) }),
		"created-form=text-seconds": form(func(at time.Time) string { return fmt.Sprintf("%q", fmt.Sprint(at.Unix())) }),
		"date-offset=-1h": func(p *partner) {
			a := p.create("k", jane)
			date, err := http.ParseTime(a.header.Get("Date"))
			if off := p.Users()[0].CreatedAt.Sub(date); err != nil || off < 59*time.Minute || off > 61*time.Minute {
				p.t.Errorf("the Date is %s before createdAt: %v", off, err)
			}
		},
		"date-utc": func(p *partner) {
			if date := p.create("k", jane).header.Get("Date"); !strings.HasSuffix(date, " UTC") {
				p.t.Errorf("Date: %s", date)
			}
		},

		"list-email=mask":  shown("J***@example.com"),
		"list-email=lower": shown("jane.d+x@example.com"),
		"list-email=upper": shown("JANE.D+X@EXAMPLE.COM"),
		"list-email=untag": shown("Jane.D@example.com"),
		"list-email=none":  shown(nil),
		"list-email=mask,50%": func(p *partner) {
			p.createAll(20)
			masked := 0
			for _, email := range p.list("").emails() {
				masked += btoi(strings.Contains(email, "***"))
			}
			if masked < 3 || masked > 17 {
				p.t.Errorf("%d of 20 are masked", masked)
			}
		},
		"list-hides=#2": func(p *partner) {
			p.createAll(3)
			p.want("listed", []any{p.list("").emails(), p.list("").pagination()["total"], p.list("?skip=1").emails()}, "[[1@b.example 3@b.example] 2 [3@b.example]]")
			p.want("used nonetheless", p.create("k9", "2@b.example").message, "DUP_USER")
		},
		"list-odd=first-name": func(p *partner) { p.create("k", jane); p.want("firstName", p.list("").users()[0]["firstName"], 7) },
		"list-odd=status,#2": func(p *partner) {
			p.createAll(2)
			p.want("status", []any{p.list("").users()[0]["status"], p.list("").users()[1]["status"]}, "[pending_kyc 3]")
		},
		"list-odd=program": func(p *partner) {
			p.create("k", jane)
			p.want("program", p.list("").users()[0]["program"], map[string]any{"type": "custodial", "id": 2})
		},
		"list-empty=users-null": empty(200, `"users":null`),
		"list-empty=data-array": empty(200, `"data":[]`),
		"list-empty=data-null":  empty(200, `"data":null`),
		"list-empty=no-users":   empty(200, `"data":{"pagination":{`),
		"list-empty=404":        empty(404, `"status":"error"`),
		"list-deleted": func(p *partner) {
			id := p.createAll(2)[0].id
			p.want("deleted", p.do("DELETE", "/v1/partner/card/users/"+id, "d", "").status, 200)
			p.want("listed", []any{p.list("").emails(), p.list("").users()[0]["status"], p.list("").users()[1]["status"]}, "[[1@b.example 2@b.example] deleted pending_kyc]")
			p.want("free again", p.create("k9", "1@b.example").status, 201)
		},
		"list-ignores-skip": func(p *partner) {
			p.createAll(2)
			p.want("second page", p.list("?skip=1&limit=1").emails(), "[1@b.example]")
			p.want("says", p.list("?skip=1&limit=1").pagination()["skip"], 1)
		},
		"list-deep-refused=2": func(p *partner) {
			p.want("statuses", []int{p.list("?skip=2").status, p.list("?skip=3").status}, "[200 422]")
		},

		"field-errors=nest":          refusedBody(400, `"message":["firstName must be 1-100 characters"]`),
		"field-errors=nest:422":      refusedBody(422, `"message":["firstName must be 1-100 characters"]`),
		"field-errors=fastapi":       refusedBody(422, `"loc":["body","firstName"]`),
		"field-errors=rfc9457":       refusedBody(400, `"pointer":"#/firstName"`),
		"field-errors=express":       refusedBody(400, `"path":"firstName"`),
		"field-errors=spring":        refusedBody(400, `"field":"firstName"`),
		"field-errors=success-false": refusedBody(400, `"success":false`),
		"field-errors=laravel":       refusedBody(422, `"errors":{"firstName":[`),
		"429-form=plain":             gateway("429", "Too Many Requests\n", false),
		"429-form=html":              gateway("429", "", true),
		"429-form=message":           gateway("429", `{"message":"Too Many Requests"}`, false),
		"429-form=status-code":       gateway("429", `{"message":"Too Many Requests","statusCode":429}`, false),
		"429-form=empty":             gateway("429", "", false),
		"auth-form=message":          gateway("401", `{"message":"Unauthorized"}`, false),
		"auth-form=detail":           gateway("403", `{"detail":"Forbidden"}`, false),
		"auth-form=error":            gateway("403", `{"error":"Forbidden"}`, false),
		"auth-form=html":             gateway("401", "", true),

		"compressed": func(p *partner) {
			p.want("not asked for", p.encoding("identity"), "")
			p.want("asked for", p.encoding("gzip"), "gzip")
		},
		"compressed=always": func(p *partner) { p.want("not asked for", p.encoding("identity"), "gzip") },
		"big-headers=70000": func(p *partner) {
			n := 0
			for _, v := range p.create("k", jane).header["X-Padding"] {
				n += len(v)
			}
			p.want("padding", n, 70000)
		},
		"keep-alive=5s": func(p *partner) { p.want("header", p.create("k", jane).header.Get("Keep-Alive"), "timeout=5") },

		"retry-no-link": func(p *partner) {
			id := p.create("k", "a+denied@b.example").id
			link := p.Users()[0].VerificationURL
			a := p.do("POST", createPath+"/"+id+"/retry-kyc", "r", "")
			p.want("answer", a.data, map[string]any{"serviceId": id, "applicationStatus": "pending", "retryCount": 1})
			p.want("user", []string{p.Users()[0].Status, p.Users()[0].VerificationURL}, []string{"pending", link})
			if err := p.SetStatus(id, denied); err != nil {
				p.t.Fatal(err)
			}
			if err := p.SetFaults(nil); err != nil {
				p.t.Fatal(err)
			}
			b := p.do("POST", createPath+"/"+id+"/retry-kyc", "r2", "")
			p.want("with a new link", []any{b.link != link, b.link == p.Users()[0].VerificationURL}, "[true true]")
		},
	}
}

// add turns on a further fault.
func (p *partner) add(text string) {
	p.t.Helper()
	f, err := ParseFault(text)
	if err == nil {
		err = p.SetFaults(append(slices.Clone(*p.faults.Load()), f))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// encoding asks for the list in an encoding, reads it, and returns that of the answer.
func (p *partner) encoding(accept string) string {
	p.t.Helper()
	req, err := http.NewRequest("GET", p.base+"/v1/partner/card/users", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk_x")
	req.Header.Set("Accept-Encoding", accept)
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if resp.Header.Get("Content-Encoding") == "gzip" && err == nil {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(raw)); err == nil {
			raw, err = io.ReadAll(z)
		}
	}
	if err != nil || !strings.Contains(string(raw), `"status":"success"`) {
		p.t.Errorf("%v %s", err, raw)
	}
	return resp.Header.Get("Content-Encoding")
}

// A second link after retries of both kinds is the same when the state file is read again.
func TestSilentRetriesAreKept(t *testing.T) {
	cfg := Config{StateFile: t.TempDir() + "/state"}
	p := start(t, cfg, "retry-no-link=#1")
	id := p.create("k", "a+denied@b.example").id
	for _, key := range []string{"r1", "r2"} {
		if err := p.SetStatus(id, denied); err != nil {
			t.Fatal(err)
		}
		p.want("retry", p.do("POST", createPath+"/"+id+"/retry-kyc", key, "").status, 200)
	}
	before := p.Users()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p.want("users", start(t, cfg).Users(), before)
	p.want("and once more", start(t, cfg).Users(), before)
}
