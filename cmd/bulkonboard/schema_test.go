package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaOf compiles a published schema, with every member to be described.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	const base = "https://github.com/bulkonboard/bulkonboard/blob/main/samples/schema/"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	for _, file := range []string{"status.schema.json", "summary.schema.json", "report.schema.json", "senders.schema.json"} {
		text, err := os.ReadFile(filepath.Join("../../samples/schema", file))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if top, ok := doc.(map[string]any); ok && file == "status.schema.json" {
			top["unevaluatedProperties"] = false
		}
		if err == nil {
			err = c.AddResource(base+file, doc)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile(base + name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// follows holds a document against a schema.
func follows(t *testing.T, schema *jsonschema.Schema, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(doc)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestStatusSchema holds status --json against the published schema.
func TestStatusSchema(t *testing.T) {
	t.Parallel()
	schema, dir := schemaOf(t, "status.schema.json"), t.TempDir()
	for _, step := range [][]string{{"customers.csv", "--limit", "5"}, {"customers.csv"}, {"customers-with-mistakes.csv"}} {
		copySample(t, dir, step[0])
		if out, err := command(t, dir, append([]string{"run", "--sandbox", "--rate", "100/s", "--quiet"}, step...)...).CombinedOutput(); exitOfProcess(t, err) == 1 {
			t.Fatalf("%s", out)
		}
		text, err := command(t, dir, "status", "--sandbox", "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		follows(t, schema, text)
	}
}
