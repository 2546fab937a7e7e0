package deploy_test

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

type ruleFile struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For string
			Labels           map[string]string
			Annotations      struct{ Summary, Description string }
		}
	}
}

// Each alert is complete, has a test, and asks for metrics that the program writes.
func TestAlerts(t *testing.T) {
	var file ruleFile
	d := yaml.NewDecoder(strings.NewReader(read(t, "alerts.yaml")))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	written := read(t, "../../pipeline/report/metrics/metrics.prom.tmpl") + read(t, "../../pipeline/report/metrics/webhooks.prom.tmpl")
	tests := read(t, "alerts.test.yaml")
	metric := regexp.MustCompile(`bulkonboard_[a-z_]+`)
	alerts := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			alerts[r.Alert] = true
			if r.Labels["severity"] == "" || r.Annotations.Summary == "" || r.Annotations.Description == "" {
				t.Errorf("%s lacks a severity, a summary or what to do", r.Alert)
			}
			if !strings.Contains(tests, "alertname: "+r.Alert+"\n") {
				t.Errorf("alerts.test.yaml does not raise %s", r.Alert)
			}
			for _, name := range metric.FindAllString(r.Expr, -1) {
				if !strings.Contains(written, "# TYPE "+name+" ") {
					t.Errorf("%s asks for %s, which the program does not write", r.Alert, name)
				}
			}
		}
	}
	for _, want := range []string{"BulkonboardRunFailed", "BulkonboardNotRun", "BulkonboardWalletLow", "BulkonboardRowsInDoubt"} {
		if !alerts[want] {
			t.Errorf("only %q", slices.Sorted(maps.Keys(alerts)))
		}
	}
}

func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("NOT CHECKED: promtool is not installed, so neither alerts nor metrics were checked by it")
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts.test.yaml"}} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %q: %v\n%s", args, err, out)
		}
	}
	for _, name := range []string{"metrics.prom", "webhooks.prom"} {
		text, err := os.Open("../../pipeline/report/metrics/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
		cmd.Stdin = text
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("promtool check metrics < %s: %v\n%s", name, err, out)
		}
		if err := text.Close(); err != nil {
			t.Error(err)
		}
	}
}
