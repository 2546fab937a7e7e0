package cli

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// A panic ends as any failure does, so that its output has the form that was asked for.
func TestPanicIsAFailure(t *testing.T) {
	root := &cobra.Command{Use: "bulkonboard", RunE: func(*cobra.Command, []string) error { panic("oops") }}
	root.SetArgs(nil)
	c, err := execute(t.Context(), root)
	if c != root || err == nil || !strings.Contains(err.Error(), "oops") || exit.CodeOf(err) != exit.Failure {
		t.Errorf("%v, %v", c, err)
	}
}

// brokenPipe is a pipe whose reader is gone.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

// A reader that stops early has what it wants of a text. JSON and exports are lost.
func TestBrokenPipe(t *testing.T) {
	for _, test := range []struct {
		command string
		args    []string
		want    exit.Code
	}{
		{"validate", nil, exit.Findings},
		{"validate", []string{"--json"}, exit.Failure},
		{"status", nil, exit.Findings},
		{"report", nil, exit.Failure},
		{"run", []string{"--json"}, exit.Failure},
	} {
		var people bytes.Buffer
		con := term.NewConsole(nil, nil, strings.NewReader(""), brokenPipe{}, &people)
		c, _, err := NewRootCommand(con).Find([]string{test.command})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.ParseFlags(test.args); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(con.Out, "a line")
		if got := finishStreams(con, c, exit.Findings); got != test.want {
			t.Errorf("%s %v: exit %d, want %d", test.command, test.args, got, test.want)
		}
		if warned := people.Len() > 0; warned != (test.want == exit.Failure) {
			t.Errorf("%s %v: %q", test.command, test.args, people.String())
		}
	}
}
