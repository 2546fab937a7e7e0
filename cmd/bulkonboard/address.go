package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// hidden replaces a secret in a text that people or the ledger's log get.
const hidden = "[hidden]"

// address is the value of a flag that is a URL. Its String and whatever prints
// it hide a user name, a password, a query and whatever is no URL; text has it
// whole.
type address struct{ text string }

var _ pflag.Value = (*address)(nil)

// Set takes any text: what is no URL is refused where it is used, by an error
// that does not repeat it.
func (a *address) Set(text string) error {
	a.text = text
	return nil
}

// Type names the value in help.
func (a address) Type() string { return "URL" }

// String is the URL as it may be shown: scheme, host and path.
func (a address) String() string {
	if a.text == "" || a.text == "env" {
		return a.text
	}
	u, err := url.Parse(a.text)
	if err != nil || u.Host == "" {
		return hidden
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	text := shown.String()
	if u.User != nil {
		text = strings.Replace(text, "://", "://"+hidden+"@", 1)
	}
	return text
}

// GoString is String, so that %#v hides the same.
func (a address) GoString() string { return a.String() }

// Format writes String for every verb.
func (a address) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(a.String())) }

// hasSecret reports whether the text holds, or can hold, what String hides.
func (a address) hasSecret() bool { return strings.ContainsAny(a.text, "@?#") }

// refuseSecretsInArguments refuses a URL with a password on the command line,
// which every user of the machine can read. It is asked before the environment
// and the settings file are.
func refuseSecretsInArguments(c *cobra.Command) error {
	var all []error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if a, ok := f.Value.(*address); ok && f.Changed && a.hasSecret() {
			all = append(all, exit.NewUsageError(fmt.Errorf("--%s holds a user name, a password or a query, and every user of this machine can read command lines", f.Name),
				"change the password, and set "+envName(f.Name)+" instead, or put "+f.Name+" into a file for --config"))
		}
	})
	return errors.Join(all...)
}
