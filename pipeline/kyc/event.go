package kyc

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Errors about events.
var (
	// ErrOther is returned for a valid event that is not about an identity check, or that
	// lacks the user, the time or the status. There is nothing to record. If the Event has
	// a serviceId of ours, log its name.
	ErrOther = errors.New("not an event of an identity check, or in an unknown form")
	// ErrMalformed is returned for a body that is no event.
	ErrMalformed = errors.New("not a webhook event: JSON with event, timestamp and data is expected")
)

// Event is a webhook as it was read. Its link is to be treated like a password.
type Event struct {
	ledger.KYCEvent
	Name      string // as the partner calls it, fit for a log
	PartnerID string // whose account it is of; "" = it does not say
}

// wireEvent is a webhook of any generation. Names and e-mails are not read: nothing
// here needs them. What is not text where text is expected counts as not given.
type wireEvent struct {
	Event     json.RawMessage `json:"event"`
	Type      json.RawMessage `json:"type"`
	Timestamp json.RawMessage `json:"timestamp"`
	CreatedAt json.RawMessage `json:"createdAt"`
	Data      json.RawMessage `json:"data"`
}

type wireData struct {
	ServiceID        json.RawMessage `json:"serviceId"`
	PartnerID        json.RawMessage `json:"partnerId"`
	Status           json.RawMessage `json:"status"`
	Reason           json.RawMessage `json:"reason"`
	Reasons          json.RawMessage `json:"reasons"`
	Details          json.RawMessage `json:"details"`
	VerificationLink json.RawMessage `json:"verificationLink"`
	VerificationURL  json.RawMessage `json:"verificationUrl"`
}

const maxName = 64 // of an event, in bytes

// ParseEvent reads one webhook body. The error is ErrOther or ErrMalformed; with
// ErrOther the Event has what could be read of name, serviceId and partnerId.
func ParseEvent(body []byte) (Event, error) {
	var w wireEvent
	if json.Unmarshal(bytes.TrimPrefix(body, []byte("\ufeff")), &w) != nil {
		return Event{}, ErrMalformed
	}
	name := cmp.Or(textOf(w.Event), textOf(w.Type))
	if name == "" || len(w.Data) == 0 {
		return Event{}, ErrMalformed
	}
	var d wireData
	if json.Unmarshal(w.Data, &d) != nil {
		d = wireData{} // not an object: as if it were empty
	}
	e := Event{Name: logName(name), PartnerID: idOf(d.PartnerID)}
	e.ServiceID = idOf(d.ServiceID)
	if e.At = readTime(w.Timestamp); e.At.IsZero() {
		e.At = readTime(w.CreatedAt)
	}
	form, isCheck := formOf(name)
	if isCheck {
		e.Status = form.statusOf(textOf(d.Status))
	}
	if e.Status == ledger.KYCUnknown || e.ServiceID == "" || e.At.IsZero() {
		return e, ErrOther
	}
	if e.Status == ledger.KYCDenied {
		e.Reasons = ledger.KYCReasons(slices.Concat(reasonsOf(d.Reason), reasonsOf(d.Reasons), reasonsOf(d.Details)))
	}
	if e.Status.Open() { // else the user has nothing to open
		e.URL = linkOf(d.VerificationLink, d.VerificationURL)
	}
	return e, nil
}

// linkOf returns the first of the members that is a link to be shown, "" if none is.
func linkOf(members ...json.RawMessage) string {
	for _, m := range members {
		if link := textOf(m); ledger.ValidLink(link) {
			return link
		}
	}
	return ""
}

func textOf(raw json.RawMessage) (text string) {
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// idOf returns an identifier that is text or a number, "" for anything else.
func idOf(raw json.RawMessage) string {
	id := textOf(raw)
	var n json.Number
	if id == "" && json.Unmarshal(raw, &n) == nil {
		id = n.String()
	}
	if !ledger.ValidToken(id) {
		return ""
	}
	return id
}

// logName returns the name of an event, fit for a log.
func logName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r <= unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '?'
	}, name)
	return name[:min(len(name), maxName)]
}

const (
	maxReasonDepth  = 3     // how deep reasons are looked for in objects and lists
	maxReasonValues = 1_000 // looked at in one member
)

// reasonsOf returns the denial codes of a member: a text with one or more of them,
// a list, or an object that names them. Which it is, the public docs do not say.
func reasonsOf(raw json.RawMessage) []string {
	left := maxReasonValues
	return reasonsIn(raw, 0, &left)
}

// reasonsIn returns the codes of a value at a depth in a member, and looks at no
// more than *left further values.
func reasonsIn(raw json.RawMessage, depth int, left *int) (all []string) {
	if *left--; depth > maxReasonDepth || *left < 0 {
		return nil
	}
	if text := textOf(raw); text != "" {
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '|' || r == '\n' })
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		for _, r := range list[:min(len(list), maxReasonValues)] {
			all = append(all, reasonsIn(r, depth+1, left)...)
		}
		return all
	}
	var o struct {
		Code    json.RawMessage `json:"code"`
		Codes   json.RawMessage `json:"codes"`
		Reason  json.RawMessage `json:"reason"`
		Reasons json.RawMessage `json:"reasons"`
	}
	if json.Unmarshal(raw, &o) == nil {
		for _, r := range []json.RawMessage{o.Code, o.Codes, o.Reason, o.Reasons} {
			all = append(all, reasonsIn(r, depth+1, left)...)
		}
	}
	return all
}

// readTime reads RFC 3339, and seconds or milliseconds since 1970 as a number,
// with or without a fraction, or its text. Anything else is no time.
func readTime(raw json.RawMessage) time.Time {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} {
			if t, err := time.Parse(form, text); err == nil {
				return t.UTC()
			}
		}
		raw = json.RawMessage(text)
	}
	var n float64
	if json.Unmarshal(raw, &n) != nil {
		return time.Time{}
	}
	switch {
	case n > 1e12 && n < 1e13: // 2001 to 2286
		return time.UnixMilli(int64(n)).UTC()
	case n > 1e9 && n < 1e10:
		return time.UnixMilli(int64(n * 1000)).UTC()
	}
	return time.Time{}
}

// ReadEvents yields the events of a file: one JSON object after the other, or an
// array of them. ErrOther and ErrMalformed come with the event's number, from
// 1, and do not end it; a file that is no JSON from some place on does.
func ReadEvents(r io.Reader, yield func(Event, error) bool) error {
	bounded := limits.NewRecordReader(r)
	in := bufio.NewReader(bounded)
	array, err := opensArray(in)
	if errors.Is(err, limits.ErrRecord) {
		return fmt.Errorf("event 1: %w: %w", ErrMalformed, err)
	}
	if err != nil {
		return err
	}
	dec := json.NewDecoder(in)
	if array {
		if _, err := dec.Token(); err != nil {
			return fmt.Errorf("event 1: %w", ErrMalformed)
		}
	}
	n := 1
	for ; !array || dec.More(); n++ {
		bounded.NextRecord()
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) && !array {
			return nil
		}
		if errors.Is(err, limits.ErrRecord) {
			return fmt.Errorf("event %d: %w: %w", n, ErrMalformed, err)
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
		bounded.NextRecord()
	}
	if _, err := dec.Token(); err != nil { // cut short, or something else than an array's end
		return fmt.Errorf("event %d: %w", n, ErrMalformed)
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
