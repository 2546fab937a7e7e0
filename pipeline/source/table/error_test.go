package table

import "testing"

func TestErrorText(t *testing.T) {
	for _, c := range []struct {
		e    Error
		want string
	}{
		{Error{File: "customers.xlsx", Sheet: "S", Row: 17, Column: 5, Field: "email", Cell: "E17", Reason: "a merged cell", Hint: "Unmerge it"},
			`customers.xlsx, sheet "S", row 17, column email (cell E17): a merged cell. Unmerge it`},
		{Error{File: "a.csv", Row: 17, Line: 23, Reason: "r"}, "a.csv, row 17 (line 23): r"},
		{Error{File: "a.csv", Row: 17, Line: 17, Column: 28, Cell: "AB17", Reason: "r"}, "a.csv, row 17, column AB (cell AB17): r"},
		{Error{File: "a.csv", Line: 3, Reason: "r"}, "a.csv, line 3: r"},
		{Error{File: "-", Reason: "r"}, "standard input: r"},
		{Error{Reason: "r", Hint: "H"}, "r. H"},
		// line 72
		{Error{File: "a b.csv", Reason: "r"}, `"a b.csv": r`},
		{Error{File: "a\n\x1b[2Jb.csv", Reason: "r"}, `"a\n\x1b[2Jb.csv": r`},
		{Error{File: "a\u202eb.csv", Reason: "r"}, `"a\u202eb.csv": r`},
		{Error{File: "a\xffb.csv", Reason: "r"}, `"a\xffb.csv": r`},
		{Error{File: `it's"`, Reason: "r"}, `"it's\"": r`},
		{Error{File: "-x.csv", Reason: "r"}, "-x.csv: r"},
		{Error{File: "Zoë.csv", Reason: "r"}, "Zoë.csv: r"},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestCellName(t *testing.T) {
	for _, c := range []struct {
		column, row int
		want        string
	}{{1, 1, "A1"}, {5, 17, "E17"}, {26, 2, "Z2"}, {27, 2, "AA2"}, {702, 3, "ZZ3"}, {703, 3, "AAA3"}, {16384, 1048576, "XFD1048576"}, {0, 4, ""}, {4, 0, ""}} {
		if got := CellName(c.column, c.row); got != c.want {
			t.Errorf("CellName(%d, %d) = %q, want %q", c.column, c.row, got, c.want)
		}
	}
}
