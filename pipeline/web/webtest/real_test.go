package webtest

import (
	"testing"
)

// workbook is a list as a finance team hands it over: a cover sheet, a title, headings
// in row 4, merged and crossed-out rows.
const workbook = "../../../cmd/bulkonboard/testdata/office/Kundenliste_Q4.xlsx"

func testWorkbook(t *testing.T, b *Browser) {
	s := startSite(t, nil)
	x := b.openTab(t, s)
	x.UploadFile(workbook)
	x.waitSelected()
	t.Log(x.TextOf(".foot .sum"))
}
