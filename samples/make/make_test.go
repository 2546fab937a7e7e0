package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// made returns the list that the flags make, and what is said of it.
func made(t *testing.T, args ...string) (list, said string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(args, &stdout, &stderr); code != 0 {
		t.Fatalf("%q: exit %d, %s", args, code, &stderr)
	}
	return stdout.String(), stderr.String()
}

func TestTheSameFlagsGiveTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"-rows", "200"}, {"-rows", "200", "-messy"}} {
		first, _ := made(t, args...)
		second, _ := made(t, args...)
		other, _ := made(t, append(args, "-seed", "2")...)
		if first != second || first == other {
			t.Errorf("%q: not decided by the seed", args)
		}
		for _, ext := range []string{".csv", ".xlsx"} {
			var files [2][]byte
			for i := range files {
				path := filepath.Join(dir, strconv.Itoa(i)+ext)
				made(t, append(args, "-o", path)...)
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				files[i] = data
			}
			if !bytes.Equal(files[0], files[1]) || ext == ".csv" && string(files[0]) != first {
				t.Errorf("%q: %s differs", args, ext)
			}
		}
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		want int
	}{{[]string{"-rows", "-1"}, 2}, {[]string{"file.csv"}, 2}, {[]string{"-messy=perhaps"}, 2}, {[]string{"-o", filepath.Join(t.TempDir(), "list.ods")}, 1}, {[]string{"-h"}, 0}} {
		if code := run(test.args, new(bytes.Buffer), new(bytes.Buffer)); code != test.want {
			t.Errorf("%q: exit %d, want %d", test.args, code, test.want)
		}
	}
}

// problem is what is wrong with a row, as the JSON summary counts it.
type problem struct{ field, code string }

// The check finds as many problems of each kind as were made, in both formats, and no
// other ones. In a list without -messy it finds none.
func TestMessyListsHaveWhatTheyPromise(t *testing.T) {
	const rows = 3000
	var kinds counts
	for range messyList(rows, 1, &kinds) {
	}
	want, rowsOf := map[problem]int{}, map[string]int{}
	for k, n := range kinds.rows {
		rowsOf[k.name] += n
		if k.code != "" {
			want[problem{k.field, k.code}] += n
		}
	}
	for _, m := range mistakes() {
		if n := rowsOf[m.name]; n < m.share*rows/2000 || n > m.share*rows/500 {
			t.Errorf("%d of %d rows: %s, whose share is %d of 1000", n, rows, m.name, m.share)
		}
	}
	for name, share := range map[string]int{"blank row": blankShare, "row that comes again": repeatedShare, "row that comes again with another purpose": differsShare} {
		if n := rowsOf[name]; n < share*rows/2000 || n > share*rows/500 {
			t.Errorf("%d of %d rows: %s, whose share is %d of 1000", n, rows, name, share)
		}
	}

	dir := t.TempDir()
	binary := filepath.Join(dir, "bulkonboard.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, "../../cmd/bulkonboard").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	checkGoodList(t, binary)
	for _, name := range []string{"messy.csv", "messy.xlsx"} {
		_, said := made(t, "-rows", strconv.Itoa(rows), "-messy", "-o", filepath.Join(dir, name))
		if !strings.Contains(said, "[phone_plus_lost]\n") {
			t.Errorf("it says\n%s", said)
		}
		cmd := exec.CommandContext(t.Context(), binary, "validate", "--json", name)
		cmd.Dir = dir
		out, err := cmd.Output()
		if cmd.ProcessState.ExitCode() != 3 {
			t.Fatalf("%s: %v", name, err)
		}
		var summary struct {
			Rows     int
			Counts   map[string]int
			Problems []struct {
				Status, Field, Code string
				Count               int
			}
		}
		if err := json.Unmarshal(out, &summary); err != nil {
			t.Fatal(err)
		}
		got := map[problem]int{}
		for _, p := range summary.Problems {
			if !strings.HasPrefix(p.Code, "warn:") {
				got[problem{p.Field, p.Code}] += p.Count
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: the check finds %v, made were %v", name, got, want)
		}
		if good := summary.Counts["pending"]; summary.Rows != rows || good < rows/2 || good > rows*9/10 {
			t.Errorf("%s: %d rows, %d of them good", name, summary.Rows, good)
		}
	}
}

// checkGoodList checks that a list without -messy has no problem at all.
func checkGoodList(t *testing.T, binary string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "good.xlsx")
	if _, said := made(t, "-rows", "300", "-o", path); said != "" {
		t.Errorf("it says %q", said)
	}
	cmd := exec.CommandContext(t.Context(), binary, "validate", "--json", path)
	if out, err := cmd.Output(); err != nil || !bytes.Contains(out, []byte(`"pending":300`)) {
		t.Errorf("%v\n%s", err, out)
	}
}
