//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// compare is the promise, checked from outside: nobody twice (invariant 1),
// fees for users only (2), and every row what it is undisturbed, but for links
// that were lost (13).
func (c crash) compare(sc *scene, want []ledger.Status, last ending, killed int, total *toll) {
	sc.Helper()
	rows, customers := sc.rows(), sc.customers()
	users := map[string][]sandbox.User{} // made through the API, by identity
	made := 0
	for _, u := range sc.users() {
		if u.Origin == sandbox.FromAPI {
			users[strings.ToLower(u.Email)] = append(users[strings.ToLower(u.Email)], u)
			made++
		}
	}
	paid := made
	if !c.unused {
		paid += earlierCustomers
	}
	for identity, us := range users {
		if len(us) > 1 {
			sc.Errorf("created %d times: %s\n%s", len(us), identity, describe(sc))
		}
	}
	if charged, _ := strconv.ParseFloat(sc.server.Charged(), 64); !slices.Contains(c.manners, "dup-after-fee") && charged != 0.5*float64(paid) {
		sc.Errorf("charged %v for %d users", charged, paid)
	}
	if len(rows) != len(want) {
		sc.Fatalf("%d rows in the ledger, want %d", len(rows), len(want))
	}
	missing := 0
	for i, r := range rows {
		switch {
		case r.Status == want[i]:
		case r.Status == ledger.LinkMissing && want[i] == ledger.Created && unansweredOnce(r, customers):
			if !timedOut(r, customers) {
				missing++
			}
		case c.undecidable(sc, r, customers):
		case c.mislabels(r.Status, want[i]):
		default:
			sc.Errorf("row %d is %s (%s), undisturbed it is %s\n%s", r.Number, r.Status, r.Customer.Code, want[i], describe(sc))
		}
	}
	if len(c.faults) == 0 && missing > (16+64)*killed {
		sc.Errorf("%d links lost to %d kills", missing, killed)
	}
	c.compareUsers(sc, rows, users)
	c.compareReport(sc, rows)
	c.comparePosts(sc, customers)
	c.compareExit(sc, rows, last)
	l := sc.open()
	if l != nil {
		if found, err := l.Verify(context.Background()); err != nil || len(found) > 0 {
			sc.Errorf("the ledger does not verify: %v %v", err, found)
		}
		closing(sc, l)
	}
	total.posts.Add(int64(len(sc.posts())))
	total.users.Add(int64(made))
	total.links.Add(int64(missing))
}

// mislabels lists what the faults, not the kills, make of a row: a partner that
// refuses for no reason is believed.
func (c crash) mislabels(got, want ledger.Status) bool {
	return got == ledger.Rejected && want == ledger.Created && (slices.Contains(c.faults, "422=#2") || slices.Contains(c.faults, "unknown-400=#5") || slices.Contains(c.faults, unknownRefusal))
}

// unansweredOnce reports whether the row lost an answer: without that, its link
// has no excuse for being lost.
func unansweredOnce(r ledger.Reported, customers map[string]ledger.Customer) bool {
	return slices.ContainsFunc(customers[r.Customer.Identity].History, func(a ledger.Attempt) bool {
		return a.Class == ledger.Unknown || a.Class == ledger.OKBroken || a.Class == ledger.KeyUsed || a.Class == ledger.Unclear
	})
}

// timedOut reports whether a request of a row lasted for its whole time: on a machine that
// is busy with other work a link can be lost to that, without a kill.
func timedOut(r ledger.Reported, customers map[string]ledger.Customer) bool {
	return slices.ContainsFunc(customers[r.Customer.Identity].History, func(a ledger.Attempt) bool {
		return a.Class == ledger.Unknown && a.NotAfter.At.Sub(a.NotBefore.At) >= promiseTimeout
	})
}

// actedLate reports whether the partner did what any request asked for only after the program
// had given it up: the machine is too busy for the times that both agree on. Only a person
// can decide such a row, and the partner's times prove nothing about the others.
func actedLate(sc *scene) bool {
	sc.Helper()
	givenUp := map[string]time.Time{} // by key
	for _, c := range sc.customers() {
		for _, a := range c.History {
			if a.Class == ledger.Unknown {
				givenUp[a.Key] = a.NotAfter.At
			}
		}
	}
	return slices.ContainsFunc(sc.posts(), func(p sandbox.Post) bool {
		end, ok := givenUp[p.Key]
		return ok && p.Completed.After(end)
	})
}

