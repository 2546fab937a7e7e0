package approval

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Lifetime is how long a plan can be decided on and carried out.
const Lifetime = 24 * time.Hour

const termsVersion = 1

// Terms are everything that a plan binds. They hold no personal data. Amounts are
// plain decimals, "" if not known.
type Terms struct {
	Version int       `json:"version"`
	Nonce   string    `json:"nonce"` // makes the plans of one list different
	Made    time.Time `json:"madeAt"`
	Expires time.Time `json:"expiresAt"`
	Maker   Person    `json:"maker"`
	Editors []Person  `json:"editors,omitempty"` // who else had a hand in the list

	Environment string         `json:"environment"`
	Host        string         `json:"host"` // of the partner
	Account     ledger.Account `json:"account"`
	KeyPrint    string         `json:"keyFingerprint"`

	Fingerprint string    `json:"fingerprint"` // of the list: bytes of all files, reading settings, decisions, rules
	Rules       int       `json:"rulesVersion"`
	Files       []File    `json:"files"`
	Rows        int       `json:"rows"`              // of the list
	Send        int       `json:"send"`              // rows that may be sent
	InDoubt     int       `json:"inDoubt"`           // rows that may be sent once it is known that they have no user
	LeftOut     []LeftOut `json:"leftOut"`           // the others, and why
	RowDigest   string    `json:"rowDigest"`         // over all rows that may be sent; see DigestRows
	Sample      []Place   `json:"sample,omitempty"`  // some of the rows that may be sent, drawn at random, for the second person to look at
	Decided     []string  `json:"decided,omitempty"` // what was decided about the whole list, as flags
	Last        *LastRun  `json:"lastRun"`           // of a list of the same name; null if there was none

	Fee      string  `json:"fee"`
	AtMost   string  `json:"atMost"` // what the rows can cost together
	Currency string  `json:"currency"`
	Wallet   string  `json:"wallet"`        // what it held when the plan was made
	Keep     string  `json:"keepBalance"`   // what a run leaves in it
	Rate     float64 `json:"ratePerSecond"` // ceiling; 0 = unlimited
}

// Person is an account of the operating system. It stands for whoever uses it.
type Person struct {
	User string `json:"user"`
	Host string `json:"host"`
}

func (p Person) String() string { return p.User + "@" + p.Host }

// File is one file of the list, by the last part of its name.
type File struct {
	Name   string `json:"name"`
	Sheet  string `json:"sheet,omitempty"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}

// Place is where a row is: the number of its file, from 0, and its row as a spreadsheet
// program shows it.
type Place struct {
	File int `json:"file"`
	Row  int `json:"row"`
}

// LeftOut is how many rows are not sent for a reason.
type LeftOut struct {
	Status ledger.Status `json:"status"`
	Code   string        `json:"code,omitempty"`
	Rows   int           `json:"rows"`
}

// LastRun is the newest run of a list of the same name, and how this list differs.
type LastRun struct {
	Run     int64     `json:"run"`
	At      time.Time `json:"at"`
	Rows    int       `json:"rows"`    // of the list then
	Created int       `json:"created"` // users that it created
	Added   int       `json:"added"`   // customers of this list who were not in that one
	Gone    int       `json:"gone"`    // customers of that list who are not in this one
}

// MaySend returns how many rows may be sent at most.
func (t *Terms) MaySend() int { return t.Send + t.InDoubt }

// Encode fixes the terms of a plan that is made at a moment: it returns them as the
// text that is kept, signed and compared, and the plan's ID.
func (t *Terms) Encode(made time.Time) (text, id string, err error) {
	t.Version, t.Nonce = termsVersion, rand.Text()
	t.Made = made.UTC().Truncate(time.Second)
	t.Expires = t.Made.Add(Lifetime)
	b, err := json.Marshal(t)
	return string(b), IDOf(string(b)), err
}

// IDOf returns the ID of the plan with these terms.
func IDOf(terms string) string {
	sum := sha256.Sum256([]byte(terms))
	return hex.EncodeToString(sum[:8])
}

// IsID reports whether a text has the form of an ID.
func IsID(text string) bool {
	return len(text) == 16 && strings.Trim(text, "0123456789abcdef") == ""
}

// ParseTerms reads the text of terms.
func ParseTerms(text string) (Terms, error) {
	var t Terms
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return t, fmt.Errorf("the terms of the plan cannot be read: %w", err)
	}
	if t.Version != termsVersion {
		return t, fmt.Errorf("the plan has version %d, and this program knows %d: use the program that made it", t.Version, termsVersion)
	}
	return t, nil
}

// DigestRows returns the digest over all rows that a plan allows to be sent, in input
// order.
func DigestRows(rows iter.Seq[ledger.PlanRow]) string {
	h := sha256.New()
	for r := range rows {
		h.Write(r.Customer[:])
		h.Write(r.Details[:])
		_ = binary.Write(h, binary.BigEndian, r.Generation) // a hash accepts everything
	}
	return hex.EncodeToString(h.Sum(nil))
}
