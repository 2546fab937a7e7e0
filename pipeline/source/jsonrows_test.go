package source

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func TestJSONLines(t *testing.T) {
	in, rows, err := read(t, Options{Map: map[string]string{"city": "address.city"}, ID: "no", Carry: []string{"address.geo.lat"}}, "a.jsonl",
		`{"no":17,"firstName":"Ann","lastName":"Lee","email":"a@b.example","address":{"city":"Bonn","geo":{"lat":50.7}},"phoneNumber":"+4930123456"}`+"\n\n"+
			`{"email":"b@b.example","lastName":"Fox","firstName":"=\"Bob\"","vip":true}`+"\n")
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	if got := in.Files()[0]; got.Kind != "jsonl" || got.HeaderRow != 1 || got.Header[4] != "address.city" {
		t.Errorf("%+v", got)
	}
	first, second := rows[0], rows[1]
	if first.Number != 2 || first.Line != 1 || first.ID != "17" || first.Carry[0] != "50.7" || first.Values[4] != "Bonn" || codes(first) != "" {
		t.Errorf("%+v", first)
	}
	if second.Number != 4 || second.Line != 3 || second.Values[0] != "Bob" || second.ID != "" || second.Issues[0].Code != "marks_removed" {
		t.Errorf("%+v", second)
	}
}

func TestJSONLinesNoted(t *testing.T) {
	in, rows, err := read(t, Options{HeaderRow: 3, Delimiter: ';', Sheet: "S"}, "a.ndjson", `{"firstName":"Ann","lastName":"Lee","email":["a@b.example"],"notes":["x"]}`+"\n"+`{"firstName":"Total"}`+"\n")
	if err != nil || len(rows) != 2 || codes(rows[0]) != "json_list" || rows[0].Issues[0].Field != "email" || codes(rows[1]) != "" {
		t.Fatal(rows, err)
	}
	for _, flag := range []string{"--header-row was not used", "--delimiter was not used", "--sheet was not used"} {
		if !hasNote(in, "option_unused", flag) {
			t.Errorf("%s: %v", flag, in.Notes())
		}
	}
}

func TestJSONLinesRefused(t *testing.T) {
	const good = `{"firstName":"Ann","lastName":"Lee","email":"a@b.example"}` + "\n"
	for name, test := range map[string]struct {
		file, text string
		want       Error
	}{
		"a line that is none": {"a.jsonl", good + "x\n", Error{Line: 2, Reason: "not a JSON object", Hint: "one object on each line"}},
		"one key twice":       {"a.jsonl", strings.Repeat(good, 30) + `{"email":"x","email":"y"}` + "\n", Error{Line: 31, Reason: "one key twice"}},
		"by another name":     {"a.csv", good, Error{Reason: "this is a JSON file", Hint: "ends in .jsonl"}},
		"as .json":            {"a.json", good, Error{Reason: "this is a JSON file", Hint: "ends in .jsonl"}},
		"a list of objects":   {"a.jsonl", "[\n" + good + "]\n", Error{Reason: "this is a JSON file", Hint: "jq"}},
		"a CSV in disguise":   {"a.jsonl", head + "Ann,Lee,a@b.example\n", Error{Reason: "this is a text file"}},
		"over several lines":  {"a.jsonl", "{\n \"firstName\": \"Ann\"\n}\n", Error{Line: 1, Reason: "not a whole JSON object"}},
		"without a column":    {"a.jsonl", `{"firstName":"Ann","lastName":"Lee"}` + "\n", Error{Reason: "no column for email"}},
		"no customers":        {"a.jsonl", "{}\n{}\n", Error{Reason: "no customer rows"}},
		"keys of two cases":   {"a.jsonl", good + `{"firstName":"Ann","lastName":"Lee","Email":"a@b.example"}` + "\n", Error{Reason: "the same name"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(t, Options{}, test.file, test.text)
			refused(t, err, test.want)
		})
	}
	_, err := open(t, Options{}, strings.NewReader(good), "-")
	refused(t, err, Error{Reason: "standard input is read as CSV", Hint: "as a file"})
}

// The limit of a packed list is on what it unpacks to.
func TestGzipLimit(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(head + strings.Repeat("Ann,Lee,a@b.example\n", 5000))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, rows, err := read(t, Options{}, "a.csv.gz", packed.String()); err != nil || len(rows) != 5000 {
		t.Error(len(rows), err)
	}
	_, _, err := read(t, Options{MaxBytes: 50_000}, "a.csv.gz", packed.String())
	refused(t, err, Error{Reason: "unpacks to more than", Hint: "Unpack it first"})
}
