package ledger

import (
	"context"
	"time"
)

// Gap is a stretch of time of which the ledger may have lost what it wrote: it
// was put back from a copy. A user created inside a gap can be one of ours
// although the ledger does not know it, so that nobody created there is ever
// called a duplicate. A gap is never deleted: what was lost stays lost.
type Gap struct {
	ID      int64
	Cause   GapCause
	From    Instant   // the last moment that the copy knows of; OpenGap finds it if it is zero
	To      Instant   // when the copy was opened; OpenGap takes the present if it is zero
	Written time.Time // by our clock
	Scanned time.Time // when a complete list had shown who was created inside; zero before
	Ended   time.Time // when a person declared that no list will show it; zero before
	Reason  string    // what that person said
}

// GapCause says how a gap came to be known.
type GapCause string

const (
	GapRestore GapCause = "restore" // ledger restore put a copy in place
	GapAdopt   GapCause = "adopt"   // ledger adopt accepted a copy, or the loss of writes
	GapBackup  GapCause = "backup"  // a file that ledger backup had made was opened
	GapCopy    GapCause = "copy"    // a file that was copied in another way was opened
)

// IsOpen reports whether it is still unknown who was created inside the gap.
func (g Gap) IsOpen() bool { return g.Scanned.IsZero() && g.Ended.IsZero() }

// Gaps keeps the gaps of a ledger and whom the partner's list showed as created
// inside one without being a user of the ledger's own. Of these people it holds
// keyed hashes of their identities. Its methods may be called by any number of
// goroutines.
type Gaps interface {
	// OpenGap writes a gap and returns it with what was filled in.
	OpenGap(ctx context.Context, g Gap) (Gap, error)
	// Gaps lists all gaps, oldest first.
	Gaps(ctx context.Context) ([]Gap, error)
	// AddToGap notes people of a gap. Doing so twice changes nothing.
	// ErrNotFound if there is no such gap.
	AddToGap(ctx context.Context, gap int64, identities []string) error
	// InGap returns those of the identities that were noted, of any gap.
	InGap(ctx context.Context, identities []string) (map[string]bool, error)
	// CloseGap marks a gap as scanned at a moment or, with a reason, as ended
	// by a person. ErrNotFound if there is no such gap.
	CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error
}

// Filled is the gap with the moments that it leaves open: from the newest one
// that attempts tell of, or else from when the ledger was made, until now.
func (g Gap) Filled(newest, now Instant, created time.Time) Gap {
	switch {
	case !g.From.At.IsZero():
	case newest.At.IsZero():
		g.From = Instant{At: created}
	default:
		g.From = newest
	}
	if g.To.At.IsZero() {
		g.To = now
	}
	return g
}
