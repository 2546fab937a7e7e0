package session

import (
	"context"
	"os"
	"os/user"
	"runtime/debug"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session/plans"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/ledger"
)

// stamped is the version that the linker sets, for builds that have neither a module
// version nor a repository: -ldflags "-X
// github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/session.stamped=v1.2.3".
var stamped string

// Version returns what the linker stamped, else the version of the module, else the
// commit that the program was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionOf(stamped, info)
}

func versionOf(stamped string, info *debug.BuildInfo) string {
	if stamped != "" {
		return stamped
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changes"
		}
	}
	if commit == "" {
		return "devel"
	}
	return "devel-" + commit + changed
}

// origin returns what the ledger's log has of this command.
func (s *session) origin() ledger.Run {
	r := s.guest.SignRecord(NewRunRecord(s.command))
	r.KeyPrint, r.Settings = settings.KeyFingerprint(s.key), s.settings
	if s.to.Sandbox {
		r.KeyPrint = settings.KeyFingerprint(settings.SandboxKeyName)
	}
	return r
}

// NewRunRecord returns who runs a command, for the ledger's log.
func NewRunRecord(command string) ledger.Run {
	r := ledger.Run{Command: command, Version: Version(), Started: time.Now()}
	if u, err := user.Current(); err == nil {
		r.Who = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		r.Host = h
	}
	return r
}

// RecordDecision approves or declines a plan of a ledger, and writes to the ledger's log
// who did. Whether that user may decide is for the caller to know.
func RecordDecision(ctx context.Context, l Ledger, p ledger.Plan, d *ledger.PlanDecision, record ledger.Run) (ledger.Plan, error) {
	if err := l.DecidePlan(ctx, p.ID, *d); err != nil {
		return p, err
	}
	p.Decision = d
	record.Settings = plans.DecisionText(p) + ": " + p.ID
	return p, RecordCommand(ctx, l, record)
}
