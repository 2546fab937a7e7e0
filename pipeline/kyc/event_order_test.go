package kyc

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/memory"
	"github.com/bulkonboard/bulkonboard/pipeline/partner/sandbox"
)

const recordedUser, recordedPartner = "acme-rain-user-7f3k2m9q1x5c8vb", "66b0c1d2e3f4a5b6c7d8e9f0"

// recorded are the bodies in a file of testdata, one a line.
func recorded(t *testing.T, name string) (bodies []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for lines.Scan() {
		bodies = append(bodies, lines.Text())
	}
	return bodies
}

func recordedLedger(t *testing.T) *memory.Ledger {
	t.Helper()
	return created(t, ledger.Created, 1, []sandbox.User{{ServiceID: recordedUser}})
}

// endpoint is an Endpoint over a ledger, a day after the recorded events.
func endpoint(t *testing.T, l Ledger, skipped *[]string) http.Handler {
	t.Helper()
	h, err := Handler(Endpoint{Ledger: l, Secrets: [][]byte{[]byte("whsec_1")}, PartnerID: recordedPartner,
		Skipped: func(name string, why error) { *skipped = append(*skipped, name+": "+why.Error()) },
		Now:     func() time.Time { return time.Date(2026, 2, 7, 0, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func deliver(h http.Handler, body string) int {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Webhook-Signature", hex.EncodeToString(sum("whsec_1", body)))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// Each event of the three generations says what it says.
func TestRecordedEvents(t *testing.T) {
	want := []string{
		"pending []", "needs_verification []", "pending []", "denied [DOCUMENT_EXPIRED]", "denied []", "needs_verification []",
		"needs_verification [] https://withpersona.com/verify?inquiry-id=inq_2b7QkR&session-token=s1",
		"needs_verification [] https://withpersona.com/verify?inquiry-id=inq_2b7QkR&session-token=s2",
		"denied [DOCUMENT_UNREADABLE SELFIE_MISMATCH]", "approved []",
	}
	var got []string
	for _, body := range recorded(t, "events.jsonl") {
		e, err := ParseEvent([]byte(body))
		if err != nil || e.ServiceID != recordedUser || e.At.IsZero() {
			t.Errorf("%s: %+v, %v", body, e, err)
		}
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %v %s", e.Status, e.Reasons, e.URL)))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// What is not understood, or of another account, changes nothing and is reported by name.
func TestSkippedEvents(t *testing.T) {
	l, skipped := recordedLedger(t), []string(nil)
	h := endpoint(t, l, &skipped)
	for _, body := range recorded(t, "skipped.jsonl") {
		if code := deliver(h, body); code != http.StatusNoContent {
			t.Errorf("%d for %s", code, body)
		}
	}
	want := []string{"rain.user-event: " + ErrOther.Error(), "user.kyc.escalated: " + ErrOther.Error(), "user.card-event: " + ErrOther.Error(),
		"user.kyc.denied: " + ErrOtherAccount.Error(), "user.kyc-event: " + ErrOther.Error()}
	if !slices.Equal(skipped, want) {
		t.Errorf("%q", skipped)
	}
	c := customers(t, l)[0]
	if c.KYC.Status != ledger.KYCUnknown || c.KYC.Reasons != nil || !c.KYC.Linked.IsZero() {
		t.Errorf("%+v", c.KYC)
	}

	var again []string
	out, err := Import(t.Context(), ImportConfig{Ledger: l, PartnerID: recordedPartner,
		Skipped: func(name string, why error) { again = append(again, name+": "+why.Error()) }},
		strings.NewReader(strings.Join(recorded(t, "skipped.jsonl"), "\n")))
	if err != nil || out != (Imported{Unknown: 4, OtherAccount: 1, Others: 1}) || !slices.Equal(again, want) {
		t.Errorf("%+v, %q, %v", out, again, err)
	}
}

// Whatever the order in which events arrive, and however often, the end is the same.
func TestEventsInAnyOrder(t *testing.T) {
	bodies := recorded(t, "events.jsonl")
	const link = "https://withpersona.com/verify?inquiry-id=inq_2b7QkR&session-token=s2"
	day := func(d, hour, minute int) time.Time { return time.Date(2026, 2, d, hour, minute, 0, 0, time.UTC) }
	want := fmt.Sprintf("%+v", ledger.KYC{Status: ledger.KYCApproved, At: day(5, 8, 0), Seen: day(5, 8, 0),
		Reasons: []string{"DOCUMENT_UNREADABLE", "SELFIE_MISMATCH"}, Denied: day(4, 9, 15), Linked: day(3, 12, 0)})
	rapid.Check(t, func(r *rapid.T) {
		l, skipped := recordedLedger(t), []string(nil)
		h := endpoint(t, l, &skipped)
		order := rapid.Permutation(bodies).Draw(r, "order")
		order = append(order, rapid.SliceOfN(rapid.SampledFrom(bodies), 0, 8).Draw(r, "again")...)
		for _, body := range order {
			if code := deliver(h, body); code != http.StatusNoContent {
				r.Fatalf("%d for %s", code, body)
			}
		}
		c := customers(t, l)[0]
		if got := fmt.Sprintf("%+v", c.KYC); got != want || c.UsableURL() != link || len(skipped) > 0 {
			r.Fatalf("%s\nwant %s\n%s, skipped %q", got, want, c.UsableURL(), skipped)
		}
	})
}
