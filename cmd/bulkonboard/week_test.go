//go:build !windows

package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// The week's list, and a small one of its last day.
const weekRows, laterRows = 40, 10

// passTime makes the ledger and the partner older, as if that time had passed: all that
// either remembers moves into the past.
func (s *story) passTime(d time.Duration) {
	s.t.Helper()
	s.server.PassTime(d)
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "l.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer closing(s.t, db)
	updates := makeOlder(s.t, db, d)
	if len(updates) < 20 {
		s.t.Fatalf("%d columns with times", len(updates))
	}
	for _, update := range updates {
		if _, err := db.Exec(update); err != nil {
			s.t.Fatal(err)
		}
	}
}

// makeOlder returns the statements that move every time in a ledger into the past.
func makeOlder(t *testing.T, db *sql.DB, d time.Duration) (updates []string) {
	t.Helper()
	rows, err := db.Query(`SELECT m.name, p.name FROM sqlite_schema m, pragma_table_info(m.name) p
		WHERE m.type = 'table' AND p.name LIKE '%\_us' ESCAPE '\' AND p.name NOT LIKE '%offset%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		updates = append(updates, fmt.Sprintf("UPDATE %s SET %s = %s - %d WHERE %s IS NOT NULL AND %s > 0", table, column, column, d.Microseconds(), column, column))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return updates
}

// weekArgs returns a command with the list as the week's operator gives it.
func (s *story) weekArgs(args ...string) []string {
	return append(args, "in.csv", "--report", "r.csv", "--rate", "unlimited", "--workers", "4", "--timeout", "2s", "--settle", "2s", "--key-ttl", "1s", "--fee", "0.50")
}

// idsOf returns the serviceIds of the partner's users by e-mail.
func (s *story) idsOf() map[string]string {
	ids := map[string]string{}
	for _, u := range s.server.Users() {
		if ids[u.Email] != "" {
			s.t.Errorf("%s has two users", u.Email)
		}
		ids[u.Email] = u.ServiceID
	}
	return ids
}

func (s *story) wantIn(what, text string, words ...string) {
	s.t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			s.t.Errorf("%s does not say %q:\n%s", what, w, text)
		}
	}
}

// A week of a list: agreed by two persons, sent with a short wallet, topped up, followed by
// webhooks, reminded while the links work, renewed in waves when they are dead, and
// denied users retried. In the end everything adds up.
func TestTheWeek(t *testing.T) {
	long(t)
	t.Parallel()
	list := customersCSV(weekRows) + "Bad,Row,not an address,+4915112999999,cards,203.0.113.9,TRUE,custodial\n" +
		"Anna,Roe,ann0@example.com,+4915112000000,cards,203.0.113.9,TRUE,custodial\n"
	s := openStory(t, sandbox.Config{KeyTTL: time.Second, Balance: "7.50", Fee: "0.50", Seed: 7, LinkLife: 24 * time.Hour,
		Webhook: sandbox.Webhook{Secret: "whsec_story", Reason: "DOCUMENT_EXPIRED"}}, list)

	// Monday morning: the plan, the second person, the run with a short wallet.
	approvers := s.expect(command(t, s.dir, "approve", "keygen", "ben", "ben.key"), 0)
	if err := os.WriteFile(filepath.Join(s.dir, "approvers.txt"), []byte(approvers), 0o600); err != nil {
		t.Fatal(err)
	}
	planned := s.expect(s.command("plan", "--rate", "unlimited", "--fee", "0.50", "--save=plan.json", "in.csv"), 4)
	s.wantIn("the plan", planned, "saved; expires", "short by 12.50")
	s.expect(s.command("run", "--plan", "plan.json", "in.csv"), 7)
	s.expect(command(t, s.dir, "approve", "--key", "ben.key", "--rows", fmt.Sprint(weekRows), "plan.json"), 0)
	run := s.weekArgs("run", "--plan", "plan.json", "--approvers", "approvers.txt", "--link-life", "24h")
	s.expect(s.command(run...), 4)
	if n := s.server.Counters(); n.Users != 15 || n.Posts != 15 {
		t.Fatalf("%d users by %d requests for 7.50, want 15", n.Users, n.Posts)
	}
	if err := s.server.TopUp("100.00"); err != nil {
		t.Fatal(err)
	}
	s.expect(s.command(run...), 3) // the invalid row
	first := s.idsOf()
	if len(first) != weekRows || s.server.Charged() != "20.00" {
		t.Fatalf("%d users for %s", len(first), s.server.Charged())
	}

	// Monday evening: some have opened their links; the others are reminded.
	s.passTime(12 * time.Hour)
	s.decide(func(i int, _ sandbox.User) []string {
		return [][]string{{"pending", "approved"}, {"pending", "denied"}, {"pending"}, nil, nil}[i%5]
	}, "denied while listening: 8 of 16 users decided (8 DOCUMENT_EXPIRED)")
	reminded := s.exported("--working", "--older-than", "6h")
	if len(reminded) != 16 {
		t.Errorf("%d users are reminded, want 16", len(reminded))
	}
	for email, row := range reminded {
		if row["linkState"] != "works" || row["linkAge"] != "12h" || row["verificationUrl"] == "" || row["kycStatus"] != "" {
			t.Errorf("%s is reminded: %v", email, row)
		}
	}

	// Tuesday: the links are dead. Nobody is reminded; new links come in two waves.
	s.passTime(13 * time.Hour)
	if n := len(s.exported("--working")); n != 0 {
		t.Errorf("%d users with dead links are reminded", n)
	}
	s.wantIn("status", s.expect(s.command("status"), 0), "16 unopened links probably dead, older than 24h", "8 denied (8 DOCUMENT_EXPIRED)", "links renew")
	s.expect(s.command(s.weekArgs("links", "renew", "--yes", "--limit", "5")...), 8)
	said := s.expect(s.command(s.weekArgs("links", "renew", "--yes")...), 0)
	s.wantIn("links renew", said, "11 of 11 users have a new link")
	renewed := s.changedSince(first, reminded)
	if len(renewed) != 16 {
		t.Errorf("%d users have another serviceId, want 16", len(renewed))
	}
	s.expect(s.command("kyc", "retry", "--rate", "unlimited"), 0)
	if n := len(s.exported("--working")); n != 24 {
		t.Errorf("%d users can be reminded, want the 16 renewed and the 8 who begin again", n)
	}

	// Wednesday: half of the renewed users and of those retried are approved. The other
	// retried ones are denied again.
	s.passTime(8 * time.Hour)
	s.decide(func(i int, u sandbox.User) []string {
		switch {
		case i%2 == 1:
			return []string{"pending", "approved"}
		case renewed[u.Email] == nil:
			return []string{"pending", "denied"}
		}
		return nil
	}, "denied while listening: 4 of 16 users decided (4 DOCUMENT_EXPIRED)")

	// Thursday and Saturday: the rest is dead again, and renewed twice more; a third time
	// would be the fourth user.
	for round, want := range []string{"8 of 8 users have a new link", "8 of 8 users have a new link", "8 left out: deleted and created again 3 times already"} {
		s.passTime(25 * time.Hour)
		before := s.idsOf()
		said := s.expect(s.command(s.weekArgs("links", "renew", "--yes")...), 0)
		s.wantIn(fmt.Sprintf("renewal %d", round+2), said, want)
		if changed := s.changedSince(before, renewed); round < 2 && len(changed) != 8 || round == 2 && len(changed) != 0 {
			t.Errorf("renewal %d changed %d users", round+2, len(changed))
		}
	}

	// Sunday: another list.
	later := strings.NewReplacer("ann", "bea", "Ann", "Bea", "+4915112", "+4915113").Replace(customersCSV(laterRows))
	if err := os.WriteFile(filepath.Join(s.dir, "later.csv"), []byte(later), 0o600); err != nil {
		t.Fatal(err)
	}
	s.expect(s.command("run", "--rate", "unlimited", "--fee", "0.50", "later.csv"), 0)
	s.expect(s.command("kyc", "sync", "--rate", "unlimited"), 0)
	s.addUp(first, reminded)
	// For the pictures of the documents.
	if dir := os.Getenv("WEEK_DIR"); dir != "" {
		if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
			t.Error(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "l.db*"))
		for _, name := range files {
			err = errors.Join(err, os.Chmod(name, 0o600)) // the copy is open to others
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// decide changes the status of users at the partner who have still to open their links, in
// the order of their creation, while kyc listen runs, and returns when the ledger knows.
func (s *story) decide(statuses func(i int, u sandbox.User) []string, summary string) {
	s.t.Helper()
	end := s.listen()
	for i, u := range slices.DeleteFunc(s.server.Users(), func(u sandbox.User) bool { return u.Status != "pending_kyc" }) {
		for _, status := range statuses(i, u) {
			s.set(u.ServiceID, status)
		}
	}
	s.told()
	s.wantIn("kyc listen", end(), summary)
}

// changedSince returns the users with another serviceId, all of whom must be among some.
func (s *story) changedSince(before map[string]string, among map[string]map[string]string) map[string]map[string]string {
	s.t.Helper()
	changed := map[string]map[string]string{}
	for email, id := range s.idsOf() {
		if id == before[email] {
			continue
		}
		if among[email] == nil {
			s.t.Errorf("%s had begun the check, and was deleted", email)
		}
		changed[email] = map[string]string{"serviceId": id}
	}
	return changed
}

// addUp compares report, status and ledger with the partner at the end of the week.
func (s *story) addUp(first map[string]string, reminded map[string]map[string]string) {
	s.t.Helper()
	for email, id := range first {
		if now := s.idsOf()[email]; now != id && reminded[email] == nil {
			s.t.Errorf("%s had begun the check, and was deleted", email)
		}
	}
	if n := s.server.Counters(); n.Users != weekRows+laterRows || s.server.Charged() != "25.00" {
		s.t.Errorf("%d users for %s", n.Users, s.server.Charged())
	}
	posts := s.server.Counters().Posts
	s.expect(s.command(s.weekArgs("run")...), 0) // nothing is left to be sent
	if n := s.server.Counters().Posts; n != posts {
		s.t.Errorf("a last run sent %d requests", n-posts)
	}
	s.expect(command(s.t, s.dir, "ledger", "verify", "--ledger", "l.db"), 0)
	want, byStatus := map[string]sandbox.User{}, map[string]int{}
	for _, u := range s.server.Users() {
		want[u.Email] = u
		if strings.HasPrefix(u.Email, "ann") {
			byStatus[u.Status]++
		}
	}
	for email, row := range s.exported("--unconfirmed") {
		if u := want[email]; row["serviceId"] != u.ServiceID || row["verificationUrl"] != u.VerificationURL {
			s.t.Errorf("%s has %s and %s, the partner %s and %s", email, row["serviceId"], row["verificationUrl"], u.ServiceID, u.VerificationURL)
		}
	}
	s.expect(s.command("report", "--input", "in.csv", "r.json", "r.html", "r.xlsx"), 0)
	text, err := os.ReadFile(filepath.Join(s.dir, "r.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	var doc struct {
		KYC report.Checks `json:"kyc"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		s.t.Fatal(err)
	}
	k := doc.KYC
	if k.Users != weekRows || fmt.Sprint(k.ByStatus) != fmt.Sprint(byStatus) {
		s.t.Errorf("the report counts %d users: %v; the partner %v", k.Users, k.ByStatus, byStatus)
	}
	if len(k.Days) != 1 || k.Days[0].Created != weekRows || k.Days[0].Opened != k.Days[0].Pending+k.Days[0].Approved+k.Days[0].Denied ||
		k.Days[0].Approved != byStatus["approved"] || k.MedianMinutes == nil {
		s.t.Errorf("days %+v", k.Days)
	}
	if k.Links.Assumed || k.Links.Works != 0 || k.Links.ProbablyDead != byStatus["pending_kyc"] {
		s.t.Errorf("links %+v", k.Links)
	}
	page, err := os.ReadFile(filepath.Join(s.dir, "r.html"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.wantIn("status", s.expect(s.command("status", "--input", "in.csv"), 0), "8 dead links of users who were deleted and created again 3 times already")
	s.wantIn("the page", string(page), "Identity checks by day of creation", "probably dead")
	var st struct {
		Checks report.Checks `json:"checks"`
		Lists  []struct {
			Input  string        `json:"input"`
			Checks report.Checks `json:"checks"`
		} `json:"lists"`
	}
	out, err := s.command("status", "--input", "in.csv", "--json").Output()
	if err == nil {
		err = json.Unmarshal(out, &st)
	}
	if err != nil || fmt.Sprint(st.Checks.ByStatus, st.Checks.Links) != fmt.Sprint(k.ByStatus, k.Links) {
		s.t.Errorf("status %+v, report %+v: %v", st.Checks, k, err)
	}
	if l := st.Lists; len(l) != 2 || l[1].Input != "later.csv" || l[1].Checks.Users != laterRows || l[1].Checks.Links.Works != laterRows || l[0].Checks.Users != weekRows {
		s.t.Errorf("lists %+v", l)
	}
}
