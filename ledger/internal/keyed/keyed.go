// Package keyed makes the keyed hashes that a ledger keeps in place of
// personal data. Start at [Secret].
//
// The hash is SHA-256 of the secret, one byte for the purpose, and the text, truncated to
// at most 12 bytes. A prefixed secret is normally unsafe because of length extension. An
// attacker needs all 32 bytes of the state for that, and here at most 12 are known.
package keyed

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
)

// Secret is 16 random bytes of one ledger. It may be used by any number of goroutines.
type Secret [16]byte

// Digest is 96 bits of a keyed hash: among ten million people two share one
// with a probability of 10^-15. The zero value means: nothing to hash.
type Digest [12]byte

// NewSecret draws a secret.
func NewSecret() Secret {
	var s Secret
	rand.Read(s[:]) // never fails, by its contract since Go 1.24
	return s
}

const (
	identity byte = 'i'
	sender   byte = 's'
	name     byte = 'n'
	recall   byte = 'r'
	planned  byte = 'p'
	reported byte = 't'
	field    byte = 0x80 // and the field's index
)

func (s *Secret) sum(purpose byte, text string) [sha256.Size]byte {
	var room [128]byte
	b := append(room[:0], s[:]...)
	b = append(b, purpose)
	b = append(b, text...)
	return sha256.Sum256(b)
}

// short returns a hash of 63 bits, never 0, for an integer key in SQL.
func (s *Secret) short(purpose byte, text string) int64 {
	if text == "" {
		return 0
	}
	h := s.sum(purpose, text)
	return int64(binary.BigEndian.Uint64(h[:])>>1 | 1)
}

// Identity is the digest of a normalised e-mail.
func (s *Secret) Identity(text string) Digest {
	if text == "" {
		return Digest{}
	}
	h := s.sum(identity, text)
	return Digest(h[:12])
}

// Sender is the mark of a sender's own number, 0 for none. It is that of
// [PlainNumber], so that 1001.0 and 1001 are one customer.
func (s *Secret) Sender(text string) int64 { return s.short(sender, PlainNumber(text)) }

// Name is the mark of a name with phone, 0 for none.
func (s *Secret) Name(text string) int64 { return s.short(name, text) }

// Recall is the mark by which a finding is recognised, 0 for none.
func (s *Secret) Recall(text string) int64 { return s.short(recall, text) }

// Reported is the mark of a finding with its outcome.
func (s *Secret) Reported(recall int64, outcome string) int64 {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(recall))
	return s.short(reported, string(b[:])+outcome)
}

// PlannedCustomer is the digest of a normalised e-mail in a saved plan. It is not
// that of Identity, so that a plan shows nothing of the rest of the ledger.
func (s *Secret) PlannedCustomer(identity string) Digest { return s.planned('c', identity) }

// PlannedDetails is the digest of the details of a row in a saved plan, given as
// one text.
func (s *Secret) PlannedDetails(details string) Digest { return s.planned('d', details) }

func (s *Secret) planned(part byte, text string) Digest {
	h := s.sum(planned, string(part)+text)
	return Digest(h[:12])
}

// Details hashes fields to 4 bytes each; nil for nil. An empty field is four
// zero bytes, which are left out at the end.
func (s *Secret) Details(fields []string) []byte {
	if fields == nil {
		return nil
	}
	d := make([]byte, 4*len(fields))
	for i, text := range fields {
		if text != "" {
			h := s.sum(field+byte(i), text)
			copy(d[4*i:], h[:4])
		}
	}
	return bytes.TrimRight(d, "\x00")
}
