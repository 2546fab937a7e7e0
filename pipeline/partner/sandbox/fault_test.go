package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAnswerFaults plays each fault that shapes one answer against a plain
// client: what it sees, whether a user exists afterwards, and whether the key
// was used up.
func TestAnswerFaults(t *testing.T) {
	brokenOff := func(a answer) bool { return a.err != nil && a.status == 0 }
	reset := func(a answer) bool { return errors.Is(a.err, syscall.ECONNRESET) }
	eof := func(a answer) bool { return errors.Is(a.err, io.EOF) && a.status == 0 }
	slow := func(a answer) bool {
		var e net.Error
		return errors.As(a.err, &e) && e.Timeout()
	}
	status := func(n int, holds string) func(answer) bool {
		return func(a answer) bool { return a.err == nil && a.status == n && strings.Contains(string(a.raw), holds) }
	}
	html := func(n int) func(answer) bool {
		return func(a answer) bool {
			return a.err == nil && a.status == n && bytes.HasPrefix(a.raw, []byte("<html>")) && a.header.Get("Content-Type") == "text/html"
		}
	}
	after := func(n int, value string) func(answer) bool {
		return func(a answer) bool {
			_, given := a.header["Retry-After"]
			return a.status == n && a.header.Get("Retry-After") == value && given == (value != "")
		}
	}
	type outcome struct{ user, burnt bool }
	acted, burnt, free := outcome{true, true}, outcome{false, true}, outcome{}
	tests := map[string]struct {
		want outcome
		sees func(answer) bool
	}{
		"drop-before":       {free, eof},
		"drop-before-burnt": {burnt, eof},
		"reset-before":      {free, reset},
		"drop-after":        {acted, eof},
		"reset-after":       {acted, reset},
		"cut-after": {acted, func(a answer) bool {
			return a.status == 201 && errors.Is(a.err, io.ErrUnexpectedEOF) && len(a.raw) > 0
		}},
		"empty-201":    {acted, func(a answer) bool { return a.err == nil && a.status == 201 && len(a.raw) == 0 }},
		"html-201":     {acted, html(201)},
		"trunc-201":    {acted, func(a answer) bool { return a.err == nil && a.status == 201 && len(a.raw) > 50 && a.data == nil }},
		"trailing-201": {acted, func(a answer) bool { return a.err == nil && a.status == 201 && len(a.raw) > 200 && a.data == nil }},
		"no-url":       {acted, func(a answer) bool { _, has := a.data["verificationUrl"]; return a.status == 201 && a.id != "" && !has }},
		"null-url": {acted, func(a answer) bool {
			v, has := a.data["verificationUrl"]
			return a.status == 201 && a.id != "" && has && v == nil
		}},
		"http-url": {acted, func(a answer) bool { return a.status == 201 && strings.HasPrefix(a.link, "http://withpersona.com/") }},
		"js-url":   {acted, func(a answer) bool { return a.status == 201 && strings.HasPrefix(a.link, "javascript:") }},
		"no-id":    {acted, func(a answer) bool { return a.status == 201 && a.id == "" && a.link != "" }},
		"other-id": {acted, func(a answer) bool { return a.status == 201 && strings.HasPrefix(a.id, "someone-else-rain-user-") }},

		"500-before":            {burnt, status(500, "INTERNAL_SERVER_ERROR")},
		"500-before-free":       {free, status(500, "INTERNAL_SERVER_ERROR")},
		"500-after":             {acted, status(500, "INTERNAL_SERVER_ERROR")},
		"502-html-before":       {free, html(502)},
		"502-html-after":        {acted, html(502)},
		"503-html-after":        {acted, html(503)},
		"504-html-after":        {acted, html(504)},
		"503-before":            {free, after(503, "1")},
		"503-before=90s":        {free, after(503, "90")},
		"503-before=none":       {free, after(503, "")},
		"408-before":            {free, status(408, "REQUEST_TIMEOUT")},
		"late=0s":               {acted, slow},
		"late=1h":               {burnt, slow},
		"late-gone=1h":          {burnt, slow},
		"hang":                  {free, slow},
		"slow-headers":          {acted, slow},
		"slow-headers=0s":       {acted, status(201, "verificationUrl")},
		"drip":                  {acted, func(a answer) bool { return a.status == 201 && slow(a) }},
		"drip=0s":               {acted, status(201, "verificationUrl")},
		"endless":               {acted, func(a answer) bool { return a.status == 201 && len(a.raw) == 1<<20 }},
		"huge-headers":          {acted, brokenOff},
		"many-1xx":              {acted, brokenOff},
		"gzip-bomb":             {acted, func(a answer) bool { return a.status == 201 && len(a.raw) == 1<<20 && a.link != "" }},
		"429":                   {free, after(429, "1")},
		"429=1500ms":            {free, after(429, "2")},
		"429=none":              {free, after(429, "")},
		"429=text:1000000000":   {free, after(429, "1000000000")},
		"429=text:soon":         {free, after(429, "soon")},
		"429=date:-1h":          {free, after(429, "Sun, 24 Nov 2030 11:00:00 GMT")},
		"429=date:10s":          {free, after(429, "Sun, 24 Nov 2030 12:00:10 GMT")},
		"401":                   {free, status(401, "UNAUTHORIZED")},
		"402":                   {free, status(402, "INSUFFICIENT_WALLET_BALANCE")},
		"403":                   {free, status(403, "ACCOUNT_SUSPENDED")},
		"403-html":              {free, html(403)},
		"422":                   {free, status(422, `"field":"firstName"`)},
		"unknown-400":           {burnt, status(400, "E_1042")},
		"unknown-400=NEW_CODE":  {burnt, status(400, `"message":"NEW_CODE"`)},
		"unknown-400-free":      {free, status(400, "E_1042")},
		"unknown-400-after":     {acted, status(400, `"message":"E_1042"`)},
		"unknown-400-after=E1":  {acted, status(400, `"message":"E1"`)},
		"503-html-before=7s":    {free, func(a answer) bool { return html(503)(a) && a.header.Get("Retry-After") == "7" }},
		"path-gone":             {free, html(404)},
		"path-gone=plain:410":   {free, status(410, "Gone")},
		"path-gone=message:405": {free, status(405, `{"message":"Method Not Allowed"}`)},
		"path-gone=envelope":    {free, status(404, `"message":"NOT_FOUND"`)},
		"redirect": {free, func(a answer) bool {
			return a.status == 307 && strings.HasSuffix(a.header.Get("Location"), "/api"+createPath)
		}},
		"redirect=301:https://x.example": {free, func(a answer) bool { return a.status == 301 && a.header.Get("Location") == "https://x.example" }},
		"duplicate-request":              {acted, status(400, "IDEMPOTENCY_KEY_ALREADY_USED")},
		"create:list-500":                {free, status(500, "")},
		"create:wallet-down":             {free, status(503, "")},
	}
	now := time.Date(2030, 11, 24, 12, 0, 0, 0, time.UTC)
	played := map[string]bool{}
	for text, tc := range tests {
		name, _, _ := strings.Cut(strings.TrimPrefix(text, "create:"), "=")
		played[name] = true
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			p := start(t, Config{Now: func() time.Time { return now }}, text)
			p.client.Timeout = time.Second // ample for the request to arrive on a busy machine
			if !slowFault(text) {
				p.client.Timeout = 10 * time.Second
			}
			a := p.create("k", "jane@example.com")
			if !tc.sees(a) {
				t.Errorf("seen: status %d, error %v, headers %v, body %.300s", a.status, a.err, a.header, a.raw)
			}
			f := p.Posts()[0].Fault
			if !strings.Contains(text, f) || f == "" {
				t.Errorf("post says fault %q", f)
			}
			if err := p.SetFaults(nil); err != nil {
				t.Fatal(err)
			}
			p.client.Timeout = 10 * time.Second
			again := p.create("k", "other@example.com").message
			got := outcome{burnt: again == "IDEMPOTENCY_KEY_ALREADY_USED"}
			for _, u := range p.Users() {
				if u.Email == "jane@example.com" {
					got.user = true
					p.want("serviceId of the post", p.Posts()[0].ServiceID, u.ServiceID)
				}
			}
			if got != tc.want {
				t.Errorf("outcome %+v, want %+v", got, tc.want)
			}
			if n := p.Counters().Posts; n != 2 {
				t.Errorf("%d posts", n)
			}
		})
	}
	for _, s := range allSpecs() {
		if !s.modifier && !played[s.name] {
			t.Errorf("%s is not played", s.name)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func slowFault(text string) bool {
	switch text {
	case "late=0s", "late=1h", "late-gone=1h", "hang", "slow-headers", "drip":
		return true
	}
	return false
}

func TestLateActsAfterTheClientGaveUp(t *testing.T) {
	const patience = 500 * time.Millisecond
	for text, least := range map[string]time.Duration{"late=600ms": 600 * time.Millisecond, "late-gone=50ms": patience + 50*time.Millisecond} {
		acting, acted := make(chan time.Time, 1), make(chan struct{})
		p := start(t, Config{Barrier: func(stage Stage, _, _ string) {
			switch stage {
			case Acting:
				acting <- time.Now()
			case Acted:
				close(acted)
			}
		}}, text)
		p.client.Timeout = patience
		began := time.Now()
		if a := p.create("k", "jane@example.com"); a.err == nil {
			t.Errorf("%s was answered: %d", text, a.status)
		}
		<-acted
		if after := (<-acting).Sub(began); after < least {
			t.Errorf("%s acted after %v", text, after)
		}
		p.want("users", len(p.Users()), 1)
	}
}

// A late request lost at Close never takes effect, as if the process had died.
func TestCloseEndsWhatWaits(t *testing.T) {
	for _, text := range []string{"late=1h", "late-gone=0s", "hang", "drip", "slow-headers", "endless", "list:hang"} {
		arrived := make(chan struct{}, 1)
		p := start(t, Config{Barrier: func(stage Stage, _, _ string) {
			if stage == Arrived {
				arrived <- struct{}{}
			}
		}}, text)
		ended := make(chan answer)
		go func() {
			if strings.HasPrefix(text, "list:") {
				ended <- p.list("")
				return
			}
			ended <- p.create("k", "jane@example.com")
		}()
		if !strings.HasPrefix(text, "list:") {
			<-arrived
		}
		if err := p.Close(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		<-ended
		if n := len(p.Users()); n != 0 && strings.HasPrefix(text, "late") {
			t.Errorf("%s: acted at Close", text)
		}
	}
}

func TestModifiers(t *testing.T) {
	const jane = "jane@example.com"
	tests := map[string]func(p *partner){
		"401-from=#2": func(p *partner) {
			p.want("statuses", []int{p.create("1", "1@b.example").status, p.list("").status, p.create("2", "2@b.example").status, p.list("").status},
				[]int{201, 200, 401, 401})
		},
		"429-burns": func(p *partner) { p.burns("429", true) },
		"402-burns": func(p *partner) { p.burns("402", true) },
		"422-burns": func(p *partner) {
			p.burns("422", true)
			p.do("POST", createPath, "real", person1("nobody"))
			p.want("a real 422", p.create("real", "x@b.example").message, "IDEMPOTENCY_KEY_ALREADY_USED")
		},
		"key-at-completion": func(p *partner) {
			p.want("first", p.create("k", jane).status, 201)
			p.want("second", p.create("k", jane).message, "IDEMPOTENCY_KEY_ALREADY_USED")
		},
		"key-used-text=KEY_SEEN|Processed before, sorry": func(p *partner) {
			p.create("k", jane)
			a := p.create("k", jane)
			p.want("words", []any{a.status, a.message, a.text}, []any{400, "KEY_SEEN", "Processed before, sorry"})
		},
		"dup-after-fee": func(p *partner) {
			p.create("1", jane)
			p.want("second", p.create("2", jane).message, "DUP_USER")
			p.want("charged", p.Charged(), "1.00")
			p.want("users", len(p.Users()), 1)
		},
		"email-case":  func(p *partner) { p.create("1", jane); p.want("JANE", p.create("2", "JANE@example.com").status, 201) },
		"email-twice": func(p *partner) { p.create("1", jane); p.want("jane", p.create("2", jane).status, 201) },
		"plain-bodies": func(p *partner) {
			p.create("1", jane)
			a := p.create("2", jane)
			p.want("body", []string{string(a.raw), a.header.Get("Content-Type")}, []string{"Duplicate user", "text/plain; charset=utf-8"})
		},
		"empty-bodies": func(p *partner) { p.create("1", jane); p.want("body", string(p.create("2", jane).raw), "") },
		"no-date": func(p *partner) {
			_, has := p.create("1", jane).header["Date"]
			p.want("has a date", has, false)
		},
		"list-unsorted": func(p *partner) {
			for i := range 8 {
				p.create(fmt.Sprint(i), fmt.Sprint(i, "@b.example"))
			}
			var ids []string
			for _, u := range p.list("").data["users"].([]any) {
				ids = append(ids, u.(map[string]any)["serviceId"].(string))
			}
			for i := 1; i < len(ids); i++ {
				p.want("in order", ids[i-1] < ids[i], true)
			}
			p.want("users", len(ids), 8)
		},
		"list-newest-first": func(p *partner) {
			p.create("1", "1@b.example")
			p.create("2", "2@b.example")
			p.want("order", p.list("").emails(), "[2@b.example 1@b.example]")
			p.want("skip", p.list("?skip=1").emails(), "[1@b.example]")
		},
		"list-cap=2": func(p *partner) {
			for i := range 3 {
				p.create(fmt.Sprint(i), fmt.Sprint(i, "@b.example"))
			}
			a := p.list("?limit=100")
			p.want("page", len(a.emails()), 2)
			p.want("pagination", a.pagination(), map[string]any{"skip": 0, "limit": 2, "total": 3})
		},
		"list-cap-refused=2": func(p *partner) {
			p.want("statuses", []int{p.list("?limit=2").status, p.list("?limit=3").status}, "[200 422]")
		},
		"list-churn": func(p *partner) {
			p.create("1", jane)
			p.want("one", p.list("").emails(), "[jane@example.com other-1@elsewhere.example other-2@elsewhere.example]")
			p.want("two", p.list("").emails(), "[jane@example.com other-2@elsewhere.example other-3@elsewhere.example other-4@elsewhere.example]")
			p.want("charged", p.Charged(), "0.50")
		},
		"list-no-total": func(p *partner) {
			_, has := p.list("").pagination()["total"]
			p.want("has a total", has, false)
		},
		"list-no-dates": func(p *partner) {
			p.create("1", jane)
			_, has := p.list("").data["users"].([]any)[0].(map[string]any)["createdAt"]
			p.want("has a date", has, false)
		},
		"wallet-inactive": func(p *partner) { p.want("active", p.do("GET", "/v1/partner/wallet", "", "").data["active"], false) },
		"list-lag=1m": func(p *partner) {
			p.create("1", jane)
			p.want("at once", []any{p.list("").emails(), p.list("").pagination()["total"]}, "[[] 0]")
		},
	}
	maps.Copy(tests, habitTests())
	played := map[string]bool{}
	for text, test := range tests {
		name, _, _ := strings.Cut(text, "=")
		played[name] = true
		t.Run(text, func(t *testing.T) { test(start(t, Config{}, text)) })
	}
	for _, s := range allSpecs() {
		if s.modifier && !played[s.name] {
			t.Errorf("%s is not played", s.name)
		}
	}
}

// burns adds an answer fault and reports whether it uses up its key.
func (p *partner) burns(fault string, want bool) {
	p.t.Helper()
	both := append([]Fault{}, *p.faults.Load()...)
	f, err := ParseFault(fault + "=#1")
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.SetFaults(append(both, f)); err != nil {
		p.t.Fatal(err)
	}
	p.want("first", p.create("k", "jane@example.com").status, fault)
	p.want("key used up", p.create("k", "jane@example.com").message == "IDEMPOTENCY_KEY_ALREADY_USED", want)
}

func TestCallsOfOthersCanFail(t *testing.T) {
	p := start(t, Config{}, "list-500=#2", "wallet-down", "list:drop-after=#3", "delete:drop-after", "retry:500-after", "list:drip=0s,#4")
	id := p.create("k", "a+denied@b.example").id
	p.want("lists", []int{p.list("").status, p.list("").status}, "[200 500]")
	if a := p.list(""); a.err == nil {
		t.Errorf("the third list was answered: %d", a.status)
	}
	p.want("fourth list", p.list("").emails(), "[a+denied@b.example]")
	p.want("wallet", p.do("GET", "/v1/partner/wallet", "", "").status, 503)
	p.want("retry", p.do("POST", createPath+"/"+id+"/retry-kyc", "r", "").status, 500)
	p.want("status after it", p.Users()[0].Status, "pending_kyc")
	if a := p.do("DELETE", "/v1/partner/card/users/"+id, "d", ""); a.err == nil {
		t.Errorf("the delete was answered: %d", a.status)
	}
	p.want("users", len(p.Users()), 0)
	var seen []string
	for _, l := range p.Lists() {
		seen = append(seen, fmt.Sprintf("%d:%d", l.Status, l.Users))
	}
	p.want("lists recorded", seen, "[200:1 500:0 200:1 200:1]")
}

func TestWhomAFaultStrikes(t *testing.T) {
	strikes := func(text string, seed uint64, n int, email string, try int) bool {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		return faultSet{f}.chooseFaults(seed, callCreate, n, email, try).answer.Name != ""
	}
	for _, tc := range []struct {
		text  string
		n     int
		email string
		try   int
		want  bool
	}{
		{"hang", 9, "a@b.example", 3, true},
		{"hang=#3", 3, "", 1, true}, {"hang=#3", 4, "", 1, false}, {"hang=#3-5", 5, "", 1, true}, {"hang=#3-5", 6, "", 1, false}, {"hang=#3-", 99, "", 1, true},
		{"hang=@A@b.example", 1, "a@B.example", 1, true}, {"hang=@a@b.example", 1, "aa@b.example", 1, false},
		{"hang=@@b.example", 1, "aa@B.example", 1, true}, {"hang=@@b.example", 1, "aa@bb.example", 1, false}, {"hang=@@b.example", 1, "", 1, false},
		{"hang=try2", 1, "a@b.example", 2, true}, {"hang=try2", 2, "a@b.example", 1, false},
		{"hang=100%", 1, "a@b.example", 1, true}, {"hang=1,try2", 1, "a@b.example", 1, false},
		{"list:hang", 1, "a@b.example", 1, false}, {"create:list-500", 1, "a@b.example", 1, true}, {"wallet-down", 1, "", 1, false},
	} {
		if got := strikes(tc.text, 0, tc.n, tc.email, tc.try); got != tc.want {
			t.Errorf("%s on %d %q try %d: %v", tc.text, tc.n, tc.email, tc.try, got)
		}
	}
	const people = 20_000
	struck, differs := 0, 0
	share, err := ParseFault("hang=0.02")
	if err != nil {
		t.Fatal(err)
	}
	percent, err := ParseFault("hang=2%")
	if err != nil {
		t.Fatal(err)
	}
	for i := range people {
		email := fmt.Sprintf("person%d@b.example", i)
		one := share.strikesRequest(1, i, email, 1)
		struck += btoi(one)
		if one != percent.strikesRequest(1, i+7, strings.ToUpper(email), 1) {
			t.Fatal("depends on the number or on case")
		}
		differs += btoi(one != share.strikesRequest(2, i, email, 1)) + btoi(one != share.strikesRequest(1, i, email, 2))
	}
	if struck < 320 || struck > 480 || differs < 1000 {
		t.Errorf("%d of %d struck, %d differ by seed or try", struck, people, differs)
	}
	two := faultSet{}
	for _, text := range []string{"drop-before=#2", "hang"} {
		f, err := ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		two = append(two, f)
	}
	if a, b := two.chooseFaults(0, callCreate, 1, "", 1).answer.Name, two.chooseFaults(0, callCreate, 2, "", 1).answer.Name; a != "hang" || b != "drop-before" {
		t.Errorf("first match: %s, %s", a, b)
	}
}

func TestParseFaultRefuses(t *testing.T) {
	for _, text := range []string{
		"", "nothing", "hang=", "hang=x", "hang=0", "hang=1.1", "hang=#0", "hang=#5-3", "hang=@jane", "hang=try0", "late", "late=-1s", "late=#3",
		"list-cap=0", "list-cap=many", "401-from", "401-from=3", "429=soon", "429=date:", "redirect=200", "redirect=x", "created-offset", "created-offset=soon", "id-form=x", "list-email=mask:x", "field-errors=nest:200", "others-spend=-1", "key-used-text", "foo:hang", "hang=NaN",
	} {
		if f, err := ParseFault(text); !errors.Is(err, ErrFault) {
			t.Errorf("%q: %v, %v", text, f, err)
		}
	}
	if _, err := New(Config{Faults: []Fault{{Name: "nothing"}}}); !errors.Is(err, ErrFault) {
		t.Errorf("a fault made by hand: %v", err)
	}
}

func TestFaultNamesHaveHelp(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range FaultNames() {
		if n.Help == "" || !strings.HasPrefix(n.Usage, n.Name) || seen[n.Name] || strings.HasSuffix(n.Help, ".") {
			t.Errorf("%+v", n)
		}
		seen[n.Name] = true
	}
}

func FuzzParseFault(f *testing.F) {
	for _, text := range []string{"drop-after=0.02", "late=2m,#3", "drop-after=@jane@example.com", "list:hang=try1,#3-7", "429=date:-2s,50%", "key-used-text=A|b, c", "401-from=#3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one, err := ParseFault(text)
		if err != nil {
			return
		}
		if one.From < 0 || one.To < 0 || one.To != 0 && one.To < one.From || one.Try < 0 || !(one.Share >= 0 && one.Share <= 1) || one.spec.name != one.Name {
			t.Errorf("%q reads as %+v", text, one)
		}
		if two, err := ParseFault(text); err != nil || two != one {
			t.Errorf("%q reads as %+v and as %+v, %v", text, one, two, err)
		}
	})
}

// A mistyped name would be a switch that never strikes.
func TestFaultNamesAreInTheCatalogue(t *testing.T) {
	inCatalogue := map[string]bool{}
	for _, s := range allSpecs() {
		if inCatalogue[s.name] {
			t.Errorf("%s is in the catalogue twice", s.name)
		}
		inCatalogue[s.name] = true
	}
	for name := range faultReplies() {
		if !inCatalogue[name] {
			t.Errorf("faultReplies: %s is not in the catalogue", name)
		}
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names, calls := 0, 0
	for _, source := range sources {
		f, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if value, isText := literalOf(n.Values); isText && strings.HasPrefix(n.Names[0].Name, "fault") {
					if names++; !inCatalogue[value] {
						t.Errorf("%s: %q is not in the catalogue", n.Names[0].Name, value)
					}
				}
			case *ast.CallExpr:
				method, isMethod := n.Fun.(*ast.SelectorExpr)
				if !isMethod || !slices.Contains([]string{"hasFault", "faultNamed", "forUser", "allForUser"}, method.Sel.Name) {
					return true
				}
				calls++
				if value, isText := literalOf(n.Args); isText {
					t.Errorf("%s: %s(%q): use a constant of fault_modifiers.go", source, method.Sel.Name, value)
				}
			}
			return true
		})
	}
	if names < 40 || calls < names {
		t.Errorf("%d names and %d calls were found", names, calls)
	}
}

// literalOf returns the first of some expressions if it is a text.
func literalOf(list []ast.Expr) (string, bool) {
	if len(list) == 0 {
		return "", false
	}
	literal, is := list[0].(*ast.BasicLit)
	if !is || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}
