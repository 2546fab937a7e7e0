package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

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
			cli.Run(context.Background(), args, nil, strings.NewReader(""), &out, &text)
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
