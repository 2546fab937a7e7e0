package kyccmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/cli/subcommand"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/sqlite"
	"github.com/bulkonboard/bulkonboard/pipeline/kyc"
	"github.com/bulkonboard/bulkonboard/pipeline/report/metrics"
)

type listenOptions struct {
	settings.TargetFlags
	settings.NotifyFlags
	settings.LogFlags
	addr        string
	metricsAddr string
	secrets     []string // files
	partnerID   string
	header      string
	prefix      string
	encoding    settings.Choice
	maxAge      settings.Age
}

func newListenCommand(con *term.Console) *cobra.Command {
	f := listenOptions{encoding: settings.Choice{Words: []string{"hex", "base64"}}, maxAge: settings.Age{Span: settings.Span{Duration: 7 * 24 * time.Hour}}}
	c := &cobra.Command{
		Use:   "listen [flags]",
		Short: "receive the partner's webhooks until you interrupt it",
		Long: `Serves an endpoint for the partner's KYC webhooks, at any path, and records all three
generations of events. Each must be signed (HMAC-SHA256 of the raw body) with the
whsec_ secret of the partner's dashboard. An event is answered with 2xx only once the
ledger has it, so that the partner repeats what did not arrive. The command works
during a run on the same ledger and needs no API key.

The secret is used as it is, whsec_ included. While you rotate it, give both: one on
each line of the file, or --secret-file twice. GET and HEAD are answered with 204.
Events that are not understood, or that belong to another partner account, are named
once and counted at the end. Denials are summed up with their reasons, every 100 and at
the end.

Signatures in the form of Svix and Standard Webhooks, which cover webhook-id and
webhook-timestamp as well, are not supported: the partner does not document them.

At /healthz, GET and HEAD are answered with 200 while the ledger can be written and with
503 while it cannot. --metrics-addr serves /metrics (for Prometheus) and /healthz on a
second address: do not expose that one.

It ends when an event cannot be recorded, or the ledger can no longer be written.
--on-end and --notify-url-file notify you of that.

It serves plain HTTP: put a reverse proxy with a certificate in front of it. Its URL
is the first line of standard output.`,
		Args: subcommand.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runListen(con, c, &f) },
	}
	f.AddLedgerFlags(c)
	c.Flags().StringVar(&f.addr, "addr", "127.0.0.1:8480", "`ADDRESS` to listen on; port 0 picks a free port")
	c.Flags().StringArrayVar(&f.secrets, "secret-file", nil, "read the whsec_ secret from `FILE`, or several, one on each line (required, repeatable)")
	addPartnerIDFlag(c.Flags(), &f.partnerID)
	c.Flags().StringVar(&f.header, "signature-header", kyc.Signature{}.Name(), "`NAME` of the signature header")
	c.Flags().StringVar(&f.prefix, "signature-prefix", "", "`TEXT` before the signature (default: sha256= or nothing)")
	c.Flags().Var(&f.encoding, "signature-encoding", "encoding of the signature (default: either)")
	c.Flags().Var(&f.maxAge, "max-age", "refuse events older than `D`, such as 7d or 36h")
	f.NotifyFlags.AddFlags(c.Flags())
	f.LogFlags.AddFlags(c.Flags())
	c.Flags().StringVar(&f.metricsAddr, "metrics-addr", "", "serve /metrics and /healthz on `ADDRESS`, such as 127.0.0.1:9480 (default: none)")
	return c
}

