//go:build !windows

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// chaosFigures is what one life shows.
type chaosFigures struct {
	customers  int       // that the lists have together; 0 = as many as the longest of them
	began, hit time.Time // the start, and when the fault began
	codes      []int     // of the processes, as they ended
	posts      int
	worst      int           // most requests in any second
	rate       float64       // requests a second in the three seconds after the fault
	dead       int           // processes that others declared ended
	deadAfter  time.Duration // the last of them, after the fault
	swept      int           // attempts that others closed
	recovered  int           // of which a late answer came
	absent     int           // attempts of which the list showed that they did nothing
	notSent    int           // attempts that their own process knows not to have sent
	lost       int           // customers in link_missing
	settled    time.Duration // from the fault to the decision of the last swept row
	took       time.Duration
	more       []string // what only this kind of life shows
}

func chaosHeader() string {
	return "| Seed | What happens | Requests | Worst second | In the 3 s after it | Declared ended after | Attempts closed by others | Recovered by late answers | Absent, sent again | Not sent | link_missing | Settled after | Exit codes | Took | |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
}

// line is the figures as a row of the table.
func (f *chaosFigures) line(c *chaos) string {
	after := func(d time.Duration, isSo bool) string {
		if !isSo {
			return "–"
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	dead := "–"
	if f.dead > 0 {
		dead = fmt.Sprintf("%d: %.1f s", f.dead, f.deadAfter.Seconds())
	}
	return fmt.Sprintf("| %s | %d | %d | %.0f/s | %s | %d | %d | %d | %d | %d | %s | %v | %.0f s | %s |", c.name, f.posts, f.worst, f.rate, dead, f.swept, f.recovered, f.absent, f.notSent, f.lost,
		after(f.settled, f.swept > 0), f.codes, f.took.Seconds(), strings.Join(f.more, "; "))
}

// audit holds the partner against the ledger: nobody was created twice, every user is known,
// every request is an attempt, nothing is open, the ledger is intact, and the rate was kept.
func (c *chaos) audit() {
	c.Helper()
	f := &c.figures
	f.took = time.Since(f.began)
	users := map[string]sandbox.User{}
	for _, u := range c.server.Users() {
		if _, isTwice := users[u.Email]; isTwice {
			c.Errorf("%s: %s was created twice", c.name, u.Email)
		}
		users[u.Email] = u
	}
	posts := c.server.Posts()
	f.posts = len(posts)
	requests := map[string]int{}
	for _, p := range posts {
		requests[p.Email]++
	}
	c.auditCustomers(users, requests)
	c.manage("verify")
	c.auditPace(posts)
	c.measureSettling()
}

// auditCustomers compares the ledger's customers with the partner's users and requests.
func (c *chaos) auditCustomers(users map[string]sandbox.User, requests map[string]int) {
	c.Helper()
	f := &c.figures
	customers, unseen := c.customers(), 0
	for _, one := range customers {
		u, isUser := users[one.Email]
		switch one.Status {
		case ledger.LinkMissing, ledger.Created:
			if one.Status == ledger.LinkMissing {
				f.lost++
			}
			if !isUser || u.ServiceID != one.ServiceID || one.Status == ledger.Created && one.URL != u.VerificationURL {
				c.Errorf("%s: %s is %s in the ledger with %s, and %s at the partner", c.name, one.Email, one.Status, one.ServiceID, u.ServiceID)
			}
		default:
			c.Errorf("%s: %s is %s %s; a user at the partner: %t", c.name, one.Email, one.Status, one.Code, isUser)
		}
		sent := 0
		for _, a := range one.History {
			switch a.Class {
			case ledger.Open:
				c.Errorf("%s: %s has an open attempt", c.name, one.Email)
			case ledger.NotSent:
				f.notSent++
			default:
				sent++
			}
			if a.Absent {
				f.absent++
			}
		}
		if requests[one.Email] > sent {
			c.Errorf("%s: %d requests for %s, and %d attempts", c.name, requests[one.Email], one.Email, sent)
		}
		unseen += sent - requests[one.Email]
	}
	if len(customers) != c.rows() || len(users) != c.rows() {
		c.Errorf("%s: %d customers and %d users, want %d", c.name, len(customers), len(users), c.rows())
	}
	if allowed := c.count("attempt a JOIN sender s ON s.id = a.sender WHERE a.absent = 1 AND s.end_reason = 'silent'"); unseen > allowed {
		c.Errorf("%s: the partner did not see %d of the attempts; %d of processes that were declared ended were found absent", c.name, unseen, allowed)
	}
}

// auditPace measures how many requests came in any second. On a busy machine they arrive in
// bunches, so that only a rate which is not shared is an error.
func (c *chaos) auditPace(posts []sandbox.Post) {
	c.Helper()
	f := &c.figures
	slices.SortFunc(posts, func(a, b sandbox.Post) int { return a.Arrived.Compare(b.Arrived) })
	from := 0
	for to := range posts {
		for posts[to].Arrived.Sub(posts[from].Arrived) >= time.Second {
			from++
		}
		f.worst = max(f.worst, to-from+1)
		if since := posts[to].Arrived.Sub(f.hit); since >= 0 && since < 3*time.Second {
			f.rate += 1. / 3
		}
	}
	if f.worst > c.rate*3/2 {
		c.Errorf("%s: %d requests in one second at a rate of %d", c.name, f.worst, c.rate)
	}
}

// measureSettling asks the ledger what became of attempts whose process was declared ended.
func (c *chaos) measureSettling() {
	c.Helper()
	f := &c.figures
	var ended, decided *int64
	c.ask("SELECT count(*), max(ended_us) FROM sender WHERE end_reason = 'silent'", &f.dead, &ended)
	if ended != nil {
		f.deadAfter = time.UnixMicro(*ended).Sub(f.hit)
	}
	c.ask("SELECT count(*), count(*) FILTER (WHERE a.class <> 'UNKNOWN' AND a.class <> 'NOT_SENT'), max(c.decided_us) FROM attempt a JOIN customer c ON c.id = a.customer WHERE a.swept = 1", &f.swept, &f.recovered, &decided)
	if decided != nil {
		f.settled = time.UnixMicro(*decided).Sub(f.hit)
	}
}
