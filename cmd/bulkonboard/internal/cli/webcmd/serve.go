package webcmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
	"github.com/bulkonboard/bulkonboard/pipeline/web"
	"github.com/bulkonboard/bulkonboard/pipeline/web/access"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
	"github.com/bulkonboard/bulkonboard/pipeline/web/plans"
)

const (
	// idleTime is after how long without a request the page of a loopback address ends.
	idleTime = 30 * time.Minute

	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute  // of a kept connection
	closeGrace    = 3 * time.Second  // for answers that are being written at the end
	idleCheck     = 10 * time.Second // how often idleness is looked at
	tidyPause     = time.Minute      // between two looks at lists that need not be kept
)

// serve serves the page until ctx ends or nobody has used it for long.
func serve(ctx context.Context, con *term.Console, e *engine, o *options) (err error) {
	listener, cfg, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closed := listener.Close(); !errors.Is(closed, net.ErrClosed) { // the server closes it as well
			err = errors.Join(err, closed)
		}
	}()
	folder := folderOf(e.to)
	logger, closeLog, err := o.run.OpenLog(con.Err)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	if err := web.MakeFolder(folder); err != nil {
		return exit.NewUsageError(err)
	}
	sending, stop := context.WithCancel(ctx)
	defer stop()
	desk, err := plans.NewDesk(sending, plans.Config{Commands: e, Folder: folder, IsTeam: cfg.Users != nil, Approvers: approversOf(cfg.Users), Abort: con.Stop.Abort, Log: logger})
	if err != nil {
		return exit.NewUsageError(err)
	}
	page, err := web.New(web.Config{Engine: desk, Access: cfg, Folder: folder, MaxUpload: int64(o.upload.N) * megabyte, Lists: e.listOptions(), Log: logger})
	if err != nil {
		return errors.Join(exit.NewUsageError(err), desk.Close())
	}
	if err := os.RemoveAll(scratchOf(e.to)); err != nil { // what a kill left; the page has the folder to itself now
		return errors.Join(err, desk.Close(), page.Close())
	}
	s := &http.Server{Handler: page, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, ErrorLog: log.New(io.Discard, "", 0), // what it logs quotes requests
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	o.announce(ctx, con, listener, page, cfg.Users != nil)
	err = o.serveUntilIdle(ctx, e, s, listener, page)
	stop()
	return errors.Join(err, desk.Close(), page.Close())
}

// check refuses an address that others reach without TLS and a users file.
func (o *options) check() error {
	host, _, err := net.SplitHostPort(o.listen)
	ip := net.ParseIP(host)
	switch {
	case err != nil || ip == nil:
		return exit.UsageErrorf("--listen %s: write the IP address and the port, such as 127.0.0.1:0", o.listen)
	case (o.cert == "") != (o.key == ""):
		return exit.UsageErrorf("--tls-cert and --tls-key belong together")
	case !ip.IsLoopback() && (o.cert == "" || o.users == ""):
		return exit.NewUsageError(fmt.Errorf("--listen %s is reachable from other machines: passwords and lists would cross the network in clear text", o.listen),
			"add --tls-cert, --tls-key and --users, or listen on 127.0.0.1 behind a proxy of your own")
	case ip.IsUnspecified() && len(o.hosts) == 0:
		return exit.UsageErrorf("--listen %s needs --host NAME: the page answers to names that it knows", o.listen)
	case o.upload.N > maxUpload:
		return exit.UsageErrorf("--max-upload: at most %d MiB", maxUpload)
	}
	return nil
}

