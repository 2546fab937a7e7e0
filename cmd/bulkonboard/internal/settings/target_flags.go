package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/postgres"
)

// StateSuffix names the file beside a ledger that keeps the sandbox's users.
const StateSuffix = ".sandbox.jsonl"

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
	Lease       Span
	Emergency   string
	Timeout     Span
	KeyTTL      Span
	CAFile      string
	Proxy       Address
	LinkLife    Age
	Play        SandboxFlags
}

// AddLedgerFlags adds those that choose the ledger alone, and --config.
func (t *TargetFlags) AddLedgerFlags(c *cobra.Command) {
	AddConfigFlag(c)
	f := c.Flags()
	t.env = Choice{Words: []string{Staging, Production}}
	f.Var(&t.env, "env", "partner environment, which also chooses the ledger (default staging)")
	f.BoolVar(&t.sandbox, "sandbox", false, "use the simulated partner API in this process; no key needed")
	f.StringVar(&t.Ledger, "ledger", "", "ledger `FILE`, or postgres://USER@HOST/DATABASE?schema=NAME (default: ./bulkonboard-<environment>.db; production has no default)")
	f.Var(&t.baseURL, "base-url", "partner API at `URL`; its host is then the environment")
	HideAdvanced(f, "base-url")
}

// AddLinkLifeFlag adds --link-life.
func (t *TargetFlags) AddLinkLifeFlag(f *pflag.FlagSet) {
	t.LinkLife = Age{Span{Positive: true}}
	f.Var(&t.LinkLife, "link-life", "how long a verification link works that its user has not opened (default: as set for this ledger before, else 24h as an assumption)")
}

// AddPartnerFlags adds those that choose how to talk to the partner.
func (t *TargetFlags) AddPartnerFlags(f *pflag.FlagSet) {
	t.Timeout = Span{30 * time.Second, true}
	t.KeyTTL = Span{5 * time.Minute, true}
	t.Lease = Span{15 * time.Second, true}
	f.StringVar(&t.KeyFile, "api-key-file", "", "read the API key from `FILE` (default: $BULKONBOARD_API_KEY, then a prompt)")
	f.BoolVar(&t.Fresh, "fresh", false, "with --sandbox: start with an empty ledger and no users")
	f.BoolVar(&t.NewLedger, "new-ledger", false, "create the production ledger if it is missing")
	f.Var(&t.Timeout, "timeout", "timeout of one request")
	f.Var(&t.KeyTTL, "key-ttl", "how long the partner remembers an idempotency key")
	f.Var(&t.Lease, "lease", "with a ledger in PostgreSQL: how long a process may be silent before another one may continue in its place")
	f.StringVar(&t.Emergency, "emergency", "", "with a ledger in PostgreSQL: keep answers in `FILE` while the database is away (default: ./bulkonboard-<environment>.emergency)")
	f.Var(&t.LockTimeout, "lock-timeout", "how long to wait for the ledger's lock (default 0)")
	f.StringVar(&t.CAFile, "ca-file", "", "trust the certificate authorities in PEM `FILE` instead of the system's")
	f.Var(&t.Proxy, "proxy", "proxy `URL`, or env for the proxy environment variables; put a password into $BULKONBOARD_PROXY (default none)")
	HideAdvanced(f, "timeout", "key-ttl", "lease", "emergency", "lock-timeout", "ca-file", "proxy")
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
		return Target{}, exit.UsageErrorf("--env, --sandbox and --base-url each name an environment: use only one of them")
	case t.Fresh && box != most, t.Fresh && !t.sandbox:
		return Target{}, exit.UsageErrorf("--fresh deletes a ledger and works only with --sandbox")
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
		"env":     func(v pflag.Value) { t.env.Value = v.String() },
		"sandbox": func(v pflag.Value) { t.sandbox = v.String() == "true" },
		"base-url": func(v pflag.Value) {
			if a, ok := v.(*Address); ok {
				t.baseURL = *a
			}
		},
		"ledger": func(v pflag.Value) { t.Ledger = v.String() },
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

// SuggestSandbox adds to the error of a missing ledger that the ledger of a rehearsal
// is there, if it is and no other was named.
func (t *TargetFlags) SuggestSandbox(to Target, err error) error {
	if !errors.Is(err, ledger.ErrMissing) || t.Ledger != "" || to.Environment != Staging {
		return err
	}
	if _, failed := os.Stat(defaultLedger(Sandbox)); failed != nil {
		return err
	}
	return exit.NewHint(err, "there is a sandbox ledger here: add --sandbox")
}

// defaultLedger returns the file of an environment's ledger where no other is named.
func defaultLedger(environment string) string {
	return "bulkonboard-" + FileWord(environment) + ".db"
}

func (t *TargetFlags) chooseLedger(to Target) (Target, error) {
	switch {
	case t.Ledger != "":
		to.Ledger = t.Ledger
	case to.Environment == Production:
		return to, exit.NewUsageError(fmt.Errorf("production needs --ledger FILE: the wrong ledger could create customers twice"),
			"keep one ledger for production, on a local disk, and back it up")
	default:
		to.Ledger = defaultLedger(to.Environment)
	}
	if postgres.IsAddress(to.Ledger) {
		if err := postgres.CheckAddress(to.Ledger); err != nil {
			to.Ledger = "" // it may hold a password
			return to, exit.NewUsageError(err)
		}
		return to, nil
	}
	if t.Emergency != "" {
		return to, exit.NewUsageError(errors.New("--emergency is for a ledger in PostgreSQL"), "a ledger in a file has its emergency file next to it")
	}
	to.Ledger = filepath.Clean(to.Ledger)
	return to, nil
}

// SandboxState returns the file that keeps the users of the simulated partner.
func (t Target) SandboxState() string {
	if postgres.IsAddress(t.Ledger) {
		return defaultLedger(Sandbox) + StateSuffix
	}
	return t.Ledger + StateSuffix
}
