package session

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// newClient returns the client; nothing is opened yet.
func (s *session) newClient(base string) (*partner.Client, error) {
	f := s.flags
	client, err := partner.New(partner.Config{BaseURL: base, Key: s.key, UserAgent: "bulkonboard/" + Version(),
		Timeout: f.Timeout.Duration, CAFile: f.CAFile, Proxy: f.Proxy.Text, BeforeFirstByte: s.checkSender})
	if err != nil {
		return nil, exit.NewUsageError(NameFlag(err))
	}
	return client, nil
}

// checkSender refuses to send once this process may have lost its right to: another
// process can then be sending the same customers.
func (s *session) checkSender() error {
	if s.sender == nil || s.sender.MaySend() {
		return nil
	}
	return fmt.Errorf("this process lost touch with the ledger: %w", ledger.ErrLocked)
}

// NameFlag returns a mistake in the client's configuration with the flag that it
// came from.
func NameFlag(err error) error {
	var c *partner.ConfigError
	if !errors.As(err, &c) {
		return err
	}
	switch c.Field {
	case "BaseURL":
		return fmt.Errorf("--base-url %w", c.Err)
	case "CAFile":
		return fmt.Errorf("--ca-file %w", c.Err)
	case "Proxy":
		return fmt.Errorf("--proxy %w", c.Err)
	case "Key":
		return fmt.Errorf("the API key %w", c.Err)
	}
	return err
}

// unusedProxy returns a hint that the environment names a proxy which is not
// used, if an error is that nothing could be reached; "" otherwise.
func (s *session) unusedProxy(err error) string {
	var stop *pipeline.Unreachable
	var look *partner.Error
	isUnreachable := errors.As(err, &stop) || errors.As(err, &look) && look.Class == ledger.NotSent
	if !isUnreachable || s.flags.Proxy.Text != "" || s.to.Sandbox {
		return ""
	}
	names := []string{"HTTPS_PROXY", "https_proxy"}
	if strings.HasPrefix(s.to.BaseURL, "http://") {
		names = []string{"HTTP_PROXY", "http_proxy"}
	}
	for _, name := range names {
		if s.Env[name] != "" {
			return name + " is set, but a proxy is used only with --proxy env"
		}
	}
	return ""
}

// AskWallet asks the partner what the wallet holds. The simulated partner of this
// process is there during a command only, so it is not asked: then ok is false.
func AskWallet(con *term.Console, c *cobra.Command, f *settings.RunFlags) (w partner.Wallet, ok bool, err error) {
	s, err := newSession(con, c, f, nil)
	if err != nil || s.client == nil {
		return w, false, err
	}
	defer s.client.CloseIdle()
	w, err = s.client.Wallet(c.Context())
	return w, err == nil, err
}

// openPartner starts the sandbox if that is the partner.
func (s *session) openPartner() error {
	if s.to.Sandbox {
		cfg := s.sandboxConfig
		cfg.Keys = []string{s.key}
		cfg.KeyTTL = s.flags.KeyTTL.Duration
		if s.store != nil {
			cfg.StateFile = s.to.SandboxState()
		}
		server, err := sandbox.New(cfg)
		if err != nil {
			return fmt.Errorf("could not start the sandbox: %w", err)
		}
		s.closers = append(s.closers, server.Close)
		base, err := server.Listen("127.0.0.1:0")
		if err != nil {
			return err
		}
		if s.client, err = s.newClient(base); err != nil {
			return err
		}
	}
	if p := s.client.Proxy(); p != "" {
		s.showNote("Proxy", p)
	}
	s.closers = append(s.closers, func() error { s.client.CloseIdle(); return nil })
	return nil
}
