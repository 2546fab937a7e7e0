// Package jsonl reads JSON lines: one object on each line, one customer in each
// object. Start at [Columns], then [NewReader].
//
// An object is a row. Its keys are columns, those of an object inside it with a
// dot between the names: {"address":{"city":"Bonn"}} is the column address.city.
// Texts are cells as they are, numbers as they are written, true and false as
// words, null as nothing. A list is no cell.
package jsonl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// maxDepth is how many objects may be inside each other.
const maxDepth = 8

// Reader returns the rows of a text. It is used by one goroutine.
type Reader struct {
	r       *bufio.Reader
	columns []string
	index   map[string]int // column → its place
	isOpen  bool           // further columns are added as they come
	line    int            // read last, from 1; 0 = the headers are still to come
	began   bool
	text    []byte
	seen    []bool // by column: the object at hand has it
}

// NewReader returns a reader whose rows have these columns. The first row holds
// their names. Each further one is numbered as if the names were a line of
// their own, so that a row has the same number in a workbook made of it.
func NewReader(r io.Reader, columns []string) *Reader {
	j := &Reader{r: bufio.NewReader(r), index: map[string]int{}}
	for _, name := range columns {
		j.addColumn(name)
	}
	return j
}

// Columns reads a text to its end, and returns the keys of all its objects in the
// order in which they come. Its errors are those of Next.
func Columns(r io.Reader) ([]string, error) {
	j := NewReader(r, nil)
	j.isOpen, j.began = true, true
	for {
		if _, err := j.Next(); errors.Is(err, io.EOF) {
			return j.columns, nil
		} else if err != nil {
			return nil, err
		}
	}
}

func (j *Reader) addColumn(name string) int {
	j.index[name] = len(j.columns)
	j.columns = append(j.columns, name)
	return len(j.columns) - 1
}

// Next returns the names of the columns, then each row that is not blank, then
// io.EOF. Other errors are *table.Error without the name of the file, or those of
// the underlying reader.
func (j *Reader) Next() (table.Record, error) {
	if !j.began && len(j.columns) > 0 {
		j.began = true
		return table.Record{Number: 1, Cells: append([]string(nil), j.columns...)}, nil
	}
	for {
		if err := j.readLine(); err != nil {
			return table.Record{}, err
		}
		text := bytes.TrimSpace(j.text)
		if len(text) == 0 {
			continue
		}
		rec := table.Record{Number: j.line + 1, Line: j.line, Cells: make([]string, len(j.columns))}
		if err := j.readObject(text, &rec); err != nil {
			return table.Record{}, err
		}
		if !table.IsBlank(rec.Cells) || len(rec.Issues) > 0 {
			return rec, nil
		}
	}
}

// readLine reads the next line into j.text.
func (j *Reader) readLine() error {
	j.text = j.text[:0]
	for {
		part, err := j.r.ReadSlice('\n')
		j.text = append(j.text, part...)
		switch {
		case len(j.text) > limits.Record:
			return table.LongRow(j.line+2, j.line+1)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(j.text) == 0:
			return io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		if j.line++; j.line == 1 {
			j.text = bytes.TrimPrefix(j.text, []byte("\xef\xbb\xbf"))
		}
		return nil
	}
}

func (j *Reader) refuse(reason, hint string) error {
	return &table.Error{Line: j.line, Reason: reason, Hint: hint}
}

const oneObject = "Write one object on each line, such as with jq -c"

// readObject reads the object of a line into a record.
func (j *Reader) readObject(text []byte, rec *table.Record) error {
	if !utf8.Valid(text) {
		return j.refuse("the line is not UTF-8", "Save the file as UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	token, err := d.Token()
	if err != nil || token != json.Delim('{') {
		return j.refuse("the line is not a JSON object", oneObject)
	}
	j.seen = make([]bool, len(j.columns))
	if err := j.readMembers(d, "", 1, rec); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return j.refuse("the line has text after its JSON object", oneObject)
	}
	return nil
}

// readMembers reads the members of an object to its end. prefix is in front of
// their names.
func (j *Reader) readMembers(d *json.Decoder, prefix string, depth int, rec *table.Record) error {
	if depth > maxDepth {
		return j.refuse(fmt.Sprintf("more than %d nested objects", maxDepth), "Is this a list of customers?")
	}
	keys := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return j.refuseSyntax()
		}
		name := prefix + fmt.Sprint(key) // a key is a text, or Token fails
		value, err := d.Token()
		if err != nil {
			return j.refuseSyntax()
		}
		if keys[name] {
			return j.refuseTwice(name)
		}
		keys[name] = true
		if value == json.Delim('{') {
			if err := j.readMembers(d, name+".", depth+1, rec); err != nil {
				return err
			}
			continue
		}
		if err := j.readValue(d, name, value, rec); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return j.refuseSyntax()
	}
	return nil
}

func (j *Reader) refuseSyntax() error {
	return j.refuse("the line is not a whole JSON object", oneObject)
}

func (j *Reader) refuseTwice(name string) error {
	return j.refuse("the object has one key twice: "+showKey(name), "Remove one of them")
}

// showKey returns a key for a message. Keys of a table turned around are data.
func showKey(name string) string {
	if runes := []rune(name); len(runes) > 60 || strings.ContainsAny(name, "@0123456789") {
		return "a long name, or one with digits"
	}
	return fmt.Sprintf("%q", name)
}

// readValue puts a value into its cell.
func (j *Reader) readValue(d *json.Decoder, name string, value json.Token, rec *table.Record) error {
	column, known := j.index[name]
	switch {
	case known:
	case !j.isOpen:
		return j.refuse("the object has a key that it did not have when the file was opened", "Do not change the file while it is being read")
	case len(j.columns) == limits.Columns:
		return j.refuse(fmt.Sprintf("more than %d different keys", limits.Columns), "Is this a list of customers?")
	default:
		column = j.addColumn(name)
		j.seen, rec.Cells = append(j.seen, false), append(rec.Cells, "")
	}
	if j.seen[column] {
		return j.refuseTwice(name)
	}
	j.seen[column] = true
	switch v := value.(type) {
	case string:
		rec.Cells[column] = v
	case json.Number:
		rec.Cells[column] = v.String()
	case bool:
		rec.Cells[column] = fmt.Sprint(v)
	case json.Delim:
		rec.Issues = append(rec.Issues, table.CellIssue{Issue: table.Issue{Column: column, Code: "json_list", Message: "the value is a list, and a field has one value. Write a text, a number, true or false"}})
		return j.skipList(d)
	}
	if n := len(rec.Cells[column]); n > limits.CellShown && utf8.RuneCountInString(rec.Cells[column]) > limits.CellShown {
		rec.Issues = append(rec.Issues, table.LongCell(column))
	}
	return nil
}

// skipList reads a list to its end.
func (j *Reader) skipList(d *json.Decoder) error {
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return j.refuseSyntax()
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
	return nil
}
