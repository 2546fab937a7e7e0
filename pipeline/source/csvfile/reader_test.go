package csvfile

import (
	"encoding/csv"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// records reads text with the reader alone.
func csvRecords(r io.Reader, delim string) ([]table.Record, error) {
	c := newReader(r, Dialect{utf8Name, delim}, 1)
	var all []table.Record
	for {
		rec, err := c.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, rec)
	}
}

func TestCSVRecords(t *testing.T) {
	type rec struct {
		number, line int
		cells        []string
	}
	for _, c := range []struct {
		name, text string
		want       []rec
	}{
		{"line 16: LF", "a,b\nc,d\n", []rec{{1, 1, []string{"a", "b"}}, {2, 2, []string{"c", "d"}}}},
		{"line 16: CRLF", "a,b\r\nc,d\r\n", []rec{{1, 1, []string{"a", "b"}}, {2, 2, []string{"c", "d"}}}},
		{"line 15: CR only", "a,b\rc,d\r", []rec{{1, 1, []string{"a", "b"}}, {2, 2, []string{"c", "d"}}}},
		{"line 16: mixed, no final newline", "a\r\nb\nc\rd", []rec{{1, 1, []string{"a"}}, {2, 2, []string{"b"}}, {3, 3, []string{"c"}}, {4, 4, []string{"d"}}}},
		{"line 16: Ctrl-Z", "a\nb\n\x1a", []rec{{1, 1, []string{"a"}}, {2, 2, []string{"b"}}}},
		{"line 16: Ctrl-Z after text", "a\nb\x1a", []rec{{1, 1, []string{"a"}}, {2, 2, []string{"b"}}}},
		{"line 17: blank lines count", "a,b\n\n\nc,d\n,\n \ne,f", []rec{{1, 1, []string{"a", "b"}}, {4, 4, []string{"c", "d"}}, {7, 7, []string{"e", "f"}}}},
		{"line 17: CR blank lines", "a\r\rb", []rec{{1, 1, []string{"a"}}, {3, 3, []string{"b"}}}},
		{"line 24: line ends in cells are one form", "a,\"1\r\n2\r3\n4\"\r\nb,\"\"\r\n", []rec{{1, 1, []string{"a", "1\n2\n3\n4"}}, {2, 5, []string{"b", ""}}}},
		{"doubled marks", `"a""b","""","",c` + "\n", []rec{{1, 1, []string{`a"b`, `"`, "", "c"}}}},
		{"quoted at the end of the text", "x,\"y\"", []rec{{1, 1, []string{"x", "y"}}}},
		{"quoted, then an empty last cell", "\"x\",\n\"y\",", []rec{{1, 1, []string{"x", ""}}, {2, 2, []string{"y", ""}}}},
		{"line 19: blanks beside the quotes", "a,b\n \"c\" , \"d, e\"\t\n\"f\",\"g\" ", []rec{{1, 1, []string{"a", "b"}}, {2, 2, []string{"c", "d, e"}}, {3, 3, []string{"f", "g"}}}},
		{"line 19: blanks without quotes stay", "a,b\n c , d\n", []rec{{1, 1, []string{"a", "b"}}, {2, 2, []string{" c ", " d"}}}},
		{"line 16: Ctrl-Z after a quoted cell of two lines", "\"a\r\"\x1a", []rec{{1, 1, []string{"a\n"}}}},
		{"line 31: comment lines are data", "a\n#b\n", []rec{{1, 1, []string{"a"}}, {2, 2, []string{"#b"}}}},
		{"line 10: NUL is left to validation", "a\x00b\n", []rec{{1, 1, []string{"a\x00b"}}}},
		{"line 2: nothing", "", nil},
		{"line 2: blank lines only", "\n\r\n , \n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"at once": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text)),
				"with data and EOF together": iotest.DataErrReader(strings.NewReader(c.text)),
			} {
				got, err := csvRecords(r, ",")
				if err != nil {
					t.Fatal(how, err)
				}
				var have []rec
				for _, r := range got {
					have = append(have, rec{r.Number, r.Line, r.Cells})
				}
				if !reflect.DeepEqual(have, c.want) {
					t.Errorf("%s:\ngot  %+v\nwant %+v", how, have, c.want)
				}
			}
		})
	}
}

