package settings

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
)

// TargetFlags choose the partner and the ledger.
type TargetFlags struct {
	env         Choice
	sandbox     bool
	Fresh       bool
	baseURL     Address
	KeyFile     string
	Ledger      string
	NewLedger   bool
	LockTimeout Span
	Timeout     Span
	KeyTTL      Span
	CAFile      string
	Proxy       Address
	Play        SandboxFlags
}

// AddLedgerFlags adds those that choose the ledger alone, and --config.
func (t *TargetFlags) AddLedgerFlags(c *cobra.Command) {
	AddConfigFlag(c)
	f := c.Flags()
	t.env = Choice{Words: []string{Staging, Production}}
	f.Var(&t.env, "env", "which partner, and which ledger (default staging)")
	f.BoolVar(&t.sandbox, "sandbox", false, "the simulated partner API inside this process; no key needed")
	f.StringVar(&t.Ledger, "ledger", "", "ledger `FILE` (default bulkonboard-<environment>.db here; production has no default)")
	f.Var(&t.baseURL, "base-url", "partner API at `URL`; the environment is then its host")
	HideAdvanced(f, "base-url")
}

// AddPartnerFlags adds those that choose how to talk to the partner.
func (t *TargetFlags) AddPartnerFlags(f *pflag.FlagSet) {
	t.Timeout = Span{30 * time.Second, true}
	t.KeyTTL = Span{5 * time.Minute, true}
	f.StringVar(&t.KeyFile, "api-key-file", "", "read the API key from `FILE` (default: $BULKONBOARD_API_KEY, then a prompt)")
	f.BoolVar(&t.Fresh, "fresh", false, "with --sandbox: begin with an empty ledger and no users")
	f.BoolVar(&t.NewLedger, "new-ledger", false, "make the production ledger if it is missing")
	f.Var(&t.Timeout, "timeout", "for one request")
	f.Var(&t.KeyTTL, "key-ttl", "how long the partner remembers an idempotency key")
	f.Var(&t.LockTimeout, "lock-timeout", "wait so long for the ledger's lock (default 0)")
	f.StringVar(&t.CAFile, "ca-file", "", "PEM `FILE` of certificate authorities that replace the system's")
	f.Var(&t.Proxy, "proxy", "proxy `URL`, without its password, which BULKONBOARD_PROXY can hold; or env for the proxy environment variables (default none)")
	HideAdvanced(f, "timeout", "key-ttl", "lock-timeout", "ca-file", "proxy")
	t.Play.AddFlags(f, "sandbox-")
	f.VisitAll(func(fl *pflag.Flag) {
		if strings.HasPrefix(fl.Name, "sandbox-") {
			HideAdvanced(f, fl.Name)
		}
	})
}

// Resolve settles what the flags mean together. level says how strongly a flag
// was set: one on the command line beats one of the config file.
func (t *TargetFlags) Resolve(level func(string) int) (Target, error) {
	env, box, base := level("env"), level("sandbox"), level("base-url")
	if !t.sandbox {
		box = 0
	}
	switch most := max(env, box, base); {
	case most > 0 && (env == most && box == most || env == most && base == most || box == most && base == most):
		return Target{}, exit.UsageErrorf("--env, --sandbox and --base-url each name an environment: give one of them")
	case t.Fresh && box != most, t.Fresh && !t.sandbox:
		return Target{}, exit.UsageErrorf("--fresh deletes a ledger, and is for --sandbox only")
	case t.Play.isSet() && !t.sandbox:
		return Target{}, exit.UsageErrorf("the --sandbox-... flags need --sandbox")
	case box > 0 && box == most:
		return t.chooseLedger(Target{Environment: Sandbox, Sandbox: true})
	case base > 0 && base == most:
		host, err := environmentOf(t.baseURL.Text)
		if err != nil {
			return Target{}, err
		}
		return t.chooseLedger(Target{Environment: host, BaseURL: t.baseURL.Text})
	case t.env.Value == Production:
		return t.chooseLedger(Target{Environment: Production, BaseURL: ProductionURL})
	}
	return t.chooseLedger(Target{Environment: Staging, BaseURL: StagingURL})
}

// TargetOf returns the partner and the ledger that the flags of a command choose, as
// far as they are known: its fields are zero after a mistake in the flags.
func TargetOf(c *cobra.Command) Target {
	t := TargetFlags{}
	for name, set := range map[string]func(pflag.Value){
		"env":      func(v pflag.Value) { t.env.Value = v.String() },
		"sandbox":  func(v pflag.Value) { t.sandbox = v.String() == "true" },
		"base-url": func(v pflag.Value) { t.baseURL.Text = v.(*Address).Text },
		"ledger":   func(v pflag.Value) { t.Ledger = v.String() },
	} {
		if f := c.Flags().Lookup(name); f != nil {
			set(f.Value)
		}
	}
	to, err := t.Resolve(LevelsOf(c))
	if err != nil {
		return Target{Environment: to.Environment}
	}
	return to
}

func (t *TargetFlags) chooseLedger(to Target) (Target, error) {
	switch {
	case t.Ledger != "":
		to.Ledger = t.Ledger
	case to.Environment == Production:
		return to, exit.NewUsageError(fmt.Errorf("production needs --ledger FILE: a ledger picked by accident could create customers twice"),
			"keep one ledger for production, on a disk of this machine, and back it up")
	default:
		to.Ledger = "bulkonboard-" + FileWord(to.Environment) + ".db"
	}
	to.Ledger = filepath.Clean(to.Ledger)
	return to, nil
}
