package emergency

import "crypto/rand"

// Token returns the token of the last opening that was confirmed; "" if there is
// none. A file has the tokens of its ledger's opening, so that a copy of one of the two
// is recognised, because the tokens do not match.
func (e *File) Token() string { return e.token }

// IsUnused reports whether no opening has announced or confirmed a token yet.
func (e *File) IsUnused() bool { return e.token == "" && e.nextToken == "" }

// IsCheckpointed reports whether the ledger's own file has the token, and does without
// its write-ahead log.
func (e *File) IsCheckpointed() bool { return e.isCheckpointed }

// Knows reports whether the last ledger that used the file had this token.
func (e *File) Knows(token string) bool { return token == e.token || token == e.nextToken }

// IsOfOtherState reports whether the file is that of another state of the ledger
// with this token. A file that was never confirmed is none: its opening did not finish.
func (e *File) IsOfOtherState(token string) bool { return e.token != "" && !e.Knows(token) }

// Announce draws the next token and writes it in addition to the present one, synced:
// after a crash the ledger may hold either of them. If the file does not know the present
// one, the ledger is a copy, and must not look like the original before its gap is
// written.
func (e *File) Announce(present string) (next string, err error) {
	next = rand.Text()
	if !e.Knows(present) {
		present = ""
	}
	if err := e.writeTokens(present, next, false); err != nil {
		return "", err
	}
	return next, e.f.Sync()
}

// Confirm writes that the ledger holds the token, and whether its file has it
// without the log. Its failure leaves both tokens.
func (e *File) Confirm(token string, isCheckpointed bool) {
	_ = e.writeTokens(token, "", isCheckpointed)
}

func (e *File) writeTokens(token, next string, isCheckpointed bool) error {
	b := make([]byte, tokensSize+4)
	putTokens(b, token, next, isCheckpointed)
	_, err := e.f.WriteAt(b, tokensAt)
	return err
}
