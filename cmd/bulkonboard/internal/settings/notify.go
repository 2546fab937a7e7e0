package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// The flags that say who is notified.
const (
	OnEndFlag      = "on-end"
	NotifyURLFlag  = "notify-url-file"
	notifyWhenFlag = "notify-when"
)

// The values of --notify-when.
const (
	NotifyFailed    = "failed"
	NotifyAttention = "attention"
	NotifyAlways    = "always"
)

// NotifyFlags say who is notified, and when.
type NotifyFlags struct {
	OnEnd   string // command
	URLFile string
	When    Choices
}

// AddFlags adds the flags.
func (n *NotifyFlags) AddFlags(f *pflag.FlagSet) {
	n.When = Choices{Allowed: []string{NotifyFailed, NotifyAttention, NotifyAlways}}
	f.StringVar(&n.OnEnd, OnEndFlag, "", "at the end, run `COMMAND` in a shell with the JSON summary on its standard input")
	f.StringVar(&n.URLFile, NotifyURLFlag, "", "at the end, POST the JSON summary to the URL in `FILE`, as for a Slack webhook")
	f.Var(&n.When, notifyWhenFlag, "notify after a run that failed, one that needs attention (exit 3), or always (default failed,attention)")
	HideAdvanced(f, OnEndFlag, NotifyURLFlag, notifyWhenFlag)
}

// IsSet reports whether anybody is notified.
func (n *NotifyFlags) IsSet() bool { return n.OnEnd != "" || n.URLFile != "" }

// Events returns --notify-when, or its default.
func (n *NotifyFlags) Events() []string {
	if len(n.When.List) == 0 {
		return []string{NotifyFailed, NotifyAttention}
	}
	return n.When.List
}

// ReadURL returns the URL in the file, "" without a file.
func (n *NotifyFlags) ReadURL(con *term.Console) (string, error) {
	if !n.IsSet() && len(n.When.List) > 0 {
		return "", exit.NewUsageError(errors.New("--notify-when has no effect alone"), "add --on-end COMMAND or --notify-url-file FILE")
	}
	if n.URLFile == "" {
		return "", nil
	}
	url, err := ReadSecret(con, NotifyURLFlag, n.URLFile)
	return string(url), err
}

// Choices are some of a few words, with commas between.
type Choices struct {
	List    []string
	Allowed []string
}

func (c *Choices) String() string { return strings.Join(c.List, ",") }

// Type names the value in help.
func (c *Choices) Type() string { return strings.Join(c.Allowed, ",") }

// Set reads the words.
func (c *Choices) Set(text string) error {
	list := strings.Split(text, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
		if !slices.Contains(c.Allowed, list[i]) {
			return fmt.Errorf("use %s, with commas between", strings.Join(c.Allowed, " or "))
		}
	}
	c.List = list
	return nil
}

var _ pflag.Value = (*Choices)(nil)
