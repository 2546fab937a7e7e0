package kyc

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const at = `"2025-03-04T05:06:07.5Z"`

func moment() time.Time { return time.Date(2025, 3, 4, 5, 6, 7, 500_000_000, time.UTC) }

func event(name, data string) string {
	return `{"event":"` + name + `","timestamp":` + at + `,"data":` + data + `}`
}

func TestParseEvent(t *testing.T) {
	ok := func(s ledger.KYCStatus, link string) ledger.KYCEvent {
		return ledger.KYCEvent{ServiceID: "acme-1", Status: s, At: moment(), URL: link}
	}
	for _, test := range []struct {
		body string
		want ledger.KYCEvent
		err  error
	}{
		{event("user.kyc.approved", `{"serviceId":"acme-1","status":"approved"}`), ok(ledger.KYCApproved, ""), nil},
		{event("user.kyc.approved", `{"serviceId":"acme-1"}`), ok(ledger.KYCApproved, ""), nil},
		{event("user.kyc.approved", `{"serviceId":"acme-1","status":"pending"}`), ok(ledger.KYCApproved, ""), nil},
		{event("user.kyc.updated", `{"serviceId":"acme-1","status":"denied"}`), ok(ledger.KYCDenied, ""), nil},
		{event("user.kyc-event", `{"serviceId":"acme-1","status":"denied"}`), ok(ledger.KYCDenied, ""), nil},
		{event("user.kyc.manualReview", `{"serviceId":"acme-1","status":"manualReview"}`), ok(ledger.KYCPending, ""), nil},
		{event("user.kyc.needsVerification", `{"serviceId":"acme-1","verificationUrl":"https://withpersona.com/v?a=1"}`), ok(ledger.KYCMore, "https://withpersona.com/v?a=1"), nil},
		{event("user.kyc.approved", `{"serviceId":"acme-1","verificationLink":"https://withpersona.com/v?a=1"}`), ok(ledger.KYCApproved, ""), nil},
		{event("rain.user-event", `{"serviceId":"acme-1","status":"approved"}`), ok(ledger.KYCApproved, ""), nil},
		{event("rain.user-event", `{"serviceId":"acme-1","status":"somethingNew"}`), ledger.KYCEvent{}, ErrOther},
		{event("rain.user-event", `{"serviceId":"acme-1"}`), ledger.KYCEvent{}, ErrOther},
		{event("user.kyc.somethingNew", `{"serviceId":"acme-1","status":"somethingNew"}`), ledger.KYCEvent{}, ErrOther},
		{event("user.kyc-event", `{"serviceId":17,"status":"denied"}`), ledger.KYCEvent{ServiceID: "17", Status: ledger.KYCDenied, At: moment()}, nil},
		{event("user.kyc-event", `{"serviceId":"acme-1","status":{"is":"denied"}}`), ledger.KYCEvent{}, ErrOther},
		{event("user.kyc-event", `"text"`), ledger.KYCEvent{}, ErrOther},
		{event("user.kyc-event", `{"serviceId":"acme-1","status":"needsVerification","verificationLink":"https://withpersona.com/v?a=1"}`), ok(ledger.KYCMore, "https://withpersona.com/v?a=1"), nil},
		{event("user.kyc-event", `{"serviceId":"acme-1","status":"needsVerification","verificationLink":"javascript:alert(1)"}`), ok(ledger.KYCMore, ""), nil},
		{event("user.kyc-event", `{"serviceId":"acme-1","status":"In Review"}`), ok(ledger.KYCPending, ""), nil},
		{event("user.kyc-event", `{"serviceId":"acme-1","status":"somethingNew"}`), ok("something_new", ""), nil},
		{strings.Replace(event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`), at, "1741064767500", 1), ok(ledger.KYCPending, ""), nil},
		{strings.Replace(event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`), at, `"1741064767500"`, 1), ok(ledger.KYCPending, ""), nil},
		{strings.Replace(event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`), at, "1741064767.5", 1), ok(ledger.KYCPending, ""), nil},
		{event("card.created", `{"cardId":"1"}`), ledger.KYCEvent{}, ErrOther},
		{event("user.kyc-event", `{"serviceId":"","status":"pending"}`), ledger.KYCEvent{}, ErrOther},
		{event("user.kyc-event", `{"serviceId":"a b","status":"pending"}`), ledger.KYCEvent{}, ErrOther},
		{event("user.kyc-event", `{"serviceId":"acme-1","status":"<b>"}`), ledger.KYCEvent{}, ErrOther},
		{strings.Replace(event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`), at, `"yesterday"`, 1), ledger.KYCEvent{}, ErrOther},
		{strings.Replace(event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`), at, `"2025-03-04T05:06:07.5+0000"`, 1), ok(ledger.KYCPending, ""), nil},
		{`{"event":"user.kyc-event","timestamp":` + at + `}`, ledger.KYCEvent{}, ErrMalformed},
		{`[]`, ledger.KYCEvent{}, ErrMalformed},
		{``, ledger.KYCEvent{}, ErrMalformed},
		{event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`) + "x", ledger.KYCEvent{}, ErrMalformed},
	} {
		got, err := ParseEvent([]byte(test.body))
		if err != nil {
			got = Event{}
		}
		if !reflect.DeepEqual(got.KYCEvent, test.want) || !errors.Is(err, test.err) {
			t.Errorf("%s:\n got %+v %v\nwant %+v %v", test.body, got, err, test.want, test.err)
		}
	}
}