// open opens the listener and settles who may sign in.
func (o *options) open(ctx context.Context) (net.Listener, access.Config, error) {
	var cfg access.Config
	if o.users != "" {
		text, err := settings.ReadGuarded("users", o.users)
		if err != nil {
			return nil, cfg, err
		}
		if cfg.Users, err = access.ParseUsers(string(text)); err != nil {
			return nil, cfg, exit.UsageErrorf("--users %s: %w", o.users, err)
		}
	}
	cfg.Names, cfg.Secure, cfg.Owner = o.hosts, o.cert != "", access.User{Name: ownerName(), Roles: access.AllRoles()}
	if o.cert != "" {
		if _, err := tls.LoadX509KeyPair(o.cert, o.key); err != nil {
			return nil, cfg, exit.UsageErrorf("--tls-cert %s, --tls-key %s: %w", o.cert, o.key, err)
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return nil, cfg, exit.UsageErrorf("--listen: %w", err)
	}
	cfg.Listener = listener.Addr().String()
	return listener, cfg, nil
}

// ownerName returns the user of the operating system, as the ledger's log has it.
func ownerName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "owner"
}

// approversOf returns the users of a team who may approve.
func approversOf(users *access.Users) []string {
	if users == nil {
		return nil
	}
	return users.Names(func(u access.User) bool { return u.HasAny(api.Approve) })
}

// folderOf returns where lists are kept: beside the ledger.
func folderOf(to settings.Target) string {
	path := to.Ledger
	if postgres.IsAddress(path) {
		path = "bulkonboard-" + settings.FileWord(to.Environment)
	}
	return filepath.Clean(path + ".web")
}

// scratchOf returns where reports are put together.
func scratchOf(to settings.Target) string { return filepath.Join(folderOf(to), "scratch") }

// listOptions returns how lists are checked: by the rules of run.
func (e *engine) listOptions() lists.Options {
	return lists.Options{Live: e.isLive, Strict: e.flags.Strict, Defaults: e.flags.Defaults.Map(), MapFiles: MapFiles{}}
}

// announce prints the address, with the token that signs in once, and opens it.
func (o *options) announce(ctx context.Context, con *term.Console, l net.Listener, page *web.Server, isTeam bool) {
	scheme, host := "http", l.Addr().String()
	if o.cert != "" {
		scheme = "https"
	}
	if len(o.hosts) > 0 {
		_, port, _ := net.SplitHostPort(host)
		host = net.JoinHostPort(o.hosts[0], port)
	}
	address := scheme + "://" + host + "/"
	if isTeam {
		fmt.Fprintln(con.Out, address)
		con.Sayf("the page is running; press Ctrl-C to stop it")
		return
	}
	address += "#" + page.NewToken()
	fmt.Fprintln(con.Out, address)
	con.Sayf("the page is running. Its address works once, in one browser; press Ctrl-C to stop the page")
	if !o.noOpen {
		openBrowser(ctx, con, address)
	}
}

// serveUntilIdle serves until ctx ends, or, if only this machine can reach the page,
// until it was idle for long.
func (o *options) serveUntilIdle(ctx context.Context, e *engine, s *http.Server, l net.Listener, page *web.Server) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var all errgroup.Group
	all.Go(func() error {
		defer end()
		serve := s.Serve
		if o.cert != "" {
			serve = func(l net.Listener) error { return s.ServeTLS(l, o.cert, o.key) }
		}
		if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	all.Go(func() error {
		e.askWallet() //nolint:contextcheck // it has the context of the command, which ctx comes from
		keepTidy(ctx, page)
		return nil
	})
	all.Go(func() error {
		waitForEnd(ctx, o.users == "", page.IdleSince)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
		defer cancel()
		if s.Shutdown(grace) != nil { // such as browsers that watch a run
			return s.Close()
		}
		return nil
	})
	return all.Wait()
}

// keepTidy removes lists that need not be kept, until ctx ends.
func keepTidy(ctx context.Context, page *web.Server) {
	tick := time.NewTicker(tidyPause)
	defer tick.Stop()
	for {
		_ = page.Tidy(ctx) // a ledger that cannot be read is reported by whatever needs it
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// waitForEnd returns when ctx is over, or, where endsIdle is set, when the page has been
// idle for long.
func waitForEnd(ctx context.Context, endsIdle bool, idleSince func() time.Time) {
	tick := time.NewTicker(idleCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if endsIdle && time.Since(idleSince()) >= idleTime {
				return
			}
		}
	}
}
