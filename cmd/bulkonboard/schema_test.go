package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestStatusSchema holds status --json against the published schema.
func TestStatusSchema(t *testing.T) {
	t.Parallel()
	const base = "https://github.com/bulkonboard/bulkonboard/blob/main/samples/schema/"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	for _, name := range []string{"status.schema.json", "summary.schema.json"} {
		text, err := os.ReadFile(filepath.Join("../../samples/schema", name))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if top, ok := doc.(map[string]any); ok && name == "status.schema.json" {
			top["unevaluatedProperties"] = false // so that every member is described
		}
		if err == nil {
			err = c.AddResource(base+name, doc)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile(base + "status.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, step := range [][]string{{"customers.csv", "--limit", "5"}, {"customers.csv"}, {"customers-with-mistakes.csv"}} {
		copySample(t, dir, step[0])
		if out, err := command(t, dir, append([]string{"run", "--sandbox", "--rate", "100/s", "--quiet"}, step...)...).CombinedOutput(); exitOfProcess(t, err) == 1 {
			t.Fatalf("%s", out)
		}
		text, err := command(t, dir, "status", "--sandbox", "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = schema.Validate(doc)
		}
		if err != nil {
			t.Errorf("after %v: %v\n%s", step, err, text)
		}
	}
}
