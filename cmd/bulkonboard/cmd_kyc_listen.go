package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
)

type listenFlags struct {
	targetFlags
	addr      string
	secrets   []string // files
	partnerID string
	header    string
	prefix    string
	encoding  choice
	maxAge    age
}

func (a *app) kycListenCommand() *cobra.Command {
	f := listenFlags{encoding: choice{of: []string{"hex", "base64"}}, maxAge: age{7 * 24 * time.Hour}}
	c := &cobra.Command{
		Use:   "listen [flags]",
		Short: "receive the partner's webhooks, until it is interrupted",
		Long: `Serves an endpoint for the partner's KYC webhooks, at any path, and records what
they say: all three generations of them. Each must be signed (HMAC-SHA256 of the raw
body) with the whsec_ secret of the partner's dashboard. It is answered 2xx only when the ledger has it, so
that the partner repeats what did not arrive. Goes beside a run on the same
ledger and needs no API key.

The secret is taken as it stands, whsec_ included. While it is replaced, give both: one
a line of the file, or --secret-file twice. GET and HEAD are answered 204, for
those who probe. An event of a user of this ledger that is not understood, or of
another partner account, is named here once and counted at the end.

The form of Svix and Standard
Webhooks, which signs webhook-id and webhook-timestamp along with the body, is not
supported: nothing that the partner has published asks for it.

It speaks plain HTTP: put a reverse proxy with a certificate before it. Its own
URL is the first line of standard output.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.runKYCListen(c, &f) },
	}
	f.placeFlags(c.Flags())
	c.Flags().StringVar(&f.addr, "addr", "127.0.0.1:8480", "`ADDRESS` to listen at; port 0 takes a free one")
	c.Flags().StringArrayVar(&f.secrets, "secret-file", nil, "`FILE` that holds the whsec_ secret, or several, one a line (required, repeatable)")
	partnerIDFlag(c.Flags(), &f.partnerID)
	c.Flags().StringVar(&f.header, "signature-header", kyc.Signature{}.Name(), "`NAME` of the header with the signature")
	c.Flags().StringVar(&f.prefix, "signature-prefix", "", "`TEXT` before the signature (default sha256= or nothing)")
	c.Flags().Var(&f.encoding, "signature-encoding", "hex or base64 (default either)")
	c.Flags().Var(&f.maxAge, "max-age", "refuse events older than that, such as 7d or 36h")
	configFlag(c)
	return c
}

func (a *app) runKYCListen(c *cobra.Command, f *listenFlags) (err error) {
	ctx := c.Context()
	if len(f.secrets) == 0 {
		return usage(errors.New("--secret-file is missing"), "it holds the whsec_ secret of the partner's dashboard: without it anybody could send events")
	}
	if f.maxAge.Duration == 0 {
		return usagef("--max-age must be more than 0")
	}
	secrets, err := a.secrets("secret-file", f.secrets)
	if err != nil {
		return err
	}
	if len(secrets) == 0 {
		return usagef("--secret-file: the files hold no secret")
	}
	l, err := a.openBeside(ctx, c, &f.targetFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	listener, err := net.Listen("tcp", f.addr)
	if err != nil {
		return usagef("--addr %s: %w", f.addr, err)
	}
	partnerID, err := partnerIDOf(ctx, l, f.partnerID)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	var skipped skippedEvents
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	handler, err := kyc.Handler(kyc.Endpoint{
		// Not the patient one: whoever sends comes back when the ledger is busy.
		Ledger: l.Ledger, Secrets: secrets, PartnerID: partnerID, MaxAge: f.maxAge.Duration,
		Signature: kyc.Signature{Header: f.header, Prefix: f.prefix, Encoding: kyc.Encoding(f.encoding.value)},
		Busy:      func(err error) bool { return errors.Is(err, sqlite.ErrBusy) },
		Failed:    func(err error) { stop(err) },
		Recorded: func(e ledger.KYCEvent, news bool) {
			if news {
				fmt.Fprintf(a.err, "%s a user is %s\n", localTime(e.At), printable(string(e.Status)))
			}
		},
		Skipped: func(name string, why error) {
			if line := skipped.add(name, why); line != "" {
				fmt.Fprintln(a.err, line)
			}
		},
	})
	if err != nil {
		return errors.Join(usage(err), listener.Close())
	}
	fmt.Fprintf(a.out, "http://%s/\n", listener.Addr())
	fmt.Fprintln(a.err, "listening for webhooks; interrupt it to end it")
	err = l.logged(ctx, origin(commandName(c)), func(ctx context.Context) error { return kyc.Serve(ctx, listener, handler, afterSignal) })
	skipped.tell(a.err)
	return err
}
