package metrics

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestWebhooksGolden(t *testing.T) {
	const path = "testdata/webhooks.prom"
	var out bytes.Buffer
	if err := (Webhooks{Environment: "production", Ledger: "prod.db", Version: "v1.2.0", Started: at(0), LastRecorded: at(9), Writable: true,
		Events: map[EventResult]int{EventRecorded: 40}, Responses: map[int]int{204: 41, 413: 1}}).Encode(&out); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || out.String() != string(want) {
		t.Errorf("%s differs (run with -update to accept): %v; got\n%s", path, err, &out)
	}
}

func TestWebhooksFollowTheRules(t *testing.T) {
	for _, test := range []struct {
		name   string
		value  Webhooks
		want   []string
		absent string
	}{
		{"nothing came in", Webhooks{Started: at(0)}, []string{
			`bulkonboard_webhook_ledger_writable 0`, `bulkonboard_webhook_events_total{result="recorded"} 0`,
			`bulkonboard_webhook_responses_total{code="503"} 0`}, "last_event"},
		{"events", Webhooks{Environment: "production", Ledger: "p.db", Version: "v1.2.0", Started: at(0), LastRecorded: at(9), Writable: true,
			Events: map[EventResult]int{EventRecorded: 3, EventSkipped: 1}, Responses: map[int]int{204: 4, 413: 2}}, []string{
			`bulkonboard_webhook_ledger_writable{environment="production",ledger="p.db"} 1`,
			`bulkonboard_webhook_events_total{environment="production",ledger="p.db",result="skipped"} 1`,
			`bulkonboard_webhook_responses_total{environment="production",ledger="p.db",code="413"} 2`,
			`bulkonboard_webhook_last_event_timestamp_seconds{environment="production",ledger="p.db"} 1772355609`}, `="p.db"} 0`},
	} {
		var out bytes.Buffer
		if err := test.value.Encode(&out); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if err := checkExposition(text); err != nil {
			t.Errorf("%s: %v in\n%s", test.name, err, text)
		}
		for _, want := range test.want {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("%s: no %q in\n%s", test.name, want, text)
			}
		}
		if strings.Contains(text, test.absent) {
			t.Errorf("%s: %q in\n%s", test.name, test.absent, text)
		}
	}
}
