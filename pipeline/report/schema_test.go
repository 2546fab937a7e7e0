package report

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// schemas are the published ones. They refer to each other; nothing is loaded
// from anywhere else.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	const base = "https://github.com/bulkonboard/bulkonboard/blob/main/samples/schema/"
	paths, err := filepath.Glob("../../samples/schema/*.schema.json")
	if err != nil || len(paths) != 4 {
		t.Fatalf("schemas: %q, %v", paths, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+filepath.Base(path), value(t, data)); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]*jsonschema.Schema{}
	for _, path := range paths {
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		if all[name], err = c.Compile(base + filepath.Base(path)); err != nil {
			t.Fatal(err)
		}
		if all[name].ID == "" {
			t.Errorf("%s has no id", path)
		}
	}
	return all
}

func value(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// realMeta is meta with whole hashes, as real inputs have them.
func realMeta() Meta {
	m := meta()
	for i := range m.Batches[0].Files {
		m.Batches[0].Files[i].SHA256 = strings.Repeat("a1", 32)
	}
	return m
}

func fullSummary() Summary {
	return Summary{
		Run: new(int64(7)), Environment: "staging", Input: Inputs(realMeta().Batches), Rows: new(12),
		Counts: Counts{ledger.Created: 11, ledger.Invalid: 1}, New: Counts{ledger.Created: 2},
		Known: new(0), Changed: new(1), Sent: new(6), AlreadyDone: new(0), Remaining: new(3),
		Problems: []Cause{{ledger.Invalid, "email", "email_format", 1}}, Money: meta().Money,
		StopReason: "low_balance", ExitCode: 4, Ledger: "a&b.db", Reports: []string{"in/staff.report.csv"},
		StartedAt: Moment{at(0)}, FinishedAt: Moment{at(59)},
	}
}

func summaryText(t *testing.T, s Summary) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := s.Encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// outputs are what the program writes, by the schema that it must follow.
func outputs(t *testing.T) map[string][][]byte {
	status := fullSummary()
	status.Reports = nil
	waiting := sample()[9]
	followed := realMeta()
	followed.KYC, followed.Asked = true, at(40)
	bare := realMeta()
	bare.NoLinks, bare.Run, bare.Money = true, 0, Money{}
	return map[string][][]byte{
		"summary": {summaryText(t, fullSummary()), summaryText(t, Summary{})},
		"status":  {summaryText(t, status), summaryText(t, Summary{Environment: "staging", Ledger: "x.db"})},
		"report": {write(t, JSON, realMeta(), seq(nil, sample()...)), write(t, JSON, bare, seq(nil, waiting)),
			write(t, JSON, followed, seq(nil, sample()...)),
			write(t, JSON, Meta{}, seq(nil))},
	}
}

func TestOutputFollowsItsSchema(t *testing.T) {
	all := schemas(t)
	for name, texts := range outputs(t) {
		for _, text := range texts {
			if err := all[name].Validate(value(t, text)); err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	}
}

// Whatever is taken out of good output, added to it, or changed in kind is noticed.
func TestSchemasRefuseWrongOutput(t *testing.T) {
	all := schemas(t)
	for name, texts := range outputs(t) {
		changed := 0
		for _, text := range texts[:1] {
			wrong := func(what string) {
				t.Helper()
				t.Errorf("%s: %s is taken as valid", name, what)
			}
			doc := value(t, text)
			refused := func() bool { changed++; return all[name].Validate(doc) != nil }
			everyObject(doc, name, func(at string, object map[string]any) {
				carried := at == name+".rows[]"
				for _, key := range slices.Collect(maps.Keys(object)) {
					kept := object[key]
					if delete(object, key); !refused() && (!carried || slices.Contains(Columns(), key)) {
						wrong(at + " without " + key)
					}
					for _, other := range []any{map[string]any{"x": true}, true, -7.5} {
						_, flag := kept.(bool)
						fits := other == true && flag || other == -7.5 && strings.HasPrefix(key, "wallet")
						if object[key] = other; !fits && !refused() {
							wrong(at + " with another " + key)
						}
					}
					object[key] = kept
				}
				open := at == "status" // which may have more
				if object["x"] = 1.5; !open && !refused() {
					wrong(at + " with a member more")
				}
				delete(object, "x")
			})
			if refused() {
				t.Errorf("%s: the test left its changes behind", name)
			}
		}
		if changed < 60 {
			t.Errorf("%s: only %d changes were tried", name, changed)
		}
	}
	for _, tt := range []struct{ schema, from, to string }{
		{"summary", `"low_balance"`, `"bored"`},
		{"summary", `"exitCode":4`, `"exitCode":11`},
		{"summary", `"2026-03-01T09:00:00Z"`, `"2026-03-01 09:00:00"`},
		{"summary", `"status":"invalid"`, `"status":"broken"`},
		{"summary", `"fee":1.50`, `"fee":"1.50"`},
		{"status", `"reports":[]`, `"reports":["a.csv"]`},
		{"status", `"schema":1`, `"schema":2`},
		{"report", `"https://verify.example/inquiry?id=a"`, `"javascript:alert(1)"`},
		{"report", `"status":"rejected"`, `"status":"failed"`},
		{"report", `"status":"rejected","email":"f@example.com"`, `"status":"forgotten","email":"f@example.com"`},
		{"report", `"2026-03-01T09:00:01Z"`, `"yesterday"`},
		{"report", `"row":2`, `"row":"2"`},
		{"followed", `"kycSince":"2026-03-01T09:00:30Z",`, ``},
		{"followed", `"byStatus":{`, `"byStatus":{"x":-1,`},
		{"followed", `"users":3`, `"people":3`},
	} {
		at := 0
		if tt.schema == "followed" {
			tt.schema, at = "report", 2
		}
		text := outputs(t)[tt.schema][at]
		bad := bytes.Replace(text, []byte(tt.from), []byte(tt.to), 1)
		if bytes.Equal(text, bad) {
			t.Fatalf("%s has no %s", tt.schema, tt.from)
		}
		if all[tt.schema].Validate(value(t, bad)) == nil {
			t.Errorf("%s with %s in the place of %s is taken as valid", tt.schema, tt.to, tt.from)
		}
	}
}

// everyObject visits the objects of a document, with where they stand.
func everyObject(v any, at string, visit func(at string, object map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			everyObject(item, at+"[]", visit)
		}
	case map[string]any:
		visit(at, v)
		for key, item := range v {
			everyObject(item, at+"."+key, visit)
		}
	}
}