func TestCSVRefused(t *testing.T) {
	long := strings.Repeat("x", limits.Record)
	for _, c := range []struct {
		name, text string
		rows       int // read before
		want       table.Error
	}{
		{"line 16: CRCRLF", "a,b\r\r\nc,d\r\r\n", 0, table.Error{Line: 1, Reason: "CR CR LF"}},
		{"line 16: CRCRLF further down", "a,b\nc\nd\r\r\n", 0, table.Error{Line: 3, Reason: "CR CR LF"}},
		{"line 19: bare quote", "a,b\nc,d\"e\n", 1, table.Error{Row: 2, Line: 2, Column: 2, Reason: "inside a cell", Hint: "doubled"}},
		{"line 19: space and junk before the quote", "a,b\nc, x\"d\"\n", 1, table.Error{Row: 2, Line: 2, Column: 2, Reason: "inside a cell"}},
		{"line 19: space and junk behind the quote", "a,b\nc, \"d\" x\n", 1, table.Error{Row: 2, Line: 2, Column: 2, Reason: "text after"}},
		{"line 19: junk after quote", "a\n\n\"b\"c\n", 1, table.Error{Row: 3, Line: 3, Column: 1, Reason: "line 3; its quotation mark was opened on line 3"}},
		{"line 19: junk after a quote of several lines", "a,b\nx,\"1\n2\",\"3\n4\"5\n", 1, table.Error{Row: 2, Line: 4, Column: 3, Reason: "line 4; its quotation mark was opened on line 3"}},
		{"line 19: unclosed at the end", "a,b\n\nc,\"d\n\n", 1, table.Error{Row: 3, Line: 3, Column: 2, Reason: "opened on line 3 is never closed"}},
		{"line 20: unclosed in a large text", "a\n\"b\n" + strings.Repeat("x,y\n", limits.Record/3), 1, table.Error{Row: 2, Line: 2, Reason: "opened on line 2 is not closed within 4 MiB"}},
		{"line 20: unclosed before quoted cells", "a,b\n\"b,c\n\"d\",e\n", 1, table.Error{Row: 2, Line: 3, Reason: "opened on line 2"}},
		{"line 21: backslash escapes", `a` + "\n" + `"b \"c\" d"` + "\n", 1, table.Error{Row: 2, Reason: "text after", Hint: "backslash"}},
		{"a row that does not end", "a\n" + long + long, 1, table.Error{Row: 2, Line: 2, Reason: "more than 4 MiB"}},
		{"line 25: a cell of a mebibyte", "a\nb," + long[:limits.Cell+1] + "\n", 1, table.Error{Row: 2, Column: 2, Reason: "more than 1 MiB"}},
		{"line 26: 10,000 columns", "a\n" + strings.Repeat(",", 9_999) + "x", 1, table.Error{Row: 2, Reason: "10000 columns"}},
		{"line 26: 10,000 quoted columns", "a\n" + strings.Repeat(`"",`, 9_999) + "x", 1, table.Error{Row: 2, Reason: "columns"}},
		{"line 8: Latin-1", "a,b\nc,Jos\xe9\n", 1, table.Error{Row: 2, Line: 2, Column: 2, Reason: "byte 0xE9 is not UTF-8", Hint: "CSV UTF-8"}},
		{"line 8: Latin-1 in a quoted cell", "a,b\nc,\"x\ny\",\"z,\nq\x80\"\n", 1, table.Error{Row: 2, Line: 4, Column: 3, Reason: "byte 0x80 is not UTF-8"}},
		{"line 8: no such character", "a\nb\x81\n", 1, table.Error{Row: 2, Line: 2, Reason: "byte 0x81 is not UTF-8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := csvRecords(strings.NewReader(c.text), ",")
			var e *table.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !strings.Contains(e.Reason, c.want.Reason) || !strings.Contains(e.Hint, c.want.Hint) {
				t.Errorf("got %v\nwant the reason %q and the hint %q", e, c.want.Reason, c.want.Hint)
			}
			if c.want.Row != 0 && e.Row != c.want.Row || c.want.Line != 0 && e.Line != c.want.Line || c.want.Column != 0 && e.Column != c.want.Column {
				t.Errorf("%v\nis at row %d, line %d, column %d, want %d, %d, %d", e, e.Row, e.Line, e.Column, c.want.Row, c.want.Line, c.want.Column)
			}
			if len(rows) != c.rows {
				t.Errorf("%d rows before it, want %d", len(rows), c.rows)
			}
			if strings.Contains(e.Error(), "Jos") {
				t.Errorf("shows data: %v", e)
			}
		})
	}
}

