package settings

import (
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

func TestRate(t *testing.T) {
	for text, want := range map[string]float64{"5/s": 5, "300/m": 5, "3600/h": 1, "0.5/s": 0.5} {
		var r Rate
		if err := r.Set(text); err != nil || r.PerSecond != want || r.Unlimited {
			t.Errorf("%s: %v, %v", text, r, err)
		}
	}
	var r Rate
	if err := r.Set("unlimited"); err != nil || !r.Unlimited {
		t.Errorf("unlimited: %v, %v", r, err)
	}
	for _, text := range []string{"", "5", "0/s", "-1/s", "5/d", "NaN/s", "Inf/s", "1e9/s", "s/5"} {
		if err := r.Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestBound(t *testing.T) {
	b := Bound{none: true}
	for text, want := range map[string]pipeline.Bound{"50": {Count: 50}, "2%": {Percent: 2}, "none": {Count: -1}} {
		if err := b.Set(text); err != nil || b.Bound != want {
			t.Errorf("%s: %v, %v", text, b.Bound, err)
		}
	}
	b.none = false
	for _, text := range []string{"", "0", "-3", "0%", "101%", "x", "none", "NaN%"} {
		if err := b.Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestAmountPairsSpan(t *testing.T) {
	var a Amount
	if err := a.Set("0.50"); err != nil || a.String() != "0.50" {
		t.Errorf("0.50: %v, %v", a, err)
	}
	for _, text := range []string{"", "-1", "1e3", "free", "1/3"} {
		if err := a.Set(text); err == nil {
			t.Errorf("amount %q was taken", text)
		}
	}
	var p Pairs
	for text, ok := range map[string]bool{"a=b=c": true, "a": false, "=b": false, "c=": false, "d= ": false} {
		if err := p.Set(text); (err == nil) != ok {
			t.Errorf("pair %q: %v", text, err)
		}
	}
	if p.Map()["a"] != "b=c" || p.Set("a=again") == nil {
		t.Errorf("pairs %v", p.list)
	}
	s := Span{Positive: true}
	for text, ok := range map[string]bool{"30s": true, "0s": false, "-1s": false, "5": false} {
		if err := s.Set(text); (err == nil) != ok {
			t.Errorf("span %q: %v", text, err)
		}
	}
	if got := term.ShortDuration(90 * time.Minute); got != "1h30m" {
		t.Errorf("90 minutes are %s", got)
	}
	if got := term.ShortDuration(2 * time.Hour); got != "2h" {
		t.Errorf("two hours are %s", got)
	}
}
