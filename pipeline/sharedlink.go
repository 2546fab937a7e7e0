package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/internal/pacing"
)

// maxSharedLinks bounds how many are remembered: a partner that gives one link to
// everybody has one, and one that mixes up more is stopped by its other faults.
const maxSharedLinks = 1000

// sharedLinks are verification links that answers gave to more than one user.
// Nobody can tell whose such a link is, so no customer ever gets it. They are
// kept in the ledger, as digests. It is safe for concurrent use.
type sharedLinks struct {
	ledger ledger.Ledger

	mu  sync.Mutex
	all map[string]bool // by digest
}

func linkDigest(link string) string {
	sum := sha256.Sum256([]byte(link))
	return hex.EncodeToString(sum[:8])
}

// recallDigests reads those of earlier runs.
func (s *sharedLinks) recallDigests(ctx context.Context) error {
	text, _, err := s.ledger.Learnt(ctx, learntSharedLinks)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return ledgerStop("reading which links were given twice", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = make(map[string]bool)
	for _, d := range strings.Fields(text) {
		s.all[d] = true
	}
	return nil
}

func (s *sharedLinks) isShared(link string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[linkDigest(link)]
}

// addLink remembers a link.
func (s *sharedLinks) addLink(ctx context.Context, link string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := linkDigest(link); s.all[d] || len(s.all) >= maxSharedLinks {
		return nil
	} else {
		s.all[d] = true
	}
	digests := make([]string, 0, len(s.all))
	for d := range s.all {
		digests = append(digests, d)
	}
	return s.ledger.Learn(ctx, learntSharedLinks, strings.Join(digests, " "), pacing.WallTime())
}
