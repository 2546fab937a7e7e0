package session

import (
	"context"
	"errors"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
)

// factLinkLife is the fact that keeps --link-life for the commands that do not have it.
const factLinkLife = "link_life"

// LinkLife is how long a verification link works that nobody has opened.
type LinkLife struct {
	time.Duration
	IsAssumed bool // nobody has set it
}

// ReadLinkLife returns --link-life, or what an earlier command of this ledger was given,
// or the default as an assumption.
func ReadLinkLife(ctx context.Context, l Ledger, given settings.Age) (LinkLife, error) {
	if given.Duration > 0 {
		return LinkLife{Duration: given.Duration}, nil
	}
	text, _, err := l.Fact(ctx, factLinkLife)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return LinkLife{}, err
	}
	if d, failed := time.ParseDuration(text); failed == nil && d > 0 {
		return LinkLife{Duration: d}, nil
	}
	return LinkLife{Duration: ledger.DefaultLinkLife, IsAssumed: true}, nil
}

// saveLinkLife keeps --link-life, if it was given, for later commands.
func (s *session) saveLinkLife(ctx context.Context) error {
	if s.flags.LinkLife.Duration == 0 {
		return nil
	}
	return s.store.SaveFact(ctx, factLinkLife, s.flags.LinkLife.Duration.String(), time.Now())
}

// String returns the life in words: "24h", or "24h (assumed; set --link-life)".
func (l LinkLife) String() string {
	text := term.ShortDuration(l.Duration)
	if l.IsAssumed {
		return text + " (assumed; set --link-life)"
	}
	return text
}

// agesShownAfter is how old an input must be for its report to show the ages of links
// although nothing was heard of the users.
const agesShownAfter = time.Hour

// ForReport returns the life as reports have it.
func (l LinkLife) ForReport() report.LinkLife {
	return report.LinkLife{Life: l.Duration, IsSet: !l.IsAssumed}
}

// ShowsLinkAges reports whether a report of inputs shows the ages of links.
func ShowsLinkAges(batches []ledger.Batch, now time.Time) bool {
	for _, b := range batches {
		if now.Sub(b.Registered) >= agesShownAfter {
			return true
		}
	}
	return false
}
