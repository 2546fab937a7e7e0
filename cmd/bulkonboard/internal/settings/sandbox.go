package settings

import (
	"errors"
	"os"

	"github.com/spf13/pflag"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

// SandboxFlags say how the simulated partner behaves.
type SandboxFlags struct {
	faults    []string
	latency   string
	balance   string
	fee       string
	rate      Rate
	preexist  string
	seed      uint64
	emailCase bool
	repeat    bool
	account   string
}

// AddFlags adds the flags.
func (s *SandboxFlags) AddFlags(f *pflag.FlagSet, prefix string) {
	f.StringArrayVar(&s.faults, prefix+"fault", nil, "misbehave: `NAME[=PART,...]`, as bulkonboard sandbox --help lists them (repeatable)")
	f.StringVar(&s.latency, prefix+"latency", "", "response `TIME`, such as 80ms or 50ms-200ms")
	f.StringVar(&s.balance, prefix+"balance", "", "`AMOUNT` in the wallet (default 1000000.00)")
	f.StringVar(&s.fee, prefix+"fee", "", "`AMOUNT` charged for each user (default 0.50)")
	f.Var(&s.rate, prefix+"rate", "rate limit of the API (default none)")
	f.StringVar(&s.preexist, prefix+"preexist", "", "CSV `FILE` of users who already exist")
	f.Uint64Var(&s.seed, prefix+"seed", 0, "seed that decides which requests a fault hits")
	f.BoolVar(&s.emailCase, prefix+"emails-case", false, "treat e-mails that differ in case as different")
	f.StringVar(&s.account, prefix+"account", "", "`SLUG` of the partner account, the start of every serviceId (default acme)")
	f.BoolVar(&s.repeat, prefix+"emails-repeat", false, "allow several users with one e-mail")
}

func (s *SandboxFlags) isSet() bool {
	return len(s.faults) > 0 || s.latency != "" || s.balance != "" || s.fee != "" || s.rate.Text != "" || s.preexist != "" ||
		s.seed != 0 || s.emailCase || s.repeat || s.account != ""
}

// SandboxConfig returns how the simulated partner is to behave.
func (s *SandboxFlags) SandboxConfig() (sandbox.Config, error) {
	cfg := sandbox.Config{Account: s.account, Balance: s.balance, Fee: s.fee, Rate: s.rate.PerSecond, Seed: s.seed, EmailsCase: s.emailCase, EmailsRepeat: s.repeat}
	var err error
	for _, text := range s.faults {
		fault, err := sandbox.ParseFault(text)
		if err != nil {
			return cfg, exit.NewUsageError(err, "bulkonboard sandbox --help lists the faults")
		}
		cfg.Faults = append(cfg.Faults, fault)
	}
	if s.latency != "" {
		if cfg.Latency, cfg.LatencyMax, err = sandbox.ParseLatency(s.latency); err != nil {
			return cfg, exit.NewUsageError(err)
		}
	}
	if s.preexist != "" {
		f, err := os.Open(s.preexist)
		if err != nil {
			return cfg, exit.UsageErrorf("%s: %w", s.preexist, term.PlainError(err))
		}
		cfg.Preexisting, err = sandbox.ReadPreexisting(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return cfg, exit.UsageErrorf("%s: %w", s.preexist, err)
		}
	}
	return cfg, nil
}
