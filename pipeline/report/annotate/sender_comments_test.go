package annotate

import (
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/report/booktest"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// The sender's comments stay, whoever wrote them: ours stand beside them, but
// for a conversation, which takes no other words.
func TestAnnotateSenderComments(t *testing.T) {
	for name, theirs := range map[string]struct {
		talk bool
		boss string
	}{
		"openpyxl": {false, "Zoë boss wrote here:\ncall her & ask\nsoon"},
		"gnumeric": {false, "Zoë boss wrote here:\ncall her & ask\nsoon"},
		"threaded": {true, "tc={0A000000-0001-4000-8000-000000000001}|[Threaded comment]"},
	} {
		t.Run(name, func(t *testing.T) {
			a := Annotation{Workbook: "testdata/comments-" + name + ".xlsx", Sheet: "List", Header: []string{"firstName", "lastName", "email", "phoneNumber"}}
			a.Rows = listed(Row{Number: 3, Marks: []Mark{bad(3, "phoneNumber", "x", "is wrong. Correct it")}},
				Row{Number: 4, Marks: []Mark{bad(2, "email", "required", "is empty. Fill it in")}})
			done, f := annotate(t, a)
			got := booktest.SheetComments(t, f, "List")
			if !strings.Contains(got["D3"], theirs.boss) || got["B2"] != "Bob|fine" || !strings.HasPrefix(got["C4"], "bulkonboard|Correct this: email") || len(got) != 3 {
				t.Errorf("%q", got)
			}
			if strings.Contains(got["D3"], "is wrong") == theirs.talk || (done.Displaced == 1) != theirs.talk || done.Comments != 2-done.Displaced || !done.Commented {
				t.Errorf("%+v, %q", done, got["D3"])
			}
			guide := ""
			for _, row := range booktest.SheetRows(t, f, "Problems") {
				guide += strings.Join(row, " ") + "\n"
			}
			if strings.Contains(guide, "1 marked cell has no new comment") != theirs.talk || !strings.Contains(guide, "is wrong. Correct it.") {
				t.Error(guide)
			}
			if fillOf(t, f, "List", "D3") != workbook.ProblemFill {
				t.Error("the cell is not coloured")
			}
			if !theirs.talk {
				return
			}
			if string(workbook.RawPart(f, "xl/threadedComments/threadedComment1.xml")) == "" || !strings.Contains(string(workbook.RawPart(f, "xl/comments1.xml")), `xr:uid="{0A000000-0001-4000-8000-000000000001}"`) {
				t.Error("the conversation is lost")
			}
		})
	}
}
