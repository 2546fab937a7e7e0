package sharing

import "time"

// Beat is the sign of life of another sender, as the ledger shows it.
type Beat struct {
	Sender int64
	Count  int64 // rises with every beat
	Lease  time.Duration
}

// Watch finds senders that have fallen silent. The zero value is ready to use, by one
// goroutine.
type Watch struct {
	seen map[int64]sighting
}

// sighting is a beat, and for how long this process has seen no later one.
type sighting struct {
	count         int64
	since, looked time.Duration
}

// FindSilent returns those senders whose beat has not changed for longer than their
// lease. beats are those of all other senders that have not ended. now is the host's
// clock.
//
// A sender that was not looked at for half of its lease is watched from now on: the
// ledger may have been out of reach, so that it could not beat either.
func (w *Watch) FindSilent(now time.Duration, beats []Beat) (silent []Beat) {
	seen := make(map[int64]sighting, len(beats))
	for _, b := range beats {
		s, isKnown := w.seen[b.Sender]
		if !isKnown || s.count != b.Count || now-s.looked > b.Lease/2 {
			s = sighting{count: b.Count, since: now}
		}
		s.looked = now
		if now-s.since > b.Lease {
			silent = append(silent, b)
		}
		seen[b.Sender] = s
	}
	w.seen = seen
	return silent
}
