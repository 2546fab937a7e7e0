package reportfile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// HashFile returns the SHA-256 of a file's bytes in hexadecimal.
func HashFile(path string) (sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// HasKey reports whether the idempotency key of a record is that of a customer
// in an environment, of any generation that there can be.
func (r Record) HasKey(environment, identity string) bool {
	key := r.Get("idempotencykey")
	for generation := range maxGeneration {
		if ledger.Key(environment, identity, generation) == key {
			return true
		}
	}
	return false
}

// maxGeneration is more than a customer ever reaches: each generation needs a
// refusal.
const maxGeneration = 1000
