package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// reopen ends a server and starts another one on its state file.
func reopen(t *testing.T, p *partner, cfg Config) *partner {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return start(t, cfg)
}

func TestStateSurvives(t *testing.T) {
	var clock atomic.Int64
	now := func() time.Time { return time.Unix(1_700_000_000, 0).Add(time.Duration(clock.Load())) }
	cfg := Config{StateFile: filepath.Join(t.TempDir(), "state"), Now: now, Balance: "5", Fee: "1",
		Preexisting: []User{{Email: "old@b.example", ServiceID: "acme-rain-user-old"}}}
	p := start(t, cfg)
	first := p.create("k1", "jane@example.com")
	p.create("k2", "a+denied@b.example")
	p.create("k3", "jane@example.com")
	p.create("k4", "gone@b.example")
	p.do("POST", createPath+"/"+p.Users()[2].ServiceID+"/retry-kyc", "r", "")
	p.do("DELETE", "/v1/partner/card/users/"+p.Users()[3].ServiceID, "d", "")
	p.do("POST", createPath, "free", person1("nobody"))
	p.list("")
	if err := p.SetStatus(first.id, "approved"); err != nil {
		t.Fatal(err)
	}
	if err := p.TopUp("2.50"); err != nil {
		t.Fatal(err)
	}
	seen := func() string {
		return fmt.Sprintln(p.Users(), p.Charged(), p.Balance(), p.Counters())
	}
	before := seen()
	for range 2 { // the second time from a file that was read and continued
		clock.Add(int64(time.Minute))
		p = reopen(t, p, cfg)
		p.want("all", seen(), before)
		for _, key := range []string{"k1", "k2", "k3", "k4", "r", "d"} {
			p.want(key, p.store.knowsKey(key), true)
		}
		p.want("key of a 422", p.store.knowsKey("free"), false)
	}
	p.want("paid for before", []any{p.create("k5", "gone@b.example").status, p.Charged()}, []any{201, "3.00"})
	p.want("try", p.Posts()[0].Try, 2)
	p.want("number", p.Posts()[0].N, 6)
	clock.Store(int64(5 * time.Minute))
	p = reopen(t, p, cfg)
	p.want("key after its time", p.create("k1", "new@b.example").status, 201)
	if info, err := os.Stat(cfg.StateFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("state file: %v %v", info.Mode(), err)
	}
}

// A kill can come at any byte (every 13th is tried): what is left of the file always opens, and
// every user whose request was answered still exists.
func TestStateFileTornAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	p := start(t, Config{StateFile: path})
	var sizes []int64
	for i := range 5 {
		p.create(fmt.Sprint(i), fmt.Sprint(i, "@b.example"))
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, info.Size())
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(whole); cut += 13 {
		torn := filepath.Join(t.TempDir(), "torn")
		if err := os.WriteFile(torn, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := New(Config{StateFile: torn})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		answered := 0
		for _, size := range sizes {
			if size <= int64(cut) {
				answered++
			}
		}
		if n := len(s.Users()); n < answered {
			t.Fatalf("cut at %d: %d users, %d were answered", cut, n, answered)
		}
		if err := errors.Join(s.TopUp("1"), s.Close()); err != nil {
			t.Fatal(err)
		}
		again := start(t, Config{StateFile: torn}) // what was added is a line of its own
		p.want(fmt.Sprint("cut at ", cut, ": topped up"), again.Balance() == s.Balance() && len(again.Users()) == len(s.Users()), true)
	}
}

func TestStateFileRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, path := range map[string]string{
		"not ours":        write("a", "email,name\njane@example.com,Jane\n"),
		"another account": write("b", `{"op":"sandbox/2","id":"other"}`+"\n"),
		"newer":           write("c", `{"op":"sandbox/2","id":"acme"}`+"\n"+`{"op":"moon"}`+"\n"),
		"no such call":    write("f", `{"op":"sandbox/2","id":"acme"}`+"\n"+`{"op":"call","class":"moon"}`+"\n"),
		"half a user":     write("e", `{"op":"sandbox/2","id":"acme"}`+"\n"+`{"op":"user"}`+"\n"),
		"no first line":   write("d", `{"op":"call"}`+"\n"),
		"a directory":     dir,
	} {
		s, err := New(Config{StateFile: path})
		if err == nil {
			t.Errorf("%s: opened", name)
			_ = s.Close()
		} else if strings.Contains(err.Error(), "jane") {
			t.Errorf("%s: the error repeats the file: %v", name, err)
		}
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || !strings.HasPrefix(string(raw), "email") {
		t.Errorf("a file that is not ours was changed: %v", err)
	}
}

