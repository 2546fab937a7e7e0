package ledger

import (
	"context"
	"time"
)

// Gap is a period whose records the ledger may lack, because it was restored from a copy, or
// because its database lost commits together with the sender that made them.
// A user created inside a gap may be one of ours although the ledger does not know it,
// so no such user is ever called a duplicate. A gap is never deleted.
type Gap struct {
	ID      int64
	Cause   GapCause
	From    Instant   // last moment that the copy knows; if zero, OpenGap finds it
	To      Instant   // when the copy was opened; if zero, OpenGap uses the present time
	Written time.Time // by our clock
	Scanned time.Time // when a complete list had shown which users were created inside; zero before
	Ended   time.Time // when an operator declared that no list will show them; zero before
	Reason  string    // the operator's reason
}

// GapCause says why a gap was recorded.
type GapCause string

const (
	GapRestore GapCause = "restore" // ledger restore put a copy in place
	GapAdopt   GapCause = "adopt"   // ledger adopt accepted a copy, or the loss of writes
	GapBackup  GapCause = "backup"  // a file that ledger backup had made was opened
	GapCopy    GapCause = "copy"    // a file that was copied in another way was opened
)

// IsOpen reports whether it is still unknown who was created inside the gap.
func (g Gap) IsOpen() bool { return g.Scanned.IsZero() && g.Ended.IsZero() }

// Gaps keeps the gaps of a ledger, and the users whom the partner's list showed as
// created inside one although the ledger does not know them. Of these it keeps keyed
// hashes of their identities. Its methods may be called by any number of goroutines.
type Gaps interface {
	// OpenGap writes a gap and returns it with what was filled in.
	OpenGap(ctx context.Context, g Gap) (Gap, error)
	// Gaps lists all gaps, oldest first.
	Gaps(ctx context.Context) ([]Gap, error)
	// AddToGap notes the users of a gap. A repeated call changes nothing.
	// ErrNotFound if there is no such gap.
	AddToGap(ctx context.Context, gap int64, identities []string) error
	// InGap returns those of the identities that were noted, of any gap.
	InGap(ctx context.Context, identities []string) (map[string]bool, error)
	// CloseGap marks a gap as scanned at the given time or, with a reason, as ended by an
	// operator. ErrNotFound if there is no such gap.
	CloseGap(ctx context.Context, gap int64, at time.Time, reason string) error
}

// Filled returns the gap with its missing ends filled in: it begins with the newest
// moment of any attempt, or when the ledger was made, and ends now.
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
