package webcmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/webcmd"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

// office is a desk over the commands of the program, with one list and a ledger of its
// own.
type office struct {
	*plans.Desk

	t     *testing.T
	dir   string
	args  []string
	lists *lists.Store
	list  *lists.Snapshot // that is planned and sent
}

func anna() access.Visitor { return visitor("anna", api.Prepare) }
func ben() access.Visitor  { return visitor("ben", api.Approve) }

func visitor(name string, roles ...api.Role) access.Visitor {
	return access.Visitor{User: access.User{Name: name, Roles: roles}, From: "127.0.0.1"}
}

func execute(ctx context.Context, con *term.Console) error {
	root := cli.NewRootCommand(con)
	root.SetArgs(con.Args)
	return root.ExecuteContext(ctx)
}

// openOffice opens a desk with a list of so many customers. more are flags of web.
func openOffice(t *testing.T, customers int, more ...string) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir()}
	var err error
	if o.lists, err = lists.Open(o.dir, lists.Options{}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.lists.Close(); err != nil {
			t.Error(err)
		}
	})
	o.drop(customers)
	o.args = append([]string{"--sandbox", "--ledger=" + filepath.Join(o.dir, "box.db"), "--rate=unlimited", "--fee=0.50"}, more...)
	o.open()
	return o
}

