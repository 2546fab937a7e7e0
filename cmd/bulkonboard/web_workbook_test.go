//go:build !windows

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// shell runs a command that the page shows, with --json, as an operator who pastes it,
// and returns what it prints.
func (s *scene) shell(line string) (sum pastedSummary) {
	s.Helper()
	prepared := s.command()
	c := exec.Command("sh", "-c", line+" --json")
	c.Dir, c.Env = s.dir, prepared.cmd.Env
	out, err := c.Output()
	if json.Unmarshal(out, &sum) != nil {
		s.Fatalf("%s: %v: %s", line, err, out)
	}
	return sum
}

type pastedSummary struct {
	Rows, Remaining, Sent, ExitCode int
	Counts                          map[string]int
	Money                           struct{ Fee, Charged, WalletBefore json.Number }
}

// dropWorkbook opens a scene with the page open and the workbook of the finance team dropped.
func dropWorkbook(t *testing.T) (*browser, api.List) {
	t.Helper()
	s := newScene(t, sandbox.Config{Balance: "1000.00", Fee: "0.50"}, people(1))
	book, err := os.ReadFile("testdata/office/Kundenliste_Q4.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	s.write(s.path("Kundenliste_Q4.xlsx"), string(book))
	_, address := s.openPage("--fee", "0.50")
	me := s.signIn(address, "")
	return me, me.drop("Kundenliste_Q4.xlsx", book)
}

// decideAll makes every decision that the page proposes, one after the other.
func (b *browser) decideAll(list api.List) api.List {
	b.Helper()
	for n := 0; len(list.Proposals) > 0; n++ {
		if n == 9 {
			b.Fatalf("more than nine decisions: %+v", list.Proposals)
		}
		p := list.Proposals[0]
		d := api.Decide{Kind: p.Kind, Field: p.Field, To: p.To, Columns: p.Columns}
		if p.Kind == "value" {
			d.To, d.Values = "", map[string]string{p.From: p.To}
		}
		b.send("POST", "/api/lists/"+list.ID+"/decisions", d, http.StatusOK, nil, match(list.Revision)...)
		list = b.checked(list.ID)
	}
	return list
}

// The workbook of the finance team, from the drop to the report. Its figures are those
// of the commands that the page shows.
func TestWebWorkbook(t *testing.T) {
	long(t)
	t.Parallel()
	me, list := dropWorkbook(t)
	list = me.decideAll(list)
	check := me.shell(list.Command)
	if check.Rows != list.Counts.Ready+list.Counts.ToCorrect+list.Counts.Repeats || !maps.Equal(check.Counts, list.Statuses) {
		t.Errorf("%s: %+v, the page has %+v %v", list.Command, check, list.Counts, list.Statuses)
	}
	plan := me.submit(list, api.MakePlan{})
	planned := me.shell(strings.Replace(plan.Command, " --save", "", 1))
	if planned.Rows != plan.Rows || planned.Remaining != plan.Send || planned.Counts["invalid"] != plan.ToCorrect || string(planned.Money.WalletBefore) != plan.Wallet || string(planned.Money.Fee) != plan.Fee {
		t.Errorf("%s: %+v, the page has %+v", plan.Command, planned, plan)
	}
	if plan.Send < 150 || plan.AtMost != fmt.Sprintf("%.2f", float64(plan.Send)/2) {
		t.Errorf("%+v", plan)
	}
	me.approve(plan)
	end := me.finished(me.begin(plan).ID)
	if end.State != api.RunFinished || end.Created != plan.Send {
		t.Errorf("%+v", end)
	}
	_, report := me.request("GET", fmt.Sprintf("/api/runs/%d/report.csv", end.ID), nil)
	checkOutcome(t, report)
	log := me.run("ledger", "log", "--ledger", me.ledger, "-").ends(0).out.String()
	if !strings.Contains(log, "decided: value isTermsOfServiceAccepted:ja=true, by ") {
		t.Errorf("the log does not say what was decided:\n%s", log)
	}

	// The same plan, carried out from the command line.
	other, list := dropWorkbook(t)
	plan = other.submit(other.decideAll(list), api.MakePlan{})
	other.approve(plan)
	ran := other.shell(plan.RunCommand)
	if ran.Sent != end.Sent || ran.ExitCode != *end.ExitCode || string(ran.Money.Charged) != end.Charged || !maps.Equal(ran.Counts, end.Statuses) {
		t.Errorf("%s: %+v, the page has %+v", plan.RunCommand, ran, end)
	}
	if other.send("GET", "/api/plans/"+plan.ID, nil, http.StatusOK, &plan); plan.State != api.PlanUsed || plan.Run == 0 {
		t.Errorf("the page does not see that the plan was carried out: %+v", plan)
	}
}

// Corrected cells: the page sends what the corrected workbook has.
func TestWebCorrectedWorkbook(t *testing.T) {
	long(t)
	t.Parallel()
	me, list := dropWorkbook(t)
	list = me.decideAll(list)
	var rows api.Rows
	me.send("GET", "/api/lists/"+list.ID+"/rows?filter=correct&n=500", nil, http.StatusOK, &rows)
	email := -1
	for _, c := range list.Columns {
		if c.Field == "email" {
			email = c.Index
		}
	}
	var edits []api.CellEdit
	for _, r := range rows.Rows {
		for _, f := range r.Findings {
			if f.Field == "email" && f.Column == email && !f.Warning && len(edits) < 3 {
				edits = append(edits, api.CellEdit{Row: r.Number, Column: email, From: r.Cells[email], To: fmt.Sprintf("corrected%d@kunde-beispiel.de", r.Number)})
			}
		}
	}
	if len(edits) == 0 {
		t.Fatalf("no e-mail to correct: %+v", rows)
	}
	before := list.Counts
	me.send("PATCH", "/api/lists/"+list.ID+"/cells", edits, http.StatusOK, nil, match(list.Revision)...)
	list = me.checked(list.ID)
	if list.Counts.Ready <= before.Ready || list.Counts.Cells != len(edits) {
		t.Errorf("%+v, before %+v", list.Counts, before)
	}
	_, corrected := me.request("GET", "/api/lists/"+list.ID+"/corrected.xlsx", nil)
	me.write(me.path("Kundenliste_Q4.corrected.xlsx"), string(corrected))
	if check := me.shell(list.Command); !maps.Equal(check.Counts, list.Statuses) {
		t.Errorf("%s: %v, the page has %v", list.Command, check.Counts, list.Statuses)
	}
	plan := me.submit(list, api.MakePlan{})
	if planned := me.shell(strings.Replace(plan.Command, " --save", "", 1)); planned.Rows != plan.Rows || planned.Remaining != plan.Send {
		t.Errorf("%s: %+v, the page has %+v", plan.Command, planned, plan)
	}
	me.approve(plan)

	// An edit after the approval: nothing is sent.
	me.send("PATCH", "/api/lists/"+list.ID+"/cells", []api.CellEdit{{Row: edits[0].Row, Column: email, From: edits[0].To, To: "again@kunde-beispiel.de"}}, http.StatusOK, nil, match(list.Revision)...)
	edited := me.checked(list.ID)
	answer, text := me.request("POST", "/api/plans/"+plan.ID+"/run", nil)
	var refused api.Error
	if err := json.Unmarshal(text, &refused); err != nil || answer.StatusCode != http.StatusConflict || refused.Code != "plan_stale" || !strings.Contains(strings.Join(refused.Differs, "\n"), fmt.Sprintf("row %d", edits[0].Row)) {
		t.Errorf("%d %s", answer.StatusCode, text)
	}
	if n := len(me.users()); n != 0 {
		t.Errorf("the partner has %d users", n)
	}
	var stale api.Plan
	if me.send("GET", "/api/plans/"+plan.ID, nil, http.StatusOK, &stale); stale.State != api.PlanStale || len(stale.Differs) == 0 {
		t.Errorf("%+v", stale)
	}
	me.send("DELETE", fmt.Sprintf("/api/lists/%s/changes/%d", list.ID, edited.Changes[0].ID), nil, http.StatusOK, nil, match(edited.Revision)...)
	me.checked(list.ID)
	end := me.finished(me.begin(plan).ID)
	if end.State != api.RunFinished || end.Created != plan.Send {
		t.Errorf("as approved: %+v", end)
	}
}
