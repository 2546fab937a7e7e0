package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// Nothing that a terminal obeys leaves a stream, however the text is cut up.
func TestHostileTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"plain ünïcode 中 🙂\tx\n":              "plain ünïcode 中 🙂\tx\n",
		"\x1b]0;owned\a\x1b[2J":               `\u001b]0;owned\u0007\u001b[2J`,
		"\u009b31m\u0085\x7f\x00":             `\u009b31m\u0085\u007f\u0000`,
		"ok\rnot ok\r\n":                      `ok\u000dnot ok\u000d` + "\n",
		"\u202egpj.exe\u2066\u200f\u061c":     `\u202egpj.exe\u2066\u200f\u061c`,
		"a\u2028b\xffc\x9bd":                  `a\u2028b` + "\ufffdc\ufffdd",
		"\u0632\u200c\u0627 \U0001F468\u200d": "\u0632\u200c\u0627 \U0001F468\u200d", // joiners are spelling
	} {
		for size := 1; size <= len(text); size++ {
			var out bytes.Buffer
			s := &stream{w: &out}
			for rest := []byte(text); len(rest) > 0; {
				n := min(size, len(rest))
				_, _ = s.Write(rest[:n])
				rest = rest[n:]
			}
			if out.String() != want {
				t.Errorf("%q in pieces of %d bytes: %q", text, size, &out)
			}
		}
	}
	var out bytes.Buffer
	err := json.NewEncoder(&stream{w: &out}).Encode("\u202e\u009b\x1b\x7f")
	var back string
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &back)
	}
	if err != nil || back != "\u202e\u009b\x1b\x7f" {
		t.Errorf("JSON is read back as %q, %v: %s", back, err, &out)
	}
	// A file of ours that is asked for on standard output has its own rules.
	out.Reset()
	if _, err := (&stream{w: &out}).data().Write([]byte("PK\x03\x04\xff\r")); err != nil || out.String() != "PK\x03\x04\xff\r" {
		t.Errorf("data: %q, %v", &out, err)
	}
}

// validate --changes and the findings repeat names of the sender's: a file's and a
// column's. Neither runs anything.
func TestHostileChanges(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such file names")
	}
	t.Chdir(t.TempDir())
	list := strings.Replace(customersCSV(3), "\n", ",\"=x;=1\x1b[2J\u202e\"\n", 1)
	list = strings.NewReplacer("custodial\n", "custodial,x\n", ",Roe,", ", Roe ,").Replace(list)
	for _, path := range []string{"=1+1;=2\x1b]0;owned\a.csv", "Jane;=cmd|'.csv", "\u202evsc.csv", "a\nb\r=1.csv"} {
		if err := os.WriteFile(path, []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"validate", "--changes", path}, {"validate", path}, {"validate", "--json", path}, {"validate", path + ".missing"}} {
			var out, text bytes.Buffer
			run(context.Background(), args, nil, strings.NewReader(""), &out, &text)
			all := out.String() + text.String()
			if i := strings.IndexFunc(all, func(r rune) bool { return r != '\n' && r != '\t' && r != '\r' && reporttext.IsUnsafe(r) }); i >= 0 {
				t.Errorf("%q: %q", args, all[max(0, i-40):min(len(all), i+40)])
			}
			if args[1] != "--changes" {
				continue
			}
			records, err := csv.NewReader(&out).ReadAll()
			if err != nil || len(records) < 2 {
				t.Fatalf("%q: %q, %v\n%s", args, records, err, &text)
			}
			for _, record := range records {
				for _, cell := range record {
					if reporttext.Guard(reporttext.Unguard(cell)) != cell {
						t.Errorf("%q is not guarded", cell)
					}
				}
			}
		}
	}
}