// open opens the desk, as a new process does.
func (o *office) open() {
	o.t.Helper()
	con := term.NewConsole(nil, nil, strings.NewReader(""), io.Discard, io.Discard)
	commands, err := webcmd.NewCommands(con, execute, o.args...)
	if err != nil {
		o.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(o.t.Context())
	o.Desk, err = plans.NewDesk(ctx, plans.Config{Commands: commands, Folder: o.dir, IsTeam: true, Approvers: []string{"anna", "ben"}})
	if err != nil {
		o.t.Fatal(err)
	}
	desk := o.Desk
	o.t.Cleanup(func() {
		stop()
		if err := desk.Close(); err != nil {
			o.t.Error(err)
		}
	})
}

// drop drops a list of so many customers, and a row without an e-mail.
func (o *office) drop(customers int) {
	o.t.Helper()
	text := "firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program\n"
	for i := range customers {
		text += fmt.Sprintf("Ann%c%c,Roe,ann%d@example.com,+4915112%06d,cards,203.0.113.9,TRUE,custodial\n", 'a'+i%26, 'a'+i/26%26, i, i)
	}
	text += "Zoe,Roe,broken,+4915112999999,cards,203.0.113.9,TRUE,custodial\n"
	o.dropText(text, 0)
}

// dropText drops a list, whose rows a run has left to correct unless origin is 0.
func (o *office) dropText(text string, origin int64) {
	o.t.Helper()
	list, err := o.lists.UploadCorrected(o.t.Context(), "anna", "staff.csv", origin, strings.NewReader(text))
	if err == nil {
		o.list, err = o.lists.Latest(list.ID)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// submit makes a plan of the list.
func (o *office) submit(order api.MakePlan) api.Plan {
	o.t.Helper()
	order.Save = true
	plan, err := o.MakePlan(o.t.Context(), anna(), o.list, order)
	if err != nil {
		o.t.Fatal(err)
	}
	return plan
}

func (o *office) approve(plan api.Plan) {
	o.t.Helper()
	if _, err := o.DecidePlan(o.t.Context(), ben(), plan.ID, true, api.Approval{Digest: plan.Digest, Rows: plan.Send}); err != nil {
		o.t.Fatal(err)
	}
}

// run carries out a plan and waits for its end.
func (o *office) run(plan string) api.Run {
	o.t.Helper()
	run, err := o.StartRun(o.t.Context(), anna(), plan, o.list)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.await(run.ID)
}

func (o *office) await(id int64) (run api.Run) {
	o.t.Helper()
	if err := o.WatchRun(o.t.Context(), id, func(r api.Run) error { run = r; return nil }); err != nil {
		o.t.Fatal(err)
	}
	return run
}

// command runs the program and returns what it prints.
func (o *office) command(args ...string) []byte {
	o.t.Helper()
	var out, said bytes.Buffer
	if code := cli.Run(o.t.Context(), args, []string{"HOME=" + o.dir}, strings.NewReader(""), &out, &said); code != 0 && code != 3 {
		o.t.Fatalf("%q ends with %d: %s", args, code, &said)
	}
	return out.Bytes()
}

func codeOf(err error) string {
	var r *api.Refusal
	if errors.As(err, &r) {
		return r.Body.Code
	}
	return fmt.Sprint(err)
}

// summary is what --json prints.
type summary struct {
	Rows, Remaining int
	Sent            *int
	Counts          map[string]int
	Money           struct{ Fee, Charged, WalletBefore, WalletAfter json.Number }
}

func (o *office) summary(args ...string) (s summary) {
	o.t.Helper()
	if err := json.Unmarshal(o.command(append(args, "--json")...), &s); err != nil {
		o.t.Fatal(err)
	}
	return s
}

func TestPlanFiguresAreThoseOfTheCommand(t *testing.T) {
	o := openOffice(t, 12)
	first := o.submit(api.MakePlan{})
	o.approve(first)
	o.run(first.ID)
	o.drop(20)
	plan, err := o.MakePlan(t.Context(), anna(), o.list, api.MakePlan{})
	if err != nil {
		t.Fatal(err)
	}
	want := o.summary(append(append([]string{"plan"}, o.args...), o.list.File)...)
	if plan.Rows != want.Rows || plan.Send != want.Remaining || plan.Known != want.Counts["created"] || plan.ToCorrect != want.Counts["invalid"] ||
		plan.Fee != string(want.Money.Fee) || plan.Wallet != string(want.Money.WalletBefore) {
		t.Errorf("%+v\nwant %+v", plan, want)
	}
	if plan.Rows != 21 || plan.Send != 8 || plan.AtMost != "4.00" || plan.Known != 12 || plan.ID != "" || plan.Blocked != nil {
		t.Errorf("%+v", plan)
	}
	saved := o.submit(api.MakePlan{})
	if saved.Send != plan.Send || saved.Known != plan.Known || saved.ToCorrect != plan.ToCorrect || saved.AtMost != plan.AtMost || saved.Remains != plan.Remains || saved.Wallet != plan.Wallet || saved.Last == nil || saved.Last.Added != 8 {
		t.Errorf("saved %+v\nshown %+v", saved, plan)
	}
	if !slices.Equal(saved.Approvers, []string{"ben"}) {
		t.Errorf("approvers %q", saved.Approvers)
	}
}

// folderWatch notes what is in a folder while something is written to it.
type folderWatch struct {
	folder string
	seen   []string
}

// Write looks into the folder.
func (f *folderWatch) Write(p []byte) (int, error) {
	found, err := filepath.Glob(filepath.Join(f.folder, "*"))
	f.seen = found
	return len(p), err
}

func TestFromPlanToReport(t *testing.T) {
	o := openOffice(t, 9)
	plan := o.submit(api.MakePlan{})
	if _, err := o.StartRun(t.Context(), anna(), plan.ID, o.list); codeOf(err) != "plan_refused" {
		t.Errorf("not approved: %v", err)
	}
	for name, c := range map[string]struct {
		by     access.Visitor
		answer api.Approval
		code   string
	}{
		"the maker":       {anna(), api.Approval{Digest: plan.Digest, Rows: plan.Send}, "own_plan"},
		"another digest":  {ben(), api.Approval{Digest: plan.ID, Rows: plan.Send}, "plan_differs"},
		"a wrong number":  {ben(), api.Approval{Digest: plan.Digest, Rows: plan.Send + 1}, "wrong_rows"},
		"nothing typed":   {ben(), api.Approval{Digest: plan.Digest}, "wrong_rows"},
		"an endless text": {ben(), api.Approval{Digest: plan.Digest, Rows: plan.Send, Comment: strings.Repeat("x", 2000)}, "reason_missing"},
	} {
		if _, err := o.DecidePlan(t.Context(), c.by, plan.ID, true, c.answer); codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	o.approve(plan)
	if _, err := o.DecidePlan(t.Context(), ben(), plan.ID, false, api.Approval{Digest: plan.Digest, Comment: "late"}); codeOf(err) != "not_waiting" {
		t.Errorf("decided twice: %v", err)
	}
	run := o.run(plan.ID)
	if run.State != api.RunFinished || run.Created != 9 || run.Sent != 9 || run.Statuses["created"] != 9 || run.Statuses["invalid"] != 1 || run.Charged != "4.50" || *run.ExitCode != 3 || run.By != "anna" {
		t.Errorf("run %+v", run)
	}
	if shown, err := o.Plan(t.Context(), ben(), plan.ID); err != nil || shown.State != api.PlanUsed || shown.Run != run.ID || shown.Decided.By != "ben" {
		t.Errorf("plan %+v, %v", shown, err)
	}
	if _, err := o.StartRun(t.Context(), anna(), plan.ID, o.list); codeOf(err) != "plan_refused" {
		t.Errorf("used: %v", err)
	}
	o.open() // another process
	if again, err := o.Run(t.Context(), run.ID); err != nil || again.State != run.State || again.Statuses["created"] != 9 || again.Name != "staff.csv" || again.Charged != run.Charged {
		t.Errorf("run as the ledger has it %+v, %v", again, err)
	}
	report, err := o.Report(t.Context(), run.ID)
	if err != nil || report.Links != 9 || report.Rejects != 1 || len(report.Causes) == 0 || report.Kinds[0].Sentence == "" {
		t.Errorf("report %+v, %v", report, err)
	}
	var with, without, want bytes.Buffer
	for _, err := range []error{o.WriteReport(t.Context(), &with, run.ID, "csv", true), o.WriteReport(t.Context(), &without, run.ID, "csv", false)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want.Write(o.command("report", "--sandbox", "--ledger="+filepath.Join(o.dir, "box.db"), "--run=last", "-"))
	if with.String() != want.String() || strings.Count(with.String(), "https://") != 9 || strings.Contains(without.String(), "https://") {
		t.Errorf("report\n%s\nwant\n%s\nwithout links\n%s", &with, &want, &without)
	}
	scratch := &folderWatch{folder: filepath.Join(o.dir, "box.db.web", "scratch")}
	if err := o.WriteReport(t.Context(), scratch, run.ID, "xlsx", true); err != nil || len(scratch.seen) != 1 {
		t.Errorf("put together in %q, %v", scratch.seen, err)
	}
	if left, err := os.ReadDir(scratch.folder); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if _, err := os.Stat(o.list.Rejects); err != nil {
		t.Errorf("rejects: %v", err)
	}
	if log := string(o.command("ledger", "log", "--sandbox", "--ledger="+filepath.Join(o.dir, "box.db"), "-")); !strings.Contains(log, "anna") || !strings.Contains(log, "approved by ben@") {
		t.Errorf("log\n%s", log)
	}
}
