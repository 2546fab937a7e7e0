package settings

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
)

// SandboxKeyName replaces the key of the simulated partner where keys are
// compared: it has another key in each process, and is the same account.
const SandboxKeyName = "sk_sandbox_rehearsal"

// NewSandboxKey returns a key for the simulated partner of one process. Other
// users of this machine can reach its port, and must not read customers there.
func NewSandboxKey() string { return "sk_sandbox_" + rand.Text() }

// ReadAPIKey reads the key from its file, else from the environment, else asks for
// it. It is never a flag: command lines are seen by everyone on the machine.
func ReadAPIKey(con *term.Console, file string) (string, error) {
	if file != "" {
		key, err := ReadSecret(con, "api-key-file", file)
		return string(key), err
	}
	if key := strings.TrimSpace(con.Env[KeyVariable]); key != "" {
		return key, nil
	}
	if !term.IsTerminal(con.In) {
		return "", exit.NewUsageError(errors.New("no API key"), "add --api-key-file FILE, or set "+KeyVariable, "to rehearse without a key, use --sandbox")
	}
	key, err := con.ReadPassword("API key (not shown): ")
	switch {
	case err != nil:
		return "", exit.UsageErrorf("could not read the API key: %w", err)
	case key == "":
		return "", exit.UsageErrorf("no API key")
	}
	return key, nil
}

// KeyFingerprint returns what distinguishes a key in the ledger's log without
// revealing it.
func KeyFingerprint(key string) string {
	sum := sha256.Sum256([]byte("bulkonboard key\n" + key))
	return hex.EncodeToString(sum[:6])
}

// ReadSecrets reads files that hold nothing but secrets, one a line.
func ReadSecrets(con *term.Console, flag string, paths []string) (all [][]byte, err error) {
	for _, path := range paths {
		text, err := ReadSecret(con, flag, path)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(text) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				all = append(all, line)
			}
		}
	}
	return all, nil
}
