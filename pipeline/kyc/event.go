package kyc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/partner"
)

// Errors about events.
var (
	// ErrOther: a whole event, but not of an identity check, or without a
	// serviceId and a status. There is nothing to record.
	ErrOther = errors.New("not an event of an identity check")
	// ErrMalformed: not an event at all.
	ErrMalformed = errors.New("not a webhook event: JSON with event, timestamp and data is expected")
)

// wireEvent is a webhook: user.kyc.approved of the vendor's create-user page,
// and user.kyc-event with its statuses of the newer public docs. Names, e-mails
// and the reason of a denial are not read: nothing here needs them.
type wireEvent struct {
	Event     string          `json:"event"`
	Type      string          `json:"type"`
	Timestamp json.RawMessage `json:"timestamp"`
	CreatedAt json.RawMessage `json:"createdAt"`
	Data      *struct {
		ServiceID        string `json:"serviceId"`
		Status           string `json:"status"`
		VerificationLink string `json:"verificationLink"`
		VerificationURL  string `json:"verificationUrl"`
	} `json:"data"`
}

const maxServiceID = 200 // bytes

// ParseEvent reads one webhook body. The error is ErrOther or ErrMalformed.
func ParseEvent(body []byte) (ledger.KYCEvent, error) {
	var w wireEvent
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &w) != nil {
		return ledger.KYCEvent{}, ErrMalformed
	}
	return w.event()
}

func (w wireEvent) event() (ledger.KYCEvent, error) {
	name := w.Event
	if name == "" {
		name = w.Type
	}
	if name == "" || w.Data == nil {
		return ledger.KYCEvent{}, ErrMalformed
	}
	kind, is := strings.CutPrefix(name, "user.kyc")
	if !is {
		return ledger.KYCEvent{}, ErrOther
	}
	e := ledger.KYCEvent{ServiceID: w.Data.ServiceID, Status: StatusOf(w.Data.Status), At: readTime(w.Timestamp)}
	if e.At.IsZero() {
		e.At = readTime(w.CreatedAt)
	}
	if outcome, named := strings.CutPrefix(kind, "."); named && slices.Contains(ledger.KYCStatuses()[1:], StatusOf(outcome)) {
		e.Status = StatusOf(outcome) // the name says it, whatever the data says
	}
	for _, link := range []string{w.Data.VerificationLink, w.Data.VerificationURL} {
		if e.URL == "" && partner.IsLink(link) {
			e.URL = link
		}
	}
	if e.At.IsZero() {
		return e, ErrMalformed
	}
	if e.Status == ledger.KYCUnknown || e.ServiceID == "" || len(e.ServiceID) > maxServiceID || strings.ContainsFunc(e.ServiceID, notToken) {
		return e, ErrOther
	}
	return e, nil
}

func notToken(r rune) bool { return r <= ' ' || r > '~' }

// StatusOf is the partner's word for a status as the ledger has it: in lower
// case with underscores, and one word for each meaning that is known.
func StatusOf(word string) ledger.KYCStatus {
	var b strings.Builder
	small := false
	for _, r := range strings.TrimSpace(word) {
		switch {
		case r == '-' || r == ' ' || r == '_' || r == '.':
			b.WriteByte('_')
			small = false
			continue
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			return ledger.KYCUnknown
		case unicode.IsUpper(r) && small:
			b.WriteByte('_')
		}
		small = unicode.IsLower(r) || unicode.IsDigit(r)
		b.WriteRune(unicode.ToLower(r))
	}
	if b.Len() > 64 {
		return ledger.KYCUnknown
	}
	switch s := ledger.KYCStatus(b.String()); s {
	case "not_started", "created", "initiated":
		return ledger.KYCNotBegun
	case "in_review", "under_review", "processing", "pending_review":
		return ledger.KYCPending
	case "rejected", "declined":
		return ledger.KYCDenied
	case "needs_information", "resubmission_requested", "need_verification":
		return ledger.KYCMore
	case "verified", "completed":
		return ledger.KYCApproved
	default:
		return s
	}
}

// readTime takes RFC 3339, and seconds or milliseconds since 1970 as a number,
// with or without a fraction, or its text. Anything else is no time.
func readTime(raw json.RawMessage) time.Time {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t.UTC()
		}
		raw = json.RawMessage(text)
	}
	var n float64
	switch json.Unmarshal(raw, &n); {
	case n > 1e12 && n < 1e13: // 2001 to 2286
		return time.UnixMilli(int64(n)).UTC()
	case n > 1e9 && n < 1e10:
		return time.UnixMilli(int64(n * 1000)).UTC()
	}
	return time.Time{}
}

// Events yields the events of a file: one JSON object after the other, or an
// array of them. ErrOther and ErrMalformed come with the event's number, from
// 1, and do not end it; a file that is no JSON from some place on does.
func Events(r io.Reader, yield func(ledger.KYCEvent, error) bool) error {
	in := bufio.NewReader(r)
	array, err := opensArray(in)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(in)
	if array {
		if _, err := dec.Token(); err != nil {
			return fmt.Errorf("event 1: %w", ErrMalformed)
		}
	}
	for n := 1; !array || dec.More(); n++ {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) && !array {
			return nil
		}
		if err != nil {
			return fmt.Errorf("event %d: %w", n, ErrMalformed)
		}
		e, err := ParseEvent(raw)
		if err != nil {
			err = fmt.Errorf("event %d: %w", n, err)
		}
		if !yield(e, err) {
			return nil
		}
	}
	return nil
}

// opensArray looks at the first byte that is neither a mark nor white space.
func opensArray(in *bufio.Reader) (bool, error) {
	for {
		r, _, err := in.ReadRune()
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		case r == '\ufeff' || unicode.IsSpace(r):
			continue
		}
		return r == '[', in.UnreadRune()
	}
}