// compareUsers holds rows against users: every user is told of (invariant 6),
// with the partner's own data and by one row only (7), and no row that says
// otherwise has a user of ours (8).
func (c crash) compareUsers(sc *scene, rows []ledger.Reported, users map[string][]sandbox.User) {
	sc.Helper()
	ids, told := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		identity := r.Customer.Identity
		us := users[identity]
		switch r.Status {
		case ledger.Created, ledger.LinkMissing:
			told[identity] = true
			if len(us) == 0 {
				sc.Errorf("row %d is %s, and the partner has no user", r.Number, r.Status)
				continue
			}
			u := us[0]
			if u.ServiceID != r.Customer.ServiceID || u.Email != r.Customer.Email || r.Status == ledger.Created && u.VerificationURL != r.Customer.URL {
				sc.Errorf("row %d is %s with another user's data: %+v, partner %+v", r.Number, r.Status, r.Customer, u)
			}
			if ids[u.ServiceID] {
				sc.Errorf("two rows share the user %s", u.ServiceID)
			}
			ids[u.ServiceID] = true
		case ledger.InDoubt:
			told[identity] = true // compare has looked whether it may be
		case ledger.Rejected, ledger.Invalid, ledger.InsufficientBalance, ledger.Duplicate:
			if len(us) > 0 {
				sc.Errorf("row %d is %s, and this file made its user\n%s", r.Number, r.Status, describe(sc))
			}
		}
	}
	for identity := range users {
		if !told[identity] {
			sc.Errorf("a user was made and no row says so: %s\n%s", identity, describe(sc))
		}
	}
}

// compareReport is invariant 10 for the CSV, and that nothing is left beside it.
func (c crash) compareReport(sc *scene, rows []ledger.Reported) {
	sc.Helper()
	lines := sc.reported()
	if len(lines) != len(rows) {
		sc.Errorf("the report has %d rows, the file %d", len(lines), len(rows))
		return
	}
	for i, line := range lines {
		r := rows[i]
		if line["row"] != strconv.Itoa(i+2) || line["status"] != string(r.Status) || r.Status != ledger.DuplicateInInput && (line["serviceId"] != r.Customer.ServiceID || line["verificationUrl"] != r.Customer.UsableURL()) {
			sc.Errorf("line %d of the report and the ledger differ: %v", i+2, line["status"])
		}
	}
	if parts, _ := filepath.Glob(filepath.Join(sc.dir, ".*.tmp")); len(parts) > 0 {
		sc.Errorf("left behind after a clean run: %v", parts)
	}
}

// comparePosts holds what the partner saw against the ledger's attempts: as many
// (invariant 3), and no more for a person and run than --max-attempts (19).
func (c crash) comparePosts(sc *scene, customers map[string]ledger.Customer) {
	sc.Helper()
	posts, lists := sc.posts(), sc.server.Lists()
	seen := map[string]int{}
	last := map[string]sandbox.Post{}
	for _, p := range posts {
		identity := strings.ToLower(p.Email)
		seen[identity+p.Key]++
		if before, ok := last[identity]; ok {
			c.compareTwo(sc, before, p, lists)
		}
		last[identity] = p
	}
	kept := map[string]int{}
	for identity, cust := range customers {
		inRun := map[int64]int{}
		for _, a := range cust.History {
			if a.Class == ledger.NotSent {
				continue
			}
			kept[identity+a.Key]++
			if a.HTTPStatus != 0 && seen[identity+a.Key] == 0 {
				sc.Errorf("an answered attempt that never arrived: %s", identity)
			}
			if !a.Class.AsksToWait() && a.Class != ledger.Funds {
				inRun[a.Run]++
			}
		}
		for run, n := range inRun {
			if n > 5+1 { // a used key that a 429 or a 402 left behind spends nothing
				sc.Errorf("%d sends of %s in run %d", n, identity, run)
			}
		}
	}
	// An attempt that a kill kept from leaving is in the ledger only.
	unsent := 0
	for k, n := range seen {
		if n > kept[k] {
			sc.Errorf("%d requests for one key, %d attempts in the ledger: a hidden retry", n, kept[k])
		}
	}
	for k, n := range kept {
		unsent += n - seen[k]
	}
	if most := 100 * len(c.kills); unsent > most {
		sc.Errorf("%d attempts never arrived; %d kills explain at most %d", unsent, len(c.kills), most)
	}
	if len(c.kills) == 0 && unsent > 0 {
		sc.Errorf("%d attempts never arrived, and nothing was killed", unsent)
	}
}

