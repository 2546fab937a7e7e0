package kyc

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
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
// body under the whsec_... secret as given, in hexadecimal (public docs). The zero
// value also accepts the other usual forms of a signed body. Schemes that sign more than
// the body (Svix and Standard Webhooks: id, timestamp and body, under the base64 after
// whsec_) are not supported.
type Signature struct {
	Header   string   // name of the header; default X-Webhook-Signature
	Prefix   string   // text before the signature; default sha256= or nothing
	Encoding Encoding // default: hexadecimal or base64
}

// Name returns the header's name.
func (s Signature) Name() string { return cmp.Or(s.Header, "X-Webhook-Signature") }

// Verify returns ErrSignature unless one of the values, the headers of that name, holds
// a signature of body under one of the secrets. While a secret is replaced there may be
// several of both; signatures in one value are separated by commas or blanks. The
// comparison runs in constant time. An empty secret verifies nothing.
func (s Signature) Verify(secrets [][]byte, body []byte, values []string) error {
	var given [][]byte
	for _, value := range values {
		ones := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
		if whole := strings.TrimSpace(value); len(ones) > 1 { // a prefix may have a blank
			ones = append(ones, whole)
		}
		for _, one := range ones {
			given = append(given, s.decodeValue(one)...)
		}
	}
	if len(given) > maxSignatures {
		return ErrSignature
	}
	matches := 0
	for _, secret := range secrets {
		if len(secret) == 0 {
			continue
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		want := mac.Sum(nil)
		for _, got := range given {
			matches += subtle.ConstantTimeCompare(got, want)
		}
	}
	if matches == 0 {
		return ErrSignature
	}
	return nil
}

// maxSignatures of one request; a sender who replaces a secret has two.
const maxSignatures = 64

// decodeValue returns the readings of a header that are as long as a signature.
func (s Signature) decodeValue(value string) (all [][]byte) {
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
