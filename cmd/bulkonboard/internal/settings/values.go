package settings

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// The typed values of flags. Each is a pflag.Value: Set refuses what makes no
// sense before anything is opened.

// Rate is requests a second.
type Rate struct {
	PerSecond float64
	Unlimited bool
	Text      string
}

func (r *Rate) String() string { return r.Text }

func (r *Rate) Type() string { return "N/s" }

func (r *Rate) Set(text string) error {
	if text == "unlimited" {
		*r = Rate{Unlimited: true, Text: text}
		return nil
	}
	number, unit, ok := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	seconds := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	if !ok || err != nil || seconds == 0 || !(n > 0) || n > 1e6 || math.IsInf(n, 0) {
		return fmt.Errorf("write 5/s, 300/m, 1000/h or unlimited")
	}
	*r = Rate{PerSecond: n / seconds, Text: text}
	return nil
}

// Bound is a number of rows or a share of them.
type Bound struct {
	pipeline.Bound
	none bool // "none" is allowed
	text string
}

func (b *Bound) String() string { return b.text }

func (b *Bound) Type() string { return "N or N%" }

func (b *Bound) Set(text string) error {
	if text == "none" && b.none {
		b.Bound, b.text = pipeline.Bound{Count: -1}, text
		return nil
	}
	number, percent := strings.CutSuffix(text, "%")
	if percent {
		p, err := strconv.ParseFloat(number, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return fmt.Errorf("write a percentage above 0%% and up to 100%%")
		}
		b.Bound, b.text = pipeline.Bound{Percent: p}, text
		return nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return fmt.Errorf("write a number of rows from 1, or a percentage such as 2%%")
	}
	b.Bound, b.text = pipeline.Bound{Count: n}, text
	return nil
}

// Amount is money.
type Amount struct{ pipeline.Amount }

func (a *Amount) Type() string { return "AMOUNT" }

func (a *Amount) Set(text string) error {
	v, err := pipeline.ParseAmount(text)
	if err != nil {
		return err
	}
	if !v.Known() || v.Cmp(pipeline.Amount{}) < 0 {
		return fmt.Errorf("write an amount such as 12.50, not a negative one")
	}
	a.Amount = v
	return nil
}

// Pairs are FIELD=VALUE, in the order given.
type Pairs struct{ list []pair }

type pair struct{ name, value string }

func (p *Pairs) Type() string { return "FIELD=VALUE" }

func (p *Pairs) String() string { return strings.Join(p.Texts(), " ") }

// Texts returns the pairs as they were given.
func (p *Pairs) Texts() []string {
	texts := make([]string, len(p.list))
	for i, kv := range p.list {
		texts[i] = kv.name + "=" + kv.value
	}
	return texts
}

func (p *Pairs) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if name = strings.TrimSpace(name); !ok || name == "" || strings.TrimSpace(value) == "" {
		return fmt.Errorf("write FIELD=VALUE")
	}
	if slices.ContainsFunc(p.list, func(kv pair) bool { return kv.name == name }) {
		return fmt.Errorf("%s is given twice", name)
	}
	p.list = append(p.list, pair{name, value})
	return nil
}

// Map returns the pairs by name; nil without any.
func (p *Pairs) Map() map[string]string {
	if len(p.list) == 0 {
		return nil
	}
	m := make(map[string]string, len(p.list))
	for _, kv := range p.list {
		m[kv.name] = kv.value
	}
	return m
}

// Choice is one of a few words.
type Choice struct {
	Value string
	Words []string
}

func (c *Choice) String() string { return c.Value }

func (c *Choice) Type() string { return strings.Join(c.Words, "|") }

func (c *Choice) Set(text string) error {
	if !slices.Contains(c.Words, text) {
		return fmt.Errorf("use %s", strings.Join(c.Words, " or "))
	}
	c.Value = text
	return nil
}

// Count is a whole number from a least value on.
type Count struct {
	N    int
	Min  int
	auto bool // "auto" is allowed and is 0
}

func (c *Count) Type() string { return "N" }

func (c *Count) String() string {
	if c.N == 0 && c.auto {
		return "auto"
	}
	return strconv.Itoa(c.N)
}

func (c *Count) Set(text string) error {
	if text == "auto" && c.auto {
		c.N = 0
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < c.Min {
		return fmt.Errorf("write a whole number from %d", c.Min)
	}
	c.N = n
	return nil
}

// Span is a length of time that is not negative.
type Span struct {
	time.Duration
	Positive bool
}

func (s *Span) Type() string { return "D" }

func (s *Span) String() string {
	if s.Duration == 0 {
		return ""
	}
	return term.ShortDuration(s.Duration)
}

func (s *Span) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || s.Positive && d == 0 {
		return fmt.Errorf("write a duration such as 30s, 5m or 2h")
	}
	s.Duration = d
	return nil
}

// Age is a span that may be given in days.
type Age struct{ Span }

// Set reads a number of days such as 7d, or what a span is.
func (a *Age) Set(text string) error {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n <= 36_500 && (n > 0 || !a.Positive) {
			a.Duration = time.Duration(n) * 24 * time.Hour
			return nil
		}
	} else if a.Span.Set(text) == nil {
		return nil
	}
	return errors.New("write an age such as 7d or 36h")
}
