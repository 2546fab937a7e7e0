package workbook

import (
	"bytes"
	"testing"
)

// The links get into the sheet however its bytes are cut.
func TestReplacer(t *testing.T) {
	const sheet = "<sheetData>a &lt;hyperlinks> < <hyper</sheetData><hyperlinks><hyperlink ref=\"A1\"></hyperlink></hyperlinks><pageSetup/>"
	for rows, want := range map[int]string{
		0: "<sheetData>a &lt;hyperlinks> < <hyper</sheetData><pageSetup/>",
		2: "<sheetData>a &lt;hyperlinks> < <hyper</sheetData><hyperlinks><hyperlink ref=\"G2\" r:id=\"rId1\"/><hyperlink ref=\"G3\" r:id=\"rId2\"/></hyperlinks><pageSetup/>",
	} {
		for size := 1; size <= len(sheet); size++ {
			var out bytes.Buffer
			links := &LinkColumn{column: "G", rows: []int32{2, 3}[:rows]}
			s := newReplacer(&out, element{name: "hyperlinks", write: links.writeElement})
			for rest := sheet; rest != ""; {
				n := min(size, len(rest))
				if _, err := s.Write([]byte(rest[:n])); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if out.String() != want {
				t.Errorf("%d rows, pieces of %d: %s", rows, size, out.String())
			}
		}
	}
}
