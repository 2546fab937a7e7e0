package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// A link that nobody opens dies at the end of its life; one that was opened does not. A
// new link comes with a user who is created again, or whose check is begun again.
func TestLinkLife(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	cfg := Config{Now: func() time.Time { return now }, LinkLife: 24 * time.Hour, StateFile: filepath.Join(t.TempDir(), "state")}
	p := start(t, cfg)
	opened, unopened := p.create("k1", "a@b.example"), p.create("k2", "b@b.example")
	works := func(link string, want bool) {
		t.Helper()
		if is, err := p.OpenLink(link); err != nil || is != want {
			t.Errorf("the link works: %t, %v; want %t", is, err, want)
		}
	}
	works(opened.link, true)
	now = now.Add(24 * time.Hour)
	works(opened.link, true)
	works(unopened.link, false)
	works("https://withpersona.com/verify?inquiry-id=inq_of_nobody", false)
	// Deleted and created again: another user, another link, which lives its own day.
	users := p.Users()
	if a := p.do(http.MethodDelete, "/v1/partner/card/users/"+users[1].ServiceID, "d1", ""); a.status != http.StatusOK {
		t.Fatalf("deleting: %+v", a)
	}
	again := p.create("k3", "b@b.example")
	if again.link == unopened.link {
		t.Error("a user who is created again has the old link")
	}
	works(unopened.link, false)
	now = now.Add(23 * time.Hour)
	works(again.link, true)
	// What was opened is remembered by the state file.
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(72 * time.Hour)
	p = start(t, cfg)
	works(again.link, true)
}

// Users do what their shares or their tags say, and who comes too late finds a dead link.
func TestVisits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{KYCAfter: time.Hour, LinkLife: 24 * time.Hour, Visits: Visits{Finish: 0.4, Fail: 0.2, Return: 0.2}})
		if err != nil {
			t.Fatal(err)
		}
		add := func(email string) {
			t.Helper()
			rep, err := s.store.createUser(&createBody{Email: email, Program: "custodial"}, pendingKYC, chosen{})
			if err != nil {
				t.Fatal(err)
			}
			s.checks.startCheck(rep.id, email, 1, time.Now())
		}
		for i := range 200 {
			add(fmt.Sprintf("u%d@b.example", i))
		}
		for _, tag := range []string{"unopened", "return", "denied"} {
			add("a+" + tag + "@b.example")
		}
		count := func() map[string]int {
			n := map[string]int{}
			for _, u := range s.Users() {
				n[u.Status]++
			}
			return n
		}
		<-time.After(61 * time.Minute)
		early := count()
		if _, _, err := s.WaitForWebhooks(context.Background()); err != nil {
			t.Error(err)
		}
		late := count()
		if early[approved] < 60 || early[approved] > 100 || early[denied] < 25 || early[denied] > 60 {
			t.Errorf("after an hour: %v", early)
		}
		if late[denied] != early[denied] || late[approved] < early[approved]+25 || late[pendingKYC] < 25 || late[pending] != 0 {
			t.Errorf("in the end: %v, after an hour %v", late, early)
		}
		for _, u := range s.Users()[200:] {
			if want := map[string]string{"unopened": pendingKYC, "return": approved, "denied": denied}[tagOf(u.Email)]; u.Status != want {
				t.Errorf("%s is %s, want %s", u.Email, u.Status, want)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestVisitsTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{KYCAfter: 50 * time.Hour, LinkLife: 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		rep, err := s.store.createUser(&createBody{Email: "a@b.example"}, pendingKYC, chosen{})
		if err != nil {
			t.Fatal(err)
		}
		s.checks.startCheck(rep.id, "a@b.example", 1, time.Now())
		<-time.After(100 * time.Hour)
		synctest.Wait()
		if u := s.Users()[0]; u.Status != pendingKYC {
			t.Errorf("a dead link led to %s", u.Status)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestParseVisits(t *testing.T) {
	for text, want := range map[string]Visits{"finish=60%,fail=10%,return=5%": {0.6, 0.1, 0.05}, "fail=1": {Fail: 1}, "finish=0.25": {Finish: 0.25}} {
		if got, err := ParseVisits(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "finish", "finish=x", "finish=120%", "finish=-1", "finish=60%,fail=50%", "open=3%", "finish=NaN"} {
		if got, err := ParseVisits(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