func TestStateFileThatCannotBeWritten(t *testing.T) {
	p := start(t, Config{StateFile: filepath.Join(t.TempDir(), "state")})
	if err := p.store.journal.file.Close(); err != nil {
		t.Fatal(err)
	}
	p.want("status", p.create("k", "jane@example.com").status, 500)
	p.want("users", len(p.Users()), 0)
	if p.Close() == nil {
		t.Error("Close returned no error")
	}
}

func TestPreexisting(t *testing.T) {
	users, err := ReadPreexisting(strings.NewReader("\ufeffname,Email,createdAt,status\nx, jane@example.com ,2020-01-02T03:04:05Z,denied\ny,JANE@example.com,,\nz,old@b.example,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, Config{Preexisting: users})
	p.want("list", p.list("").emails(), "[jane@example.com old@b.example]")
	u := p.Users()[0]
	p.want("jane", []any{u.Status, u.Origin, u.CreatedAt.Format(time.RFC3339)}, "[denied preexisting 2020-01-02T03:04:05Z]")
	p.want("create", p.create("k", "jane@example.com").message, "DUP_USER")
	p.want("charged", p.Charged(), "0.00")
	for name, text := range map[string]string{
		"line 1": "", "column email": "name\nx\n", "line 3": "email\na@b.example\n\"\"\n", "line 2": "email,createdAt\na@b.example,yesterday\n", "wrong number of fields": "email,a\nx\n",
	} {
		if _, err := ReadPreexisting(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestListUsers(t *testing.T) {
	var clock atomic.Int64
	p := start(t, Config{Now: func() time.Time { return time.Unix(1_700_000_000, clock.Load()).UTC() }}, "list-lag=1m", "list-cap=70")
	for i := range 120 {
		clock.Add(int64(time.Second))
		p.create(fmt.Sprint(i), fmt.Sprint(i, "@b.example"))
	}
	p.want("those of the last minute", p.list("").pagination(), map[string]any{"skip": 0, "limit": 50, "total": 60})
	clock.Add(int64(time.Minute))
	for _, tc := range []struct {
		query                 string
		first, n, skip, limit int
	}{
		{"", 0, 50, 0, 50}, {"?limit=70", 0, 70, 0, 70}, {"?limit=1000", 0, 70, 0, 70}, {"?skip=100&limit=30", 100, 20, 100, 30},
		{"?skip=500", 0, 0, 500, 50}, {"?limit=0", 0, 50, 0, 50},
	} {
		a := p.list(tc.query)
		p.want(tc.query, a.pagination(), map[string]any{"skip": tc.skip, "limit": tc.limit, "total": 120})
		p.want(tc.query+" users", len(a.emails()), tc.n)
		if tc.n > 0 {
			p.want(tc.query+" first", a.emails()[0], fmt.Sprint(tc.first, "@b.example"))
		}
	}
	for _, query := range []string{"?limit=-1", "?skip=x", "?skip=99999999999999999999"} {
		p.want(query, p.list(query).status, 422)
	}
	p.want("huge skip", p.list("?skip=9223372036854775807").status, 200)
	u := p.list("?limit=1").data["users"].([]any)[0].(map[string]any)
	p.want("user", u, map[string]any{"serviceId": p.Users()[0].ServiceID, "email": "0@b.example", "firstName": "Jane", "lastName": "Doe",
		"status": "pending_kyc", "program": "custodial", "createdAt": "2023-11-14T22:13:21.000Z"})
	last := p.Lists()[0]
	p.want("list", []int{last.Seq, last.Skip, last.Limit, last.Users, last.Status}, "[121 0 0 50 200]")
}

func TestDeleteAndRetry(t *testing.T) {
	p := start(t, Config{})
	a := p.create("1", "a+denied@b.example")
	links := map[string]bool{a.link: true}
	retry := func(key string) answer { return p.do("POST", createPath+"/"+a.id+"/retry-kyc", key, "") }
	p.want("without a key", retry("").message, "IDEMPOTENCY_KEY_REQUIRED")
	for i := range 3 {
		again := retry(fmt.Sprint("r", i))
		p.want("retry", []any{again.status, again.id, links[again.link]}, []any{200, a.id, false})
		links[again.link] = true
		p.want("link", p.Users()[0].VerificationURL, again.link)
		p.want("pending", retry(fmt.Sprint("p", i)).message, "USER_NOT_DENIED")
		if err := p.SetStatus(a.id, "denied"); err != nil {
			t.Fatal(err)
		}
	}
	p.want("fourth", retry("r4").message, "KYC_RETRY_LIMIT")
	p.want("known key", retry("r4").message, "IDEMPOTENCY_KEY_ALREADY_USED")

	remove := func(key, id string) int { return p.do("DELETE", "/v1/partner/card/users/"+id, key, "").status }
	p.want("delete", []int{remove("d1", a.id), remove("d2", a.id), remove("d3", "nobody")}, "[200 404 404]")
	p.want("again, paid for", []any{p.create("2", "a+denied@b.example").status, p.Charged()}, "[201 0.50]")
	b := p.Users()[0]
	p.want("new id", b.ServiceID == a.id, false)
	if err := p.SetStatus(b.ServiceID, "approved"); err != nil {
		t.Fatal(err)
	}
	p.want("delete", remove("d4", b.ServiceID), 200)
	p.want("again, approved before", []any{p.create("3", "a+denied@b.example").status, p.Charged()}, "[201 1.00]")
	if p.SetStatus("nobody", "approved") == nil {
		t.Error("the status of a user that does not exist was set")
	}
}

func TestBarrierStages(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	var p *partner
	answered := make(chan bool, 2)
	p = start(t, Config{Barrier: func(stage Stage, key, email string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprint(stage, " ", key, " ", email, " ", len(p.Users())))
		if stage == Answered {
			answered <- true
		}
	}}, "drop-after=#3")
	for range 2 {
		p.create("k", "jane@example.com")
		<-answered // the last stage comes after the answer
	}
	p.want("stages", strings.Join(seen, "; "), "arrived k jane@example.com 0; acting k jane@example.com 0; acted k jane@example.com 1; "+
		"answering k jane@example.com 1; answered k jane@example.com 1; arrived k jane@example.com 1; answering k jane@example.com 1; answered k jane@example.com 1")
	seen = nil
	p.create("l", "joe@example.com")
	<-answered // also when the connection was closed instead
	p.want("stages", len(seen), 5)
}

// Two requests that are both past the key check: only the e-mail decides.
func TestTwoAtOnceMakeOneUser(t *testing.T) {
	for _, tc := range []struct {
		name   string
		key    string // of the second request
		faults []string
		users  int
		second string
	}{
		{"two keys", "k2", nil, 1, "DUP_USER"},
		{"one key", "k1", nil, 1, "IDEMPOTENCY_KEY_ALREADY_USED"},
		{"one key, registered late", "k1", []string{"key-at-completion"}, 1, "DUP_USER"},
		{"one key, registered late, e-mail not unique", "k1", []string{"key-at-completion", "email-twice"}, 2, "User created successfully"},
	} {
		acting := make(chan bool)
		release := make(chan bool)
		var n atomic.Int32
		p := start(t, Config{Barrier: func(stage Stage, _, _ string) {
			if stage == Acted && n.Add(1) == 1 {
				acting <- true
				<-release
			}
		}}, tc.faults...)
		done := make(chan answer)
		go func() { done <- p.create("k1", "jane@example.com") }()
		<-acting
		p.want(tc.name, p.create(tc.key, "jane@example.com").message, tc.second)
		close(release)
		p.want(tc.name, (<-done).status, 201)
		p.want(tc.name+": users", len(p.Users()), tc.users)
	}
}

func TestManyAtOnce(t *testing.T) {
	p := start(t, Config{StateFile: filepath.Join(t.TempDir(), "state"), Fee: "0.1"}, "drop-after=0.1", "list-churn", "list-unsorted=0.5")
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 40 {
				p.create(fmt.Sprint(w, "-", i), fmt.Sprint(i, "@b.example"))
				if i%10 == 0 {
					p.list("")
					p.Posts()
					p.Counters()
				}
			}
		})
	}
	wg.Wait()
	ours := map[string]int{}
	for _, u := range p.Users() {
		if u.Origin == FromAPI {
			ours[u.Email]++
		}
	}
	for email, n := range ours {
		p.want(email, n, 1)
	}
	c := p.Counters()
	p.want("totals", []any{len(ours), c.Posts, c.Classes[ClassOK], c.Classes[ClassDupUser], p.Charged()}, []any{40, 320, 40, 280, "4.00"})
}

func TestPostsKeepTheNewest(t *testing.T) {
	p := start(t, Config{KeepPosts: 3})
	for i := range 5 {
		p.create(fmt.Sprint(i), fmt.Sprint(i, "@b.example"))
	}
	var keys []string
	for _, post := range p.Posts() {
		keys = append(keys, post.Key+post.Class)
	}
	p.want("posts", keys, "[2OK 3OK 4OK]")
}