// line 20: what follows an unclosed quotation mark is not kept.
func TestUnclosedQuoteMemory(t *testing.T) {
	c := newReader(io.MultiReader(strings.NewReader("a\n\"b\n"), iotest.OneByteReader(strings.NewReader("x")), endless{}), Dialect{utf8Name, ","}, 1)
	var err error
	for err == nil {
		_, err = c.Next()
	}
	if cap(c.rec) > 4*limits.Record || cap(c.text) > 4*limits.Record {
		t.Errorf("%d and %d bytes held", cap(c.rec), cap(c.text))
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "ab,\n"[i%4]
	}
	return len(p), nil
}

func TestCSVReadError(t *testing.T) {
	broken := errors.New("broken")
	for _, text := range []string{"a\nb", "a\n\"b", "a\n\"b\"", "a\n\"b\"\"", "a\n\"b\","} {
		_, err := csvRecords(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), ",")
		if !errors.Is(err, broken) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestLongCell(t *testing.T) { // line 25
	rows, err := csvRecords(strings.NewReader("a,b\nc,"+strings.Repeat("é", limits.CellShown)+"\nd,"+strings.Repeat("é", limits.CellShown+1)), ",")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows[1].Issues) != 0 || len(rows[2].Issues) != 1 || rows[2].Issues[0].Column != 1 {
		t.Errorf("%+v %+v", rows[1].Issues, rows[2].Issues)
	}
}

// The reader reads what encoding/csv reads, or refuses what that refuses.
func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"a,b\nc,d\n", "a,\"b\nc\"\n\n\"d\"\"\",e", "\"a\"b\n", "a\"b", "\"", "\r\r\n", "a\r\nb\rc", ",,\n\"\",\n", "é,\xe9\n", "a\x1a", "\"a\r\"\n", "\"\r\n\"\"\r\",\"\"\r\n"} {
		f.Add(seed, byte(0))
		f.Add(strings.ReplaceAll(seed, ",", ";"), byte(1))
	}
	f.Fuzz(func(t *testing.T, text string, d byte) {
		delim := []string{",", ";", "\t", "|", "¦"}[d%5]
		got, err := csvRecords(iotest.HalfReader(strings.NewReader(text)), delim)
		again, err2 := csvRecords(iotest.OneByteReader(strings.NewReader(text)), delim)
		if (err == nil) != (err2 == nil) || err == nil && !reflect.DeepEqual(got, again) {
			t.Fatalf("in small pieces %+v, %v, else %+v, %v", again, err2, got, err)
		}
		plain := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
		if err == nil && strings.Contains(text, "\r\r\n") {
			t.Fatal("CR CR LF was read")
		}
		oracle := csv.NewReader(strings.NewReader(strings.TrimRight(plain, "\x1a")))
		oracle.Comma, oracle.FieldsPerRecord = []rune(delim)[0], -1
		want, wantErr := oracle.ReadAll()
		if wantErr != nil {
			if err == nil && !strings.ContainsAny(text, " \t") { // blanks beside marks are read
				t.Fatalf("read %+v, encoding/csv says %v", got, wantErr)
			}
			return
		}
		if err != nil {
			var e *table.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v is no *table.Error", err)
			}
			if !strings.Contains(e.Reason, "UTF-8") && !strings.Contains(e.Reason, "CR CR LF") && !strings.Contains(e.Reason, "columns") {
				t.Fatalf("refused: %v; encoding/csv reads %q", err, want)
			}
			return
		}
		lines := strings.Split(plain, "\n")
		for _, w := range want {
			if table.IsBlank(w) {
				continue
			}
			if len(got) == 0 || !reflect.DeepEqual(got[0].Cells, w) {
				t.Fatalf("got %+v, want %q", got, w)
			}
			first, _, _ := strings.Cut(w[0], "\n")
			if at := lines[got[0].Line-1]; !strings.HasPrefix(strings.TrimLeft(at, `"`), strings.TrimLeft(strings.ReplaceAll(first, `"`, `""`), `"`)) {
				t.Fatalf("line %d is %q, the row begins with %q", got[0].Line, at, first)
			}
			got = got[1:]
		}
		if len(got) > 0 {
			t.Fatalf("more than encoding/csv reads: %+v", got)
		}
	})
}