// compareTwo checks two requests for one person that follow each other: never
// both under way, never again in doubt without a look at the list (invariant
// 16), never while the key may live (17).
func (c crash) compareTwo(sc *scene, a, b sandbox.Post, lists []sandbox.List) {
	sc.Helper()
	if b.Arrived.Before(a.Completed) {
		sc.Errorf("two requests at once: %s\n%s", a.Email, describe(sc))
	}
	switch a.Class {
	case sandbox.ClassBusy, sandbox.ClassAuth, sandbox.ClassFunds, sandbox.ClassReject:
		return // answered; where the answer was lost the silence below would hold too, but for no reason
	case sandbox.ClassKeyUsed, sandbox.ClassDupUser, sandbox.ClassUnclear:
	default:
		if gap := b.Arrived.Sub(a.Arrived); gap < sc.ttl {
			sc.Errorf("sent again after %s, while the key may live (%s): %s\n%s", gap, sc.ttl, a.Email, describe(sc))
		}
	}
	if !slices.ContainsFunc(lists, func(l sandbox.List) bool { return l.Seq > a.Seq && l.Seq < b.Seq && l.Status == 200 }) {
		sc.Errorf("in doubt, and sent again without a look at the list: %s\n%s", a.Email, describe(sc))
	}
}

// compareExit is invariant 29. It checks the exit code of the last run: 3 while a row needs a
// person and no finished run has told it, else 0.
func (c crash) compareExit(sc *scene, rows []ledger.Reported, last ending) {
	sc.Helper()
	l := sc.open()
	if l == nil {
		return
	}
	defer closing(sc, l)
	finished := -sc.earlier
	for r, err := range l.Log(context.Background()) {
		if err != nil {
			sc.Errorf("reading the log: %v", err)
			return
		}
		if r.End != nil && (r.End.ExitCode == 0 || r.End.ExitCode == 3) {
			finished++
		}
	}
	if last.code == 0 && finished < 2 {
		sc.Errorf("exit 0 although nobody was told of the rows that need a person")
	}
	if last.code == 3 && finished > 1 && len(c.faults) == 0 && c.forPeople(sc) == 0 && !last.settled {
		sc.Errorf("exit 3 although an earlier finished run told everything")
	}
	sum := last.summary()
	counts := map[ledger.Status]int{}
	for _, r := range rows {
		counts[r.Status]++
	}
	for st, n := range sum.Counts {
		if counts[st] != n {
			sc.Errorf("the summary counts %d %s, the ledger %d", n, st, counts[st])
		}
	}
	if text, _ := json.Marshal(sum.ExitCode); string(text) != strconv.Itoa(last.code) {
		sc.Errorf("the summary says exit %s, the process %d", text, last.code)
	}
}

// describe tells the whole story of the rows that did not finish.
func describe(sc *scene) string {
	var b strings.Builder
	for _, cust := range sc.customers() {
		if cust.Status == ledger.Created {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s\n", cust.Identity, cust.Status, cust.Code)
		for _, a := range cust.History {
			fmt.Fprintf(&b, "  run %d gen %d %s %s..%s class %s absent %v http %d %s\n", a.Run, a.Generation, a.Key[:8],
				a.NotBefore.At.Format("05.000"), a.NotAfter.At.Format("05.000"), a.Class, a.Absent, a.HTTPStatus, a.Code)
		}
		for _, p := range sc.posts() {
			if strings.EqualFold(p.Email, cust.Identity) {
				fmt.Fprintf(&b, "  partner: seq %d %s at %s done %s %s %d fault %s user %s\n", p.Seq, p.Key[:8], p.Arrived.Format("05.000"), p.Completed.Format("05.000"), p.Class, p.Status, p.Fault, p.ServiceID)
			}
		}
		for _, u := range sc.users() {
			if strings.EqualFold(u.Email, cust.Identity) {
				fmt.Fprintf(&b, "  user %s created %s\n", u.ServiceID, u.CreatedAt.Format("05.000"))
			}
		}
	}
	return b.String()
}
