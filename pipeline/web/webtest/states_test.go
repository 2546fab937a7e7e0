package webtest

import (
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// testMapping: a kept mapping is offered with what it would change, and used only when
// asked to; and a mapping can be kept.
func testMapping(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	s.list.setList(func(l *api.List) {
		l.Offered = &api.OfferedMapping{Name: "Kundenliste_Q3", Columns: map[string]string{"email": "Mail dienstlich"}, Defaults: map[string]string{"program": "custodial"}, ID: "Kundennr.",
			Decisions: []api.Decision{{Kind: "value", Text: `"ja" in column "AGB akzeptiert" means that the customer accepted the terms of service.`, By: "jonas", At: time.Now(), Columns: []string{}}}}
	})
	x := openList(t, b, s)
	x.WaitText(".banner", "Its mapping was kept from Kundenliste_Q3: 2 columns, 1 default value, 1 decision.")
	x.TakePictures("state-mapping-offered")
	x.ClickText(".banner button", "Look at it")
	x.WaitText("dialog", "“Mail dienstlich” is read as e-mail.")
	x.WaitText("dialog", "decided by jonas")
	x.TakePictures("state-mapping-dialog")
	x.ClickText("dialog button", "Not now")
	x.WaitFor(`document.querySelector("dialog") === null && document.querySelector(".banner") !== null`)
	x.ClickText(".banner button", "Look at it")
	x.ClickText("dialog button", "Use it")
	x.WaitFor(`document.querySelector(".banner") === null`)
	s.list.setList(func(l *api.List) {
		if l.Offered != nil || l.Revision != 2 {
			t.Errorf("revision %d, still offered: %v", l.Revision, l.Offered != nil)
		}
	})
	x.OpenPage("/lists/fake#columns")
	x.ClickText("button", "Keep this mapping")
	x.WaitText("dialog pre", "--map-file /srv/prod.db.web/mappings/")
	x.ClickText("dialog button", "Close")
}

// testPlace: the pages say where the program runs, and that nothing was sent only as long
// as that is known.
func testPlace(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := b.NewTab(t, strings.Replace(s.url, "127.0.0.1", ForeignHost, 1)) // as a colleague reaches it
	x.SignIn(s.web.NewToken())
	x.WaitText(".local", "Runs on "+ForeignHost)
	x.WaitText(".drop", "The file stays on "+ForeignHost)
	x.OpenPage("/lists/fake")
	x.WaitText(".local", "Runs on "+ForeignHost+". Nothing has been sent.")
	s.list.setList(func(l *api.List) { l.Plan = "p1" })
	mine := b.openTab(t, s)
	mine.WaitText(".local", "Runs on this computer")
	for _, screen := range []string{"#file", "#columns", "#check"} {
		mine.OpenPage("/lists/fake" + screen)
		mine.WaitText(".local", "Runs on this computer.")
		if text := mine.TextOf(".local"); strings.Contains(text, "sent") {
			t.Errorf("%s of a list with a plan: %s", screen, text)
		}
	}
}

// testCheckAgain: a check that failed, as on a full disk, can be made again.
func testCheckAgain(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	s.list.setList(func(l *api.List) {
		l.State, l.Refusal = api.ListFailed, &api.Error{Code: "failed", Sentence: "Something failed unexpectedly.", WhatToDo: "Try again."}
	})
	x := b.openTab(t, s)
	x.OpenPage("/lists/fake")
	x.ClickText(".banner button", "Check again")
	x.WaitFor(`fetch("/api/lists/fake").then((r) => r.json()).then((l) => l.revision === 2)`)
	s.list.setList(func(l *api.List) {
		l.State, l.Refusal = api.ListFailed, &api.Error{Code: "file_changed", Sentence: "The kept copy is another one."}
	})
	x.OpenPage("/lists/fake")
	x.WaitText(".banner", "The kept copy is another one.")
	if text := x.TextOf(".banner"); strings.Contains(text, "Check again") {
		t.Errorf("a check that cannot help is offered: %s", text)
	}
}

// testUnclearColumns: where two columns may be one field, the page asks which one is.
func testUnclearColumns(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	s.list.setList(func(l *api.List) {
		l.State, l.Unclear = api.ListUnsettled, []string{"phoneNumber"}
		l.Refusal = &api.Error{Code: "input_refused", Sentence: `Kundenliste_Q4.xlsx, row 4, column F: the headers "Mobil" and "PLZ" may both be phoneNumber.`, WhatToDo: "Choose with --map phoneNumber=COLUMN."}
		for i := range l.Fields {
			if l.Fields[i].Name == "phoneNumber" {
				l.Fields[i].Column, l.Fields[i].Near = -1, []int{colPhone, colPostal}
			}
		}
	})
	x := b.openTab(t, s)
	x.OpenPage("/lists/fake")
	x.WaitText(".notice", "may both be phoneNumber")
	x.WaitText("tr.is-missing", "Either Mobil PLZ")
	if text := x.TextOf(".page"); strings.Contains(text, "--map") {
		t.Errorf("a flag is named on the page: %s", text)
	}
	x.TakePictures("state-two-columns")
	x.ClickText("tr.is-missing button", "Mobil")
	x.WaitFor(`fetch("/api/lists/fake").then((r) => r.json()).then((l) => l.revision === 2)`)
}

// testOutdated: a page of another version of the program says so, and so does one whose
// ledger cannot be used; lists are there all the same.
func testOutdated(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	refusal := api.Refuse(409, "exit_7")
	refusal.Body.Sentence, refusal.Body.WhatToDo = "The ledger was written by a newer version.", "Use the newer program."
	s.engine.setFault(refusal)
	x := b.openTab(t, s)
	x.WaitText(".banner", "The ledger was written by a newer version. Use the newer program. Lists can be checked and corrected")
	x.WaitText("tbody", "Kundenliste_Q4.xlsx")
	x.TakePictures("state-ledger-newer")
	s.engine.setFault(nil)
	x.OpenPage("/lists/fake")
	x.waitSelected()
	if x.TextOf(".banner") != "" {
		t.Error("a page of this version is called outdated")
	}
	s.list.setVersion("0123456789ab")
	x.ClickText(".chip", "All rows")
	x.WaitText(".banner", "The program was updated.")
	x.TakePictures("state-updated")
	s.list.setVersion("")
	x.ClickText(".banner button", "Load the new page")
	x.WaitFor(`document.querySelector(".banner") === null`)
}

// testWarnings: what a run warns of is shown with it, and a stop is said in words.
func testWarnings(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	s.engine.setRun(func(r *api.Run, _ *api.Report) {
		r.State, r.Waits = api.RunWaiting, "The partner asked to wait until 16:09:30."
		r.Warnings = []string{"Notification failed: the server does not answer."}
	})
	x := b.openTab(t, s)
	x.OpenPage("/runs/4")
	x.WaitText(".notice", "The partner asked to wait until 16:09:30.")
	x.WaitText(".notice", "Notification failed: the server does not answer.")
	x.TakePictures("state-waiting")
	s.engine.setRun(func(r *api.Run, _ *api.Report) {
		now, code := time.Now(), 9
		r.State, r.Finished, r.ExitCode, r.Waits = api.RunStopped, &now, &code, ""
		r.Stop = &api.Error{Code: "ledger", Sentence: "The ledger could not be written.", WhatToDo: "Ask whoever runs the program to repair its disk, then continue the plan."}
		r.Warnings = append(r.Warnings, "Links of 2 users lead to another host.")
	})
	s.engine.showRun()
	x.WaitText(".notice.is-bad", "The ledger could not be written.")
	x.WaitText(".notice li", "Links of 2 users lead to another host.")
	x.TakePictures("state-ledger-error")
}

// testAfterRun: the report says how far the users are with their checks, before and after
// the partner was heard, who has the links, and where the rows went that stayed behind.
func testAfterRun(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	s.engine.sendRows(170)
	x := b.openTab(t, s)
	x.OpenPage("/runs/4")
	x.WaitText(".panel", "The partner has not reported on any of the 170 users")
	at := time.Now()
	s.engine.setRun(func(r *api.Run, report *api.Report) {
		r.Origin = 2
		report.KYC = api.KYC{Users: 170, HasNews: true, Opened: 121, Pending: 14, Approved: 98, Denied: 9, Working: 31, Dead: 18, NoLink: 0, Reasons: []api.KYCReason{{Text: "document expired", Users: 6}}}
		report.Exported, report.Rejects = &api.LinkExport{Command: "links export", At: at}, 24
		report.Lists = []api.ListSummary{{ID: "next", Name: "run-4.rejects.xlsx", Owner: "sabine", Made: at, Counts: api.Counts{Rows: 24, Ready: 20, ToCorrect: 4}, Origin: 4}}
		report.Runs = []api.Run{{ID: 5, By: "jonas", Started: at, Created: 17, Origin: 4, Statuses: map[string]int{}, Warnings: []string{}}}
	})
	x.OpenPage("/runs/4")
	x.WaitText(".panel", "107 users of 170 finished")
	x.WaitText(".lines", "Opened their link 121 Approved 98 Denied 9 Under review 14 Have not opened it yet 49")
	x.WaitText(".panel", "Why users were denied: document expired (6).")
	x.WaitText(".panel", "18 links probably no longer work")
	x.WaitText(".notice", "They stayed behind in run 2.")
	x.WaitText(".history", "run 5: 17 users created")
	x.WaitText(".history", "run-4.rejects.xlsx: 20 ready, 4 to correct")
	x.WaitText(".notice", "bulkonboard links export for this ledger")
	x.WaitText(".drop", "Drop the corrected rows here")
	x.TakePictures("state-after-kyc")
}

// testPlanForOthers: a plan asks for a decision only who may decide.
func testPlanForOthers(t *testing.T, b *Browser) {
	s := startSiteFor(t, newFakeList("fake", 204), access.User{Name: "eva", Roles: []api.Role{api.See}})
	s.engine.setPlan(func(p *api.Plan) {
		p.Overlaps = []api.Overlap{{Plan: "7c1de02b9a45f360", Maker: "max", Rows: 12}}
		p.Warnings = []string{"12 rows with other details than were sent."}
	})
	x := b.openTab(t, s)
	x.OpenPage("/plans/9f2c41d07ab35e68")
	x.WaitText(".notice", "Waiting for approval.")
	x.WaitText(".notice", "12 rows in a plan of max")
	x.WaitText(".notice", "12 rows with other details than were sent.")
	if Evaluate[bool](x, `[...document.querySelectorAll("button")].some((n) => /approve|decline/i.test(n.innerText))`) {
		t.Error("who only sees a plan can decide on it")
	}
	x.TakePictures("state-plan-overlap")
}
