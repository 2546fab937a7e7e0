package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
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
