package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fields are a few of the columns of the real list.
func fields() []Field {
	return []Field{
		{Name: "firstName", Aliases: []string{"givenname", "vorname", "prenom"}, Required: true},
		{Name: "lastName", Aliases: []string{"surname", "nachname"}, Required: true},
		{Name: "email", Aliases: []string{"mail", "emailaddress"}, Required: true},
		{Name: "phoneNumber", Aliases: []string{"phone", "mobile", "telefono"}},
		{Name: "city"},
	}
}

// write makes a file in a directory of the test.
func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens paths with the fields above and closes them after the test.
func open(t testing.TB, opt Options, stdin io.Reader, paths ...string) (*Input, error) {
	t.Helper()
	if opt.Fields == nil {
		opt.Fields = fields()
	}
	in, err := Open(context.Background(), paths, stdin, opt)
	if err == nil {
		t.Cleanup(func() {
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return in, err
}

// readPass makes one pass, in batches of an odd size. The rows are copied out of
// the arrays that the next Read uses again.
func readPass(t testing.TB, in *Input) ([]Row, error) {
	t.Helper()
	rows, err := in.Rows(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all []Row
	batch := make([]Row, 3)
	for {
		n, err := rows.Read(batch)
		if errors.Is(err, io.EOF) && n == 0 {
			return all, nil
		}
		if err != nil {
			if _, again := rows.Read(batch); again == nil {
				t.Error("Read went on after", err)
			}
			return all, err
		}
		if n == 0 {
			t.Fatal("Read gave neither rows nor an error")
		}
		for _, row := range batch[:n] {
			row.Values = append([]string(nil), row.Values...)
			row.Carry = append([]string(nil), row.Carry...)
			row.Send = append([]string(nil), row.Send...)
			all = append(all, row)
		}
	}
}

// read opens one file of that name and content and reads it.
func read(t testing.TB, opt Options, name, content string) (*Input, []Row, error) {
	t.Helper()
	in, err := open(t, opt, nil, write(t, name, content))
	if err != nil {
		return nil, nil, err
	}
	rows, err := readPass(t, in)
	return in, rows, err
}

// refused checks an *Error: its fields where want has them, and the texts.
func refused(t *testing.T, err error, want Error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	if !strings.Contains(e.Reason, want.Reason) || !strings.Contains(e.Hint, want.Hint) {
		t.Errorf("got %v\nwant the reason %q and the hint %q", e, want.Reason, want.Hint)
	}
	if want.Row != 0 && e.Row != want.Row || want.Line != 0 && e.Line != want.Line || want.Column != 0 && e.Column != want.Column {
		t.Errorf("%v\nis at row %d, line %d, column %d, want %d, %d, %d", e, e.Row, e.Line, e.Column, want.Row, want.Line, want.Column)
	}
	if e.File == "" {
		t.Errorf("%v: names no file", e)
	}
}

func hasNote(in *Input, code, text string) bool {
	for _, n := range in.Notes() {
		if n.Code == code && strings.Contains(n.Message, text) {
			return true
		}
	}
	return false
}

const head = "firstName,lastName,email\n"

func TestDecode(t *testing.T) {
	type raw struct {
		Email string `csv:"email"`
		First string `csv:"firstName"`
		Other string `csv:"notThere"`
		Skip  []int  `csv:"-"`
	}
	_, rows, err := read(t, Options{}, "a.csv", head+"Ann, Lee ,a@b.c\nBo,\"O'N\n\"\"x\"\"\",\n")
	if err != nil {
		t.Fatal(err)
	}
	out := make([]raw, 5, 9)
	out[0].Other = "stale"
	if err := Decode(rows, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != 2 || out[0].Email != "a@b.c" || out[0].First != "Ann" || out[0].Other != "" || out[1].First != "Bo" || out[1].Email != "" {
		t.Errorf("%+v", out)
	}
	if cap(out) != 9 {
		t.Error("the slice was not used again")
	}
	// Whichever column is the last with a value, and in whichever row.
	for column, name := range rows[0].Names {
		rows[0].Values, rows[1].Values = make([]string, len(rows[0].Names)), make([]string, len(rows[0].Names))
		rows[column%2].Values[column] = "x"
		want := make([]raw, 2)
		switch name {
		case "email":
			want[column%2].Email = "x"
		case "firstName":
			want[column%2].First = "x"
		}
		if err := Decode(rows, &out); err != nil || fmt.Sprint(out) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	if err := Decode(nil, &out); err != nil || len(out) != 0 {
		t.Error(err, out)
	}
	rows[1].Values = append(rows[1].Values, "too", "long")
	if err := Decode(rows, &out); err == nil {
		t.Error("a long row was decoded")
	}
	for _, bad := range []any{out, nil, &rows[0], (*[]raw)(nil)} {
		if err := Decode(rows[:1], bad); err == nil {
			t.Errorf("decoded into %T", bad)
		}
	}
	rows[0].Names = nil
	if err := Decode(rows[:1], &out); err == nil {
		t.Error("decoded without names")
	}
}

func noteCodes(notes []Note) string {
	var all []string
	for _, n := range notes {
		all = append(all, n.Code)
	}
	return strings.Join(all, " ")
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "ab,\n"[i%4]
	}
	return len(p), nil
}
