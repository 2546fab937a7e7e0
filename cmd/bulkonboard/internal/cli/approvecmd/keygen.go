package approvecmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/approval"
)

func newKeygenCommand(con *term.Console) *cobra.Command {
	return &cobra.Command{
		Use:   "keygen NAME FILE",
		Short: "make a key to sign plans with",
		Long: `Writes a private key to FILE, which must not exist, and prints the line by which
others know it. Keep FILE to yourself. Whoever runs the plans puts the line into a file
that only they can change, and names it with run --approvers.`,
		Example: "  bulkonboard approve keygen ben ben.key",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return exit.NewUsageError(errors.New("approve keygen needs a NAME and a FILE"), "bulkonboard approve keygen ben ben.key")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return runKeygen(con, args[0], args[1]) },
	}
}

func runKeygen(con *term.Console, name, path string) error {
	key, err := approval.NewKey(name)
	if err != nil {
		return exit.NewUsageError(err)
	}
	text, err := key.Encode()
	if err != nil {
		return err
	}
	if path == subcommand.StandardOutput {
		return exit.UsageErrorf("a private key is not written to standard output: name a FILE")
	}
	f, err := subcommand.OpenOutput(con, path)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Close()
	} else {
		_ = f.Close() // the first error is the one to tell
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, term.PlainError(err))
	}
	_, err = fmt.Fprintln(con.Out, key.PublicLine())
	return err
}

// readKey reads a private key. Errors quote nothing of it.
func readKey(con *term.Console, path string) (*approval.Key, error) {
	text, err := settings.ReadSecret(con, "key", path)
	if err != nil {
		return nil, err
	}
	key, err := approval.ParseKey(text)
	if err != nil {
		return nil, exit.UsageErrorf("--key %s: %w", path, err)
	}
	return &key, nil
}
