package webcmd_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// send has a plan made, approved and carried out.
func (o *office) send() api.Run {
	o.t.Helper()
	plan := o.submit(api.MakePlan{})
	o.approve(plan)
	return o.run(plan.ID)
}

func (o *office) report(run int64) api.Report {
	o.t.Helper()
	report, err := o.Report(o.t.Context(), run)
	if err != nil {
		o.t.Fatal(err)
	}
	return report
}

// The report of a run says how far its users are, as the ledger knows, and whether a
// command has handed out links since.
func TestReportFollowsTheUsers(t *testing.T) {
	o := openOffice(t, 9)
	run := o.send()
	ledger := []string{"--sandbox", "--ledger=" + filepath.Join(o.dir, "box.db")}
	if kyc := o.report(run.ID).KYC; kyc.Users != 9 || kyc.HasNews || kyc.Working != 9 || kyc.Opened != 0 {
		t.Errorf("before the first news: %+v", kyc)
	}
	var csv bytes.Buffer
	if err := o.WriteReport(t.Context(), &csv, run.ID, "csv", false); err != nil {
		t.Fatal(err)
	}
	var events strings.Builder
	for i, id := range regexp.MustCompile(`[a-z]+-[a-z]+-user-[a-z0-9]+`).FindAllString(csv.String(), 5) {
		what := "approved"
		if i >= 3 {
			what = "denied"
		}
		fmt.Fprintf(&events, `{"event":"user.kyc.%s","timestamp":"2126-01-02T03:04:05Z","data":{"serviceId":"%s"}}`+"\n", what, id)
	}
	path := filepath.Join(o.dir, "events.json")
	if err := os.WriteFile(path, []byte(events.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	o.command(append(append([]string{"kyc", "import"}, ledger[1:]...), path)...)
	report := o.report(run.ID)
	if kyc := report.KYC; kyc.Users != 9 || !kyc.HasNews || kyc.Opened != 5 || kyc.Approved != 3 || kyc.Denied != 2 || kyc.Working != 4 {
		t.Errorf("%+v\n%s", kyc, events.String())
	}
	if report.Exported != nil {
		t.Errorf("exported by %+v", report.Exported)
	}
	if err := o.WriteMailMerge(t.Context(), &csv, run.ID); err != nil {
		t.Fatal(err)
	}
	if report = o.report(run.ID); report.Exported != nil {
		t.Errorf("what the page hands out is in its own log: %+v", report.Exported)
	}
	o.command(append(append([]string{"links", "export"}, ledger...), "-")...)
	if report = o.report(run.ID); report.Exported == nil || report.Exported.Command != "links export" {
		t.Errorf("%+v", report.Exported)
	}
}

// A run of corrected rows names the run that has left them, also in another process, and
// what a run warns of is shown with it.
func TestCorrectedRowsAndWarnings(t *testing.T) {
	o := openOffice(t, 3)
	first := o.send()
	if len(first.Warnings) > 0 || first.Origin != 0 {
		t.Errorf("%+v", first)
	}
	o.dropText("firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program\n"+
		"Zoe,Roe,zoe@example.com,+4915112999999,cards,203.0.113.9,TRUE,custodial\nAnnaa,Poe,ann0@example.com,+4915112000000,cards,203.0.113.9,TRUE,custodial\n", first.ID)
	second := o.send()
	if second.Origin != first.ID || second.Created != 1 {
		t.Errorf("%+v", second)
	}
	if text := strings.Join(second.Warnings, "\n"); !strings.Contains(text, "1 row with other details than were sent") || !strings.HasSuffix(text, ".") || strings.Contains(text, "Poe") {
		t.Errorf("warnings %q", second.Warnings)
	}
	o.open()
	if again, err := o.Run(t.Context(), second.ID); err != nil || again.Origin != first.ID {
		t.Errorf("%+v, %v", again, err)
	}
}