func runListen(con *term.Console, c *cobra.Command, f *listenOptions) (err error) {
	ctx := c.Context()
	told, err := session.OpenAlerts(con, c, &f.NotifyFlags, "")
	if err != nil {
		return err
	}
	if told != nil {
		told.EndsBySignal = true
	}
	if len(f.secrets) == 0 {
		return exit.NewUsageError(errors.New("--secret-file is missing"), "it holds the whsec_ secret of the partner's dashboard; without it anyone could send events")
	}
	if f.maxAge.Duration == 0 {
		return exit.UsageErrorf("--max-age must be more than 0")
	}
	secrets, err := settings.ReadSecrets(con, "secret-file", f.secrets)
	if err != nil {
		return err
	}
	if len(secrets) == 0 {
		return exit.UsageErrorf("--secret-file: the files are empty")
	}
	log, closeLog, err := f.OpenLog(con.Err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	l, err := openShared(ctx, con, c, &f.TargetFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	return listenTo(ctx, con, log, settings.CommandName(c), l, secrets, f)
}

// listenTo records webhooks in l until ctx ends or the ledger fails.
func listenTo(ctx context.Context, con *term.Console, log *slog.Logger, command string, l *session.SharedLedger, secrets [][]byte, f *listenOptions) error {
	info, err := l.Info(ctx)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var skipped skippedEvents
	var decided denials
	say := func(line string) {
		if line == "" {
			return
		}
		if f.IsOn() {
			log.Info(term.MessageEvent, "text", line)
		}
		if !f.IsJSON() {
			con.Sayf("%s", line)
		}
	}
	failed := func(err error) { stop(err) }
	counters := newListenMetrics(info, newLedgerHealth(l.Ledger, failed))
	handler, err := kyc.Handler(kyc.Endpoint{
		// Not the one that waits: the partner repeats when the ledger is busy.
		Ledger: l.Ledger, Secrets: secrets, PartnerID: cmp.Or(f.partnerID, info.Account.Partner), MaxAge: f.maxAge.Duration,
		Signature: kyc.Signature{Header: f.header, Prefix: f.prefix, Encoding: kyc.Encoding(f.encoding.Value)},
		Busy:      func(err error) bool { return errors.Is(err, sqlite.ErrBusy) },
		Failed:    failed,
		Answered:  counters.countResponse,
		Recorded: func(e ledger.KYCEvent, news bool) {
			if !news {
				counters.countEvent(metrics.EventRepeated)
				return
			}
			counters.countEvent(metrics.EventRecorded)
			if f.IsOn() {
				log.Info(session.EventKYC, "status", string(e.Status), "at", e.At.UTC())
			}
			if !f.IsJSON() {
				con.Sayf("%s a user is %s", term.LocalTime(e.At), string(e.Status))
			}
			say(decided.add(e))
		},
		Skipped: func(name string, why error) {
			if !errors.Is(why, kyc.ErrOtherLink) { // such an event is recorded, without its link
				counters.countEvent(metrics.EventSkipped)
			}
			if line := skipped.add(name, why); line != "" {
				if f.IsOn() {
					log.Warn(line)
				}
				if !f.IsJSON() {
					fmt.Fprintln(con.Err, line)
				}
			}
		},
	})
	if err != nil {
		return exit.NewUsageError(err)
	}
	listener, err := openListener(ctx, "addr", f.addr)
	if err != nil {
		return err
	}
	var metricsListener net.Listener
	if f.metricsAddr != "" {
		if metricsListener, err = openListener(ctx, "metrics-addr", f.metricsAddr); err != nil {
			return errors.Join(err, listener.Close())
		}
		con.Sayf("metrics: http://%s/metrics", metricsListener.Addr())
	}
	fmt.Fprintf(con.Out, "http://%s/\n", listener.Addr())
	con.Sayf("listening for webhooks; press Ctrl-C to stop")
	err = l.WithRecord(ctx, session.NewRunRecord(command), func(ctx context.Context) error {
		return serveBoth(ctx, listener, kyc.WithHealth(handler, counters.health), metricsListener, counters.metricsHandler())
	})
	skipped.report(con.Err)
	say(decided.summary())
	return err
}

func openListener(ctx context.Context, flag, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, exit.UsageErrorf("--%s %s: %w", flag, address, err)
	}
	return listener, nil
}
