package jsonl

import (
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// readAll reads a text as a list is read: once for its columns, once for its rows.
func readAll(text string) (all []table.Record, err error) {
	columns, err := Columns(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	j := NewReader(strings.NewReader(text), columns)
	for {
		rec, err := j.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, rec)
	}
}

func TestReader(t *testing.T) {
	all, err := readAll("\xef\xbb\xbf" + `{"a":"x","n":14155551234,"d":1.50,"t":true}` + "\r\n\n" +
		` {"a":"é\n\"","address":{"city":"Bonn","geo":{"lat":-1e3}},"f":false,"z":null} ` + "\n" + `{"a":""}` + "\n{}\n" + `{"a":"last"}`)
	want := []table.Record{
		{Number: 1, Cells: []string{"a", "n", "d", "t", "address.city", "address.geo.lat", "f", "z"}},
		{Number: 2, Line: 1, Cells: []string{"x", "14155551234", "1.50", "true", "", "", "", ""}},
		{Number: 4, Line: 3, Cells: []string{"é\n\"", "", "", "", "Bonn", "-1e3", "false", ""}},
		{Number: 7, Line: 6, Cells: []string{"last", "", "", "", "", "", "", ""}},
	}
	if err != nil || !reflect.DeepEqual(all, want) {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestListsAreIssues(t *testing.T) {
	all, err := readAll(`{"a":["x",{"b":[]}],"c":"y","d":[]}` + "\n" + `{"a":"x"}` + "\n")
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	var columns []int
	for _, is := range all[1].Issues {
		if is.Code != "json_list" || is.Warning {
			t.Errorf("%+v", is)
		}
		columns = append(columns, is.Column)
	}
	if !reflect.DeepEqual(columns, []int{0, 2}) || all[1].Cells[0] != "" || all[1].Cells[1] != "y" || len(all[2].Issues) > 0 {
		t.Errorf("%+v", all)
	}
}

func TestRefused(t *testing.T) {
	const good = `{"a":"x"}` + "\n"
	for text, reason := range map[string]string{
		good + `{"a":"x","a":"y"}`:                       "one key twice",
		good + `{"a":{"b":1,"b":2}}`:                     "one key twice",
		good + `{"a":{"b":1},"a.b":2}`:                   "one key twice",
		good + `{"a":{"b":1},"a":{"c":1}}`:               "one key twice",
		good + `{"a":"x","a":{"b":1}}`:                   "one key twice",
		good + `["x"]`:                                   "not a JSON object",
		good + `"x"`:                                     "not a JSON object",
		good + `x`:                                       "not a JSON object",
		good + `{"a":`:                                   "not a whole JSON object",
		good + "{\n\"a\":1\n}":                           "not a whole JSON object",
		good + `{"a":"x"`:                                "not a whole JSON object",
		good + `{"a":"x",}`:                              "not a whole JSON object",
		good + `{a:"x"}`:                                 "not a whole JSON object",
		good + `{"a":["x"`:                               "not a whole JSON object",
		good + `{"a":01}`:                                "not a whole JSON object",
		good + `{"a":NaN}`:                               "not a whole JSON object",
		good + `{"a":"x"} {"a":"y"}`:                     "text after its JSON object",
		good + `{"a":"x"},`:                              "text after its JSON object",
		good + "{\"a\":\"\xe9\"}":                        "not UTF-8",
		good + strings.Repeat(`{"a":`, maxDepth+1):       "nested objects",
		good + `{"a":"` + strings.Repeat("x", 20<<20):    "a row of more than",
		good + strings.Repeat("[", 100) + `{"a":1}`:      "not a JSON object",
		good + `{"` + strings.Repeat(`b":1,"`, 3) + `"}`: "one key twice",
	} {
		_, err := readAll(text)
		var e *table.Error
		if !errors.As(err, &e) || !strings.Contains(e.Reason, reason) || e.Line != 2 {
			t.Errorf("%.60q: %v, want line 2: %s", text, err, reason)
		}
	}
	var wide strings.Builder
	for i := range limits.Columns + 1 {
		wide.WriteString(`,"` + strings.Repeat("k", i+1) + `":1`)
	}
	if _, err := readAll("{" + wide.String()[1:] + "}"); err == nil || !strings.Contains(err.Error(), "different keys") {
		t.Error(err)
	}
}

// FuzzReader holds that what encoding/json accepts as one flat object of texts is
// read as that, and that nothing panics or reads a line in part.
func FuzzReader(f *testing.F) {
	for _, text := range []string{`{"a":"x","b":"y"}`, `{"a":{"b":[1,2,{}]}}`, `{}`, `{"a":"x","a":"y"}`, "{\"a\":\"\\ud800\"}", `{"a":1e400}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\n") {
			t.Skip()
		}
		all, err := readAll(text)
		var flat map[string]string
		isFlat := json.Unmarshal([]byte(text), &flat) == nil
		if err == nil && len(all) > 2 {
			t.Errorf("%q: %d rows of one line", text, len(all)-1)
		}
		if err != nil || !isFlat || len(all) < 2 {
			return
		}
		for i, name := range all[0].Cells {
			if all[1].Cells[i] != flat[name] {
				t.Errorf("%q: %q is %q, want %q", text, name, all[1].Cells[i], flat[name])
			}
		}
	})
}
