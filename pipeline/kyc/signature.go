package kyc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// ErrSignature says that a body was not signed with the secret.
var ErrSignature = errors.New("the signature is missing or wrong")

// Encoding is how the 32 bytes of a signature are written.
type Encoding string

const (
	AnyEncoding Encoding = "" // either of the two
	Hex         Encoding = "hex"
	Base64      Encoding = "base64"
)

// Signature is the form in which webhooks are signed: HMAC-SHA256 over the raw
// body under the whsec_... secret. What the vendor calls the header, and how it
// writes the value, is not in its public docs; the zero value takes every form
// of a signed body that is usual. Schemes that sign more than the body (Svix and
// Standard Webhooks: id, timestamp and body, under the base64 after whsec_) are
// not supported.
type Signature struct {
	Header   string   // name of the header; default X-Webhook-Signature
	Prefix   string   // what stands before the signature; default sha256= or nothing
	Encoding Encoding // default: hexadecimal or base64
}

// Name is the header's name.
func (s Signature) Name() string {
	if s.Header == "" {
		return "X-Webhook-Signature"
	}
	return s.Header
}

// Verify returns ErrSignature unless value, the header of that name, is the
// signature of body under secret. The comparison takes the same time wherever
// the two differ. An empty secret verifies nothing.
func (s Signature) Verify(secret, body []byte, value string) error {
	if len(secret) == 0 {
		return ErrSignature
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	want := mac.Sum(nil)
	for _, got := range s.decode(strings.TrimSpace(value)) {
		if hmac.Equal(got, want) {
			return nil
		}
	}
	return ErrSignature
}

// decode gives the readings of a header that are as long as a signature.
func (s Signature) decode(value string) (all [][]byte) {
	rest, had := strings.CutPrefix(value, s.Prefix)
	if !had {
		return nil
	}
	if s.Prefix == "" {
		rest = strings.TrimPrefix(rest, "sha256=")
	}
	take := func(b []byte, err error) {
		if err == nil && len(b) == sha256.Size {
			all = append(all, b)
		}
	}
	if s.Encoding != Base64 {
		take(hex.DecodeString(rest))
	}
	if s.Encoding != Hex {
		take(base64.StdEncoding.DecodeString(rest))
		take(base64.RawURLEncoding.DecodeString(strings.TrimRight(rest, "=")))
	}
	return all
}
