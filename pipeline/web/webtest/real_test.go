package webtest

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// workbook is a list as a finance team hands it over: a cover sheet, a title, headings
// in row 4, merged and crossed-out rows.
const workbook = "../../../cmd/bulkonboard/testdata/office/Kundenliste_Q4.xlsx"

// upload gives the page a file as the button "Choose a file" does.
func (x *tab) upload(path string) {
	x.t.Helper()
	whole, err := filepath.Abs(path)
	if err != nil {
		x.t.Fatal(err)
	}
	x.waitFor(`document.querySelector("#file") !== null`)
	x.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{whole}))
}

func testWorkbook(t *testing.T, b *browser) {
	s := startSite(t, nil)
	x := b.newTab(t, s)
	x.signIn()
	x.upload(workbook)
	x.waitSelected()
	t.Log(x.text(".foot .sum"))
}
