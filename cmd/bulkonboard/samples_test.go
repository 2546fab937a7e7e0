package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A flag of go test, which reads flags of the package.
var update = flag.Bool("update", false, "write the reports under samples/expected anew")

// TestSamples runs every sample on a fresh sandbox and compares its report with
// the one in samples/expected. What differs in every run is left out there.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		input string
		more  []string
		code  int
	}{
		{"customers.csv", nil, 0},
		{"customers.xlsx", nil, 0},
		{"customers-again.csv", []string{"--sandbox-preexist", "preexisting.csv"}, 3},
		{"customers-with-mistakes.csv", nil, 3},
		{"customers-with-mistakes.xlsx", nil, 3},
	} {
		t.Run(test.input, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			copySample(t, dir, test.input)
			copySample(t, dir, "preexisting.csv")
			args := append([]string{"run", "--sandbox", "--rate", "unlimited", "--report", "report.csv", "--rejects", "rejects.csv"}, test.more...)
			out, err := command(t, dir, append(args, test.input)...).CombinedOutput()
			if code := exitOfProcess(t, err); code != test.code {
				t.Fatalf("exit %d, want %d\n%s", code, test.code, out)
			}
			if strings.Contains(string(out), "warning") && test.code == 0 {
				t.Errorf("warnings about a good sample:\n%s", out)
			}
			got := blanked(t, filepath.Join(dir, "report.csv"))
			golden := filepath.Join("../../samples/expected", test.input+".report.csv")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the report is not that of %s:\n%s", golden, differing(string(got), string(want)))
			}
		})
	}
}

// blanked is a report without what differs in every run.
func blanked(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range records[0] {
		if !slices.Contains([]string{"serviceId", "verificationUrl", "firstSentAt", "decidedAt"}, name) {
			continue
		}
		for _, r := range records[1:] {
			if r[i] != "" {
				r[i] = "*"
			}
		}
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// differing shows the first lines that are not the same.
func differing(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "got  " + g[i] + "\nwant " + w[i]
		}
	}
	return "one of them has more lines"
}
