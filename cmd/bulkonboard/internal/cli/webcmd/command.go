// Package webcmd has the command web: it gives the finance page what it needs of the
// command line. Start at [NewCommand]. The page itself is package web.
package webcmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

const (
	megabyte      = 1 << 20
	defaultUpload = 64  // megabytes
	maxUpload     = 512 // megabytes: what is uploaded is read several times
)

// options are the flags of web that no other command has.
type options struct {
	run     settings.RunFlags
	listen  string
	cert    string
	key     string
	users   string
	hosts   []string
	upload  settings.Count // megabytes
	noOpen  bool
	execute Executor
}

// NewCommand returns the command web. execute carries out the other commands.
func NewCommand(con *term.Console, execute Executor) *cobra.Command {
	o := options{upload: settings.Count{N: defaultUpload, Min: 1}, execute: execute}
	c := &cobra.Command{
		Use:   "web [flags]",
		Short: "the same for people who do not use a terminal: drop, correct, plan, approve, send, report",
		Long: `Serves a page for those who hand over spreadsheets: drop a list, correct its cells,
plan with the cost against the wallet, have a second person approve, send, and download
report and links. Nothing leaves this machine but what run sends to the partner.

The page listens on loopback, on a free port, and its address works once. It ends when
it was idle for 30 minutes. Lists are kept next to the ledger, in <ledger>.web, until
they are sent or discarded.

For a team, name an address to listen on, a certificate and a users file. Each line of
the users file is NAME:ROLE,ROLE:HASH. Roles are prepare, approve and see. A hash is one
of bcrypt, as htpasswd -nB -C 12 NAME prints after the colon:

  anna:prepare:$2y$12$...
  ben:approve,see:$2y$12$...

The flags of run that say where and how to send hold for everything that the page
sends; the API key stays with this process.`,
		Example: `  bulkonboard web --sandbox
  bulkonboard web --env production --ledger prod.db --api-key-file key.txt
  bulkonboard web --listen 10.0.0.5:8443 --host pay.example.com --tls-cert cert.pem --tls-key key.pem --users users.txt`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runWeb(c.Context(), con, c, &o) },
	}
	addRunFlags(c, &o.run)
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:0", "`ADDRESS` to listen on; other than loopback needs --tls-cert, --tls-key and --users")
	f.StringVar(&o.cert, "tls-cert", "", "certificate chain in PEM `FILE`")
	f.StringVar(&o.key, "tls-key", "", "private key of the certificate in PEM `FILE`")
	f.StringVar(&o.users, "users", "", "users, roles and password hashes in a `FILE` that only you can change")
	f.StringArrayVar(&o.hosts, "host", nil, "`NAME` under which browsers reach the page (repeatable; default: the address alone)")
	f.Var(&o.upload, "max-upload", "largest file that can be dropped, in MiB")
	f.BoolVar(&o.noOpen, "no-open", false, "do not open the browser")
	return c
}

func runWeb(ctx context.Context, con *term.Console, c *cobra.Command, o *options) error {
	if err := o.check(); err != nil { // before the key is asked for
		return err
	}
	if err := refuseListSettings(con, c); err != nil {
		return err
	}
	e, err := newEngine(con, c, &o.run, o.execute)
	if err != nil {
		return err
	}
	return serve(ctx, con, e, o)
}
