package approval

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Key signs decisions.
type Key struct {
	Name    string // of its owner
	private ed25519.PrivateKey
}

const (
	pemType    = "PRIVATE KEY" // PKCS #8, as OpenSSL writes it
	nameHeader = "Approver"
	keyWord    = "ed25519"
)

// NewKey makes a key for the approver with this name.
func NewKey(name string) (Key, error) {
	if err := checkName(name); err != nil {
		return Key{}, err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return Key{name, private}, err
}

// checkName refuses a name that is not one short word.
func checkName(name string) error {
	isOdd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._@-", r)
	}
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, isOdd) {
		return errors.New("the name of an approver is one word of letters, digits and . _ @ -")
	}
	return nil
}

// Encode returns the key as the text of its file. It is a secret.
func (k Key) Encode() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Headers: map[string]string{nameHeader: k.Name}, Bytes: der}), nil
}

// ParseKey reads the file of a key. Errors quote nothing of it.
func ParseKey(text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return Key{}, errors.New("it is no private key: make one with bulkonboard approve keygen")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return Key{}, errors.New("it is no Ed25519 key: make one with bulkonboard approve keygen")
	}
	name := block.Headers[nameHeader]
	return Key{name, private}, checkName(name)
}

// PublicLine returns the line by which a list of approvers knows the key.
func (k Key) PublicLine() string {
	public, _ := k.private.Public().(ed25519.PublicKey)
	return k.Name + " " + keyWord + " " + base64.StdEncoding.EncodeToString(public)
}

// Approvers are the public keys of those who may approve, by name.
type Approvers map[string]ed25519.PublicKey

// ParseApprovers reads a list of approvers: lines as PublicLine returns them. Empty
// lines and those that begin with # are left out.
func ParseApprovers(text string) (Approvers, error) {
	all := Approvers{}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) != 3 || words[1] != keyWord {
			return nil, fmt.Errorf("line %d: write NAME ed25519 KEY, as bulkonboard approve keygen prints it", i+1)
		}
		key, err := base64.StdEncoding.DecodeString(words[2])
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("line %d: the key is not one of 32 bytes in base64", i+1)
		}
		if _, twice := all[words[0]]; twice {
			return nil, fmt.Errorf("line %d: %s has two keys", i+1, words[0])
		}
		all[words[0]] = key
	}
	return all, nil
}
