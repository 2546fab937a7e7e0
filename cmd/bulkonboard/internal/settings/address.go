package settings

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// HiddenText replaces a secret in a text that operators or the ledger's log get.
const HiddenText = "[hidden]"

// Address is the value of a flag that is a URL. Its String and whatever prints
// it hide a user name, a password, a query and whatever is no URL; text has it
// whole.
type Address struct{ Text string }

var _ pflag.Value = (*Address)(nil)

// Set accepts any text: what is no URL is refused where it is used, by an error
// that does not repeat it.
func (a *Address) Set(text string) error {
	a.Text = text
	return nil
}

// Type names the value in help.
func (a Address) Type() string { return "URL" }

// String returns the URL as it may be shown: scheme, host and path.
func (a Address) String() string {
	if a.Text == "" || a.Text == "env" {
		return a.Text
	}
	u, err := url.Parse(a.Text)
	if err != nil || u.Host == "" {
		return HiddenText
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	text := shown.String()
	if u.User != nil {
		text = strings.Replace(text, "://", "://"+HiddenText+"@", 1)
	}
	return text
}

// GoString is String, so that %#v hides the same.
func (a Address) GoString() string { return a.String() }

// Format writes String for every verb.
func (a Address) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(a.String())) }

// hasSecret reports whether the text holds, or can hold, what String hides.
func (a Address) hasSecret() bool { return strings.ContainsAny(a.Text, "@?#") }

// refuseSecretsInArguments refuses a URL with a password on the command line,
// which every user of the machine can read. It is asked before the environment
// and the settings file are.
func refuseSecretsInArguments(c *cobra.Command) error {
	var all []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if a, ok := f.Value.(*Address); ok && f.Changed && a.hasSecret() {
			all = append(all, exit.NewUsageError(fmt.Errorf("--%s has a user name, a password or a query, and every user of this machine can read command lines", f.Name),
				"change the password, and set "+VariableOf(f.Name)+" instead, or put "+f.Name+" into a file for --config"))
		}
	})
	return errors.Join(all...)
}
