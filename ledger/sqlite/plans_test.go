package sqlite

import (
	"errors"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// useEverything makes a ledger and calls everything that asks or changes it, and
// returns the statements that were prepared.
func useEverything(t *testing.T) (l *Ledger, statements []string) {
	t.Helper()
	l = newProvenLedger(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// A registration that meets customers of every kind, and changes one.
	rows := validRows(40, "a")
	rows[waitingCustomer-1].LastName, rows[waitingCustomer-1].NameText = "Other", "jane|other|+14155550123"
	reg, err := l.Register(ctx, ledger.Batch{Fingerprint: "three", Files: []ledger.File{{Name: "three.csv"}}})
	must(err)
	keys := make([]ledger.LookupKey, len(rows))
	for i, r := range rows {
		keys[i] = ledger.LookupKey{Identity: r.Identity, SenderID: r.SenderID, NameText: r.NameText, Details: r.Details}
	}
	_, err = reg.Lookup(ctx, keys)
	must(err)
	must(reg.Add(ctx, rows))
	_, err = reg.Lookup(ctx, keys[:2])
	must(err)
	must(reg.AddNotes(ctx, []ledger.RowNote{{Ordinal: 3, Repeats: -1, Finding: ledger.Finding{Field: "phone", Code: "c"}}}))
	b, err := reg.Commit(ctx)
	must(err)
	run, err := l.Begin(ctx, ledger.Run{Command: "run", Batch: b.ID, Started: time.Now()})
	must(err)
	in, ids := intendRows(t, l, b, run, 11, 12)
	out := answersTo(in, ids)
	asRefusal(&out[0], ledger.Pending, ledger.NotSent, 0)
	asRefusal(&out[1], ledger.Rejected, ledger.Reject, 400)
	must(recordAll(ctx, l, out[:8]))
	left, err := l.Merge(ctx, out[8:9])
	if err != nil || len(left) > 0 {
		t.Fatal(left, err)
	}
	again, err := l.Plan(ctx, b.ID, 12, 1)
	must(err)
	second := intentsFor(again)
	second[0].Email = "Other." + second[0].Email
	_, err = l.Intend(ctx, run, second)
	must(err)
	must(l.NotePairings(ctx, []ledger.PairingNote{{Customer: 1, ServiceID: "acme-rain-user-000000000001", Pairing: ledger.Confirmed}}))
	_, err = l.ObserveKYC(ctx, []ledger.KYCEvent{{ServiceID: "acme-rain-user-000000000001", Status: ledger.KYCMore, URL: "https://verify.test/again", At: time.Now()}})
	must(err)
	must(l.RetryKYC(ctx, "acme-rain-user-000000000001", 0, 1))
	must(l.SaveFact(ctx, "fee", "0.50", time.Now()))
	must(l.Bind(ctx, ledger.Account{Slug: "acme"}))
	must(l.Finish(ctx, run, ledger.RunEnd{}))
	_, err = l.InGap(ctx, []string{"someone@example.com"})
	must(err)
	must(l.CloseGap(ctx, 1, time.Now(), ""))
	must(l.CloseGap(ctx, 1, time.Now(), "asked the partner"))
	for _, q := range queriesOfEachKind() {
		selectCustomers(t, l, q)
		q.Status = []ledger.Status{ledger.Created, ledger.InDoubt}
		q.History = true
		selectCustomers(t, l, q)
	}
	for _, s := range []ledger.Selection{{}, {Batch: 1}, {Run: run}, {All: true}, {Since: time.Unix(1, 0)}} {
		_, err := l.Tally(ctx, s)
		must(err)
	}
	_, err = l.Batches(ctx)
	must(err)
	_, err = l.FindBatch(ctx, "three")
	must(err)
	_, err = l.Gaps(ctx)
	must(err)
	_, err = l.Unplanned(ctx, "0123456789abcdef", []ledger.PlanRow{l.DigestPlanRow("a0@example.com", nil, 0)})
	must(err)
	_, err = l.Plans(ctx)
	must(err)
	must(l.Finish(ctx, 3, ledger.RunEnd{}))
	_, err = l.FactNames(ctx, "f")
	must(err)
	_, _, err = l.Fact(ctx, "fee")
	must(err)
	for _, batch := range []int64{0, 1} {
		_, err = l.HasKYC(ctx, batch)
		must(err)
	}
	for _, err := range l.Log(ctx) {
		must(err)
	}
	must(l.Walk(ctx, &visited{}))
	checkSound(t, l)
	if err := l.RebindAccount(ctx); !errors.Is(err, ledger.ErrConflict) {
		t.Fatal(err)
	}
	_, err = l.Forget(ctx, []string{rows[30].Identity, "stranger@example.com"})
	must(err)
	_, err = l.Readmit(ctx, []string{rows[30].Identity})
	must(err)
	_, err = l.Prune(ctx, 1)
	must(err)
	seen := map[string]bool{}
	take := func(c *conn) {
		for _, text := range c.Statements() {
			seen[text] = true
		}
	}
	take(l.w)
	for range 4 { // as many as the pool keeps
		r, err := l.readers.Get(t.Context())
		must(err)
		take(&conn{r})
		must(r.Close())
	}
	for text := range seen {
		statements = append(statements, text)
	}
	sort.Strings(statements)
	return l, statements
}

func queriesOfEachKind() map[string]ledger.Query {
	near := ledger.Near{Attempt: 3, N: 10}
	after := near
	after.After = true
	return map[string]ledger.Query{
		"all":                     {},
		"ids":                     {IDs: []int64{1, 2}},
		"identities":              {Identities: []string{emailOf("a", 0), emailOf("a", 9)}},
		"service ids":             {ServiceIDs: []string{"acme-rain-user-000000000001"}},
		"links":                   {URLs: []string{"https://verify.test/again"}},
		"before":                  {Near: &near},
		"after":                   {Near: &after},
		"newest":                  {Newest: 2},
		"of any status":           {Newest: 1000, Status: ledger.Statuses()},
		"unconfirmed":             {Pairing: ledger.Unconfirmed},
		"confirmed":               {Pairing: ledger.Confirmed},
		"in doubt":                {Status: []ledger.Status{ledger.InDoubt}},
		"created":                 {Status: []ledger.Status{ledger.Created}},
		"in doubt or created":     {Status: []ledger.Status{ledger.Created, ledger.InDoubt}},
		"of a batch":              {Batch: 1},
		"created of a batch":      {Batch: 1, Status: []ledger.Status{ledger.Created}},
		"of no batch":             {NotBatch: 1},
		"newest of a batch":       {Batch: 1, Newest: 3},
		"unconfirmed of no batch": {Pairing: ledger.Unconfirmed, NotBatch: 1},
	}
}

// planOf returns what SQLite says of how it will execute a statement.
func planOf(t *testing.T, c *conn, text string) (lines []string) {
	t.Helper()
	args := make([]any, strings.Count(text, "?"))
	if strings.Contains(text, "?1") {
		args = args[:1]
	}
	err := c.Query(t.Context(), "EXPLAIN QUERY PLAN "+text, args, func(r *record) error {
		_, _, _ = r.Int(), r.Int(), r.Int()
		lines = append(lines, r.Text())
		return nil
	})
	if err != nil {
		t.Fatal(text, err)
	}
	return lines
}

// plans are the statements that run in a loop, by a part of their text, and the lines
// of the plan that each must have.
func plans() map[string][]string {
	const byID = "SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"
	return map[string][]string{
		// reading customers and attempts by id
		"FROM customer c WHERE c.id IN (":                       {byID},
		"FROM customer c WHERE c.id BETWEEN ? AND ?":            {"SEARCH c USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		"ON c.id = a.customer WHERE a.customer IN (":            {"SEARCH a USING INDEX attempt_customer (customer=?)"},
		"ON c.id = a.customer WHERE a.customer BETWEEN ? AND ?": {"SEARCH a USING INDEX attempt_customer (customer>? AND customer<?)"},
		// registration
		"WHERE c.email <> '' AND coalesce(c.identity, c.email) IN (": {"SEARCH c USING INDEX customer_identity (<expr>=?)"},
		"WHERE f.digest IN (":                                      {"SEARCH f USING PRIMARY KEY (digest=?)", byID},
		"AND c.sender_number <> '' AND c.sender_number IN (":       {"SEARCH c USING INDEX customer_sender_number (sender_number=?)"},
		"AND c.name_mark <> 0 AND c.name_mark IN (":                {"SEARCH c USING INDEX customer_name (name_mark=?)"},
		"SELECT file, number, line, details FROM input_row":        {"SEARCH input_row USING PRIMARY KEY (batch=? AND ordinal=?)"},
		"SELECT findings FROM input_row":                           {"SEARCH input_row USING PRIMARY KEY (batch=? AND ordinal=?)"},
		"UPDATE input_row SET repeats":                             {"SEARCH input_row USING PRIMARY KEY (batch=? AND ordinal=?)"},
		"UPDATE customer SET last_batch = r.batch":                 {"SEARCH r USING PRIMARY KEY (batch=?)", "SEARCH customer USING INTEGER PRIMARY KEY (rowid=?)"},
		"IS NOT (r.email, r.first_name":                            {"SEARCH r USING PRIMARY KEY (batch=?)", byID},
		"UPDATE customer SET (identity, email":                     {"SEARCH customer USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH input_row USING PRIMARY KEY (batch=? AND ordinal=?)"},
		"SELECT r.sender_id, r.name_mark, c.sender_number":         {byID, "SEARCH r USING PRIMARY KEY (batch=? AND ordinal=?)"},
		"UPDATE customer SET sender_number":                        {"SEARCH customer USING INTEGER PRIMARY KEY (rowid=?)"},
		"UPDATE input_row SET customer = c.id FROM customer c":     {"SCAN input_row USING INDEX input_row_unclaimed", "SEARCH c USING INDEX customer_identity (<expr>=?)"},
		"UPDATE input_row SET customer = ? WHERE customer IS NULL": {"SEARCH input_row USING INDEX input_row_unclaimed (<expr>=?)"},
		"SELECT id FROM batch WHERE fingerprint":                   {"SEARCH batch USING COVERING INDEX sqlite_autoindex_batch_1 (fingerprint=?)"},
		// sending
		"UPDATE customer SET status = ?":                                       {"SEARCH customer USING INTEGER PRIMARY KEY (rowid=?)"},
		"UPDATE customer SET pairing = ?":                                      {"SEARCH customer USING INTEGER PRIMARY KEY (rowid=?)"},
		"UPDATE attempt SET class = ?":                                         {"SEARCH attempt USING INTEGER PRIMARY KEY (rowid=?)"},
		"UPDATE attempt SET class = 'UNKNOWN'":                                 {"SCAN attempt USING INDEX attempt_open"},
		"UPDATE attempt SET details = (SELECT":                                 {"SEARCH attempt USING INDEX attempt_customer (customer=?)"},
		"SELECT id FROM customer WHERE service_mark <> 0 AND service_mark = ?": {"SEARCH customer USING INDEX customer_service_id (service_mark=?)"},
		"FROM kyc k WHERE k.service_id = ?":                                    {"SEARCH k USING PRIMARY KEY (service_id=?)"},
		"SELECT first_run FROM reported WHERE mark = ?":                        {"SEARCH reported USING INTEGER PRIMARY KEY (rowid=?)"},
		"DELETE FROM reported WHERE last_run <":                                {"SEARCH reported USING COVERING INDEX reported_last_run (last_run<?)"},
		"FROM plan WHERE id = ?":                                               {"SEARCH plan USING PRIMARY KEY (id=?)"},
		"SELECT count(*) FROM plan_row WHERE plan":                             {"SEARCH plan_row USING PRIMARY KEY (plan=?)"},
		"UPDATE plan SET decided_us":                                           {"SEARCH plan USING PRIMARY KEY (id=?)"},
		"UPDATE plan SET state = ? WHERE id":                                   {"SEARCH plan USING PRIMARY KEY (id=?)"},
		"UPDATE plan SET state = ? WHERE state = 'running' AND id":             {"SEARCH plan USING PRIMARY KEY (id=?)"},
		"FROM plan_row WHERE customer IN (":                                    {"SEARCH plan_row USING INDEX plan_row_customer (customer=?)"},
		"DELETE FROM plan_row WHERE customer = ?":                              {"SEARCH plan_row USING INDEX plan_row_customer (customer=?)"},
		"SELECT digest FROM gap_user WHERE digest IN (":                        {"SEARCH gap_user USING PRIMARY KEY (digest=?)"},
		"SELECT count(*) FROM customer WHERE status = 'in_doubt'":              {"SCAN customer USING COVERING INDEX customer_in_doubt"},
		"SELECT id, status FROM customer WHERE email <> ''":                    {"SEARCH customer USING INDEX customer_identity (<expr>=?)"},
		"DELETE FROM attempt WHERE customer IN":                                {"SEARCH attempt USING COVERING INDEX attempt_customer (customer=?)"},
		// reports and plans
		"SELECT batch, max(id) FROM run":                           {"SEARCH run USING COVERING INDEX run_batch (batch>?)"},
		"r.ordinal >= ? ORDER BY r.ordinal LIMIT ?":                {"SEARCH r USING PRIMARY KEY (batch=? AND ordinal>?)", byID + " LEFT-JOIN"},
		"WHERE r.batch = ? ORDER BY r.ordinal":                     {"SEARCH r USING PRIMARY KEY (batch=?)", byID + " LEFT-JOIN"},
		"SELECT EXISTS (SELECT 1 FROM customer c CROSS JOIN kyc k": {"SEARCH c USING INTEGER PRIMARY KEY (rowid=?)", "SEARCH k USING PRIMARY KEY (service_id=?)"},
		// queries
		"WHERE c.id IN (SELECT value FROM json_each(?))":                {byID},
		"WHERE c.id IN (SELECT id FROM customer WHERE email <> ''":      {byID, "SEARCH customer USING INDEX customer_identity (<expr>=?)", "SEARCH forgotten USING PRIMARY KEY (digest=?)"},
		"WHERE c.service_mark <> 0 AND c.service_mark IN (SELECT value": {"SEARCH c USING INDEX customer_service_id (service_mark=?)"},
		"WHERE c.url_mark <> 0 AND c.url_mark IN (SELECT value":         {"SEARCH c USING INDEX customer_url (url_mark=?)"},
		"AND a.id < ? ORDER BY a.id DESC LIMIT ?":                       {"SEARCH a USING INTEGER PRIMARY KEY (rowid<?)", byID, "SEARCH attempt USING COVERING INDEX attempt_customer (customer=?)"},
		"AND a.id > ? ORDER BY a.id LIMIT ?":                            {"SEARCH a USING INTEGER PRIMARY KEY (rowid>?)", byID, "SEARCH attempt USING COVERING INDEX attempt_customer (customer=?)"},
		"WHERE c.pairing = 'unconfirmed'":                               {"SCAN c USING INDEX customer_unconfirmed"},
		"WHERE c.status = 'in_doubt'":                                   {"SCAN c USING INDEX customer_in_doubt"},
		"WHERE c.id IN (SELECT customer FROM input_row WHERE batch = ?": {byID, "SEARCH input_row USING PRIMARY KEY (batch=?)"},
		"AND c.id IN (SELECT customer FROM input_row WHERE batch = ?":   {byID, "SEARCH input_row USING PRIMARY KEY (batch=?)"},
		"NOT IN (SELECT customer FROM input_row WHERE batch = ?":        {"SEARCH input_row USING PRIMARY KEY (batch=?)"},
	}
}

// wholeLists are the statements that may read a whole table, and why. Nothing else may.
func wholeLists() map[string]string {
	const (
		one     = "the table has one record"
		few     = "the table has a record a command, a file, a gap or a fact"
		opening = "once an opening, from the newest on, until the first that has the partner's clock"
		verify  = "Verify reads everything"
		erasing = "erasing is rare, and an index of input_row by customer would cost every registration"
		newest  = "from the newest on, until enough are found"
	)
	return map[string]string{
		"FROM ledger":          one,
		"UPDATE ledger":        one,
		"FROM batch":           few,
		"UPDATE batch":         few,
		"FROM run ORDER":       few,
		"FROM gap ORDER":       few,
		"max(id), 0) FROM gap": few,
		"FROM plan ORDER":      few,
		"UPDATE plan SET state = ? WHERE state IN": few,
		"SELECT id FROM plan WHERE state":          few,
		"FROM fact":                                few,
		"FROM sqlite_schema":                       few,
		"DELETE FROM reported WHERE last_run <":    few,

		"ORDER BY a.id DESC LIMIT 10000":                      opening,
		"a.not_before_certain = 1 OR a.not_after_certain = 1": opening,

		"SELECT max(NOT (":         verify,
		"LIMIT 100":                verify,
		"pragma_foreign_key_check": verify,
		"SELECT id, url, url_mark, service_id, service_mark FROM customer": verify,

		"UPDATE input_row SET identity = ''":             erasing,
		"r.customer IN (SELECT value FROM json_each(?))": erasing,

		"EXISTS (SELECT 1 FROM customer WHERE status IN ('created', 'link_missing', 'in_doubt'))": "once a registration, until the first",
		"SELECT EXISTS (SELECT 1 FROM kyc)":                                         "until the first",
		"SELECT EXISTS (SELECT 1 FROM kyc WHERE status <> '')":                      "until the first",
		"WHERE r.claims = 1 AND r.batch = c.last_batch":                             "a report of all customers, in the order of their rows",
		"FROM attempt a CROSS JOIN customer c ON c.id = a.customer LEFT JOIN kyc k": newest,
		"NOT EXISTS (SELECT 1 FROM attempt WHERE customer = c.id AND class <> '')":  newest,
		"ON k.service_id = c.service_id ORDER BY c.id":                              "all customers are asked for",
		"ON k.service_id = c.service_id WHERE c.status = 'created' ORDER BY c.id":   "a status that most have",
		"WHERE c.status IN ('created', 'in_doubt') ORDER BY c.id":                   "statuses that most have",
		"WHERE c.pairing = ?":                          "a pairing that most have, or few: there are commands that ask once",
		"+c.id NOT IN (SELECT customer FROM input_row": "all customers but those of one input",
	}
}

// isScan reports whether a line of a plan reads a whole table. A partial index is a
// short list of its own.
func isScan(line string) bool {
	for _, harmless := range []string{"SCAN json_each", "SCAN CONSTANT ROW", "VALUES CLAUSE"} {
		if strings.Contains(line, harmless) {
			return false
		}
	}
	for _, partial := range []string{"attempt_open", "customer_in_doubt", "customer_unconfirmed", "input_row_unclaimed"} {
		if strings.HasSuffix(line, "INDEX "+partial) {
			return false
		}
	}
	return strings.HasPrefix(line, "SCAN ")
}

// Every statement of the package that reads or changes records finds them by the
// intended index, or is one that must read a whole table.
func TestPlans(t *testing.T) {
	l, statements := useEverything(t)
	seen := map[string]bool{}
	for _, text := range statements {
		short := strings.Join(strings.Fields(text), " ")
		lines := planOf(t, l.w, text)
		isKnown := false
		for part, want := range plans() {
			if !strings.Contains(short, part) {
				continue
			}
			seen[part], isKnown = true, true
			for _, line := range want {
				if !slices.Contains(lines, line) {
					t.Errorf("%s\nis planned as %q, without %q", short, lines, line)
				}
			}
		}
		reason := ""
		for part, why := range wholeLists() {
			if strings.Contains(short, part) {
				seen[part], reason = true, why
			}
		}
		if strings.HasPrefix(short, "INSERT") {
			continue // SQLite plans a search for the children of a missing parent, and makes it only where one was missing
		}
		if slices.ContainsFunc(lines, isScan) && reason == "" {
			t.Errorf("%s\nreads a whole table: %q", short, lines)
		}
		if len(lines) > 0 && !isKnown && reason == "" && !strings.Contains(lines[0], "PRIMARY KEY") {
			t.Errorf("%s\nhas no intended plan: %q", short, lines)
		}
	}
	for _, all := range [][]string{slices.Collect(maps.Keys(plans())), slices.Collect(maps.Keys(wholeLists()))} {
		for _, part := range all {
			if !seen[part] {
				t.Errorf("no statement was prepared with %q", part)
			}
		}
	}
}