func TestEvents(t *testing.T) {
	one := event("user.kyc-event", `{"serviceId":"acme-1","status":"pending"}`)
	for _, test := range []struct {
		text  string
		good  int
		bad   int
		fails bool
	}{
		{"", 0, 0, false},
		{one, 1, 0, false},
		{one + "\n" + one + one, 3, 0, false},
		{"\ufeff \n[" + one + "," + one + "]", 2, 0, false},
		{"[]", 0, 0, false},
		{one + `{"a":1}` + one, 2, 1, false},
		{one + "\nnonsense", 1, 0, true},
		{"[" + one + "," + one[:20], 1, 0, true},
	} {
		good, bad := 0, 0
		err := ReadEvents(strings.NewReader(test.text), func(_ Event, err error) bool {
			if err != nil {
				bad++
			} else {
				good++
			}
			return true
		})
		if good != test.good || bad != test.bad || errors.Is(err, ErrMalformed) != test.fails {
			t.Errorf("%.60q: %d good, %d bad, %v", test.text, good, bad, err)
		}
	}
}

func TestReasons(t *testing.T) {
	for data, want := range map[string][]string{
		`"reason":"DOCUMENT_EXPIRED"`:                                     {"DOCUMENT_EXPIRED"},
		`"reason":"DOCUMENT_EXPIRED, SELFIE_MISMATCH"`:                    {"DOCUMENT_EXPIRED", "SELFIE_MISMATCH"},
		`"reason":["SELFIE_MISMATCH","DOCUMENT_EXPIRED"]`:                 {"DOCUMENT_EXPIRED", "SELFIE_MISMATCH"},
		`"reason":[{"code":"A","message":"of a customer"}],"reasons":"A"`: {"A"},
		`"reason":{"codes":["A","B"]}`:                                    {"A", "B"},
		`"details":{"reason":"A","name":"Jane"}`:                          {"A"},
		`"details":"document could not be read"`:                          {"document could not be read"},
		`"reason":null`:                                                   nil,
		`"reason":7`:                                                      nil,
		`"reason":[[[[["deep"]]]]]`:                                       nil,
		`"reason":"\u202e\u0000"`:                                         nil,
	} {
		e, err := ParseEvent([]byte(event("user.kyc-event", `{"serviceId":"acme-1","status":"denied",`+data+`}`)))
		if err != nil || !slices.Equal(e.Reasons, want) {
			t.Errorf("%s: %q, %v", data, e.Reasons, err)
		}
		e, err = ParseEvent([]byte(event("user.kyc-event", `{"serviceId":"acme-1","status":"approved",`+data+`}`)))
		if err != nil || e.Reasons != nil {
			t.Errorf("approved, %s: %q, %v", data, e.Reasons, err)
		}
	}
}

// What is logged names an event and nothing else.
func TestEventNames(t *testing.T) {
	for name, want := range map[string]string{
		"rain.user-event":                 "rain.user-event",
		"a b\\nc \\u001b[31m@example.com": "a?b?c???31m?example.com",
		strings.Repeat("user.kyc", 20):    strings.Repeat("user.kyc", 8),
	} {
		e, err := ParseEvent([]byte(event(name, `{"serviceId":"acme-1","partnerId":12}`)))
		if !errors.Is(err, ErrOther) || e.Name != want || e.ServiceID != "acme-1" || e.PartnerID != "12" {
			t.Errorf("%q: %+v, %v", name, e, err)
		}
	}
}

// What is read is fit for the ledger, whatever came.
func FuzzParseEvent(f *testing.F) {
	f.Add(event("user.kyc-event", `{"serviceId":"acme-1","status":"needsVerification","verificationLink":"https://withpersona.com/v"}`))
	f.Add(event("user.kyc.approved", `{"serviceId":"acme-1"}`))
	f.Add(`{"type":"user.kyc","createdAt":1741064767,"data":{"serviceId":"x","status":"denied"}}`)
	f.Add(`{"event":"user.kyc.denied","timestamp":"2025-03-04T05:06:07Z","data":{"serviceId":"x","partnerId":7,"details":{"codes":["A",{"code":"B"}]}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		e, err := ParseEvent([]byte(body))
		if err != nil {
			return
		}
		if _, changed := (ledger.KYC{}).After(e.KYCEvent); !changed {
			t.Errorf("the ledger would not take %+v", e)
		}
		if e.URL != "" && !strings.HasPrefix(strings.ToLower(e.URL), "https://") || slices.ContainsFunc([]byte(e.ServiceID+string(e.Status)+e.Name), func(b byte) bool { return b <= ' ' || b > '~' }) {
			t.Errorf("%+v", e)
		}
	})
}
