package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline"
)

// The typed values of flags. Each is a pflag.Value: Set refuses what makes no
// sense before anything is opened.

// rate is requests a second.
type rate struct {
	perSecond float64
	unlimited bool
	text      string
}

func (r *rate) String() string { return r.text }
func (r *rate) Type() string   { return "N/s" }
func (r *rate) Set(text string) error {
	if text == "unlimited" {
		*r = rate{unlimited: true, text: text}
		return nil
	}
	number, unit, ok := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	seconds := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	if !ok || err != nil || seconds == 0 || !(n > 0) || n > 1e6 || math.IsInf(n, 0) {
		return fmt.Errorf("a rate is written 5/s, 300/m, 1000/h or unlimited")
	}
	*r = rate{perSecond: n / seconds, text: text}
	return nil
}

// bound is a number of rows or a share of them.
type bound struct {
	pipeline.Bound
	none bool // "none" is allowed
	text string
}

func (b *bound) String() string { return b.text }
func (b *bound) Type() string   { return "N or N%" }
func (b *bound) Set(text string) error {
	if text == "none" && b.none {
		b.Bound, b.text = pipeline.Bound{Count: -1}, text
		return nil
	}
	number, percent := strings.CutSuffix(text, "%")
	if percent {
		p, err := strconv.ParseFloat(number, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return fmt.Errorf("a share is above 0%% and at most 100%%")
		}
		b.Bound, b.text = pipeline.Bound{Percent: p}, text
		return nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return fmt.Errorf("write a number of rows from 1, or a share such as 2%%")
	}
	b.Bound, b.text = pipeline.Bound{Count: n}, text
	return nil
}

// amount is money.
type amount struct{ pipeline.Amount }

func (a *amount) Type() string { return "AMOUNT" }
func (a *amount) Set(text string) error {
	v, err := pipeline.ParseAmount(text)
	if err != nil {
		return err
	}
	if !v.Known() || v.Cmp(pipeline.Amount{}) < 0 {
		return fmt.Errorf("an amount is not negative; write it like 12.50")
	}
	a.Amount = v
	return nil
}

// pairs are FIELD=VALUE, in the order given.
type pairs struct{ list []pair }

type pair struct{ name, value string }

func (p *pairs) Type() string   { return "FIELD=VALUE" }
func (p *pairs) String() string { return strings.Join(p.texts(), " ") }

func (p *pairs) texts() []string {
	texts := make([]string, len(p.list))
	for i, kv := range p.list {
		texts[i] = kv.name + "=" + kv.value
	}
	return texts
}
func (p *pairs) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if name = strings.TrimSpace(name); !ok || name == "" || strings.TrimSpace(value) == "" {
		return fmt.Errorf("write FIELD=VALUE")
	}
	for _, kv := range p.list {
		if kv.name == name {
			return fmt.Errorf("%s is given twice", name)
		}
	}
	p.list = append(p.list, pair{name, value})
	return nil
}

// Map is the pairs by name; nil without any.
func (p *pairs) Map() map[string]string {
	if len(p.list) == 0 {
		return nil
	}
	m := make(map[string]string, len(p.list))
	for _, kv := range p.list {
		m[kv.name] = kv.value
	}
	return m
}

// choice is one of a few words.
type choice struct {
	value string
	of    []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.of, "|") }
func (c *choice) Set(text string) error {
	for _, w := range c.of {
		if w == text {
			c.value = text
			return nil
		}
	}
	return fmt.Errorf("take %s", strings.Join(c.of, " or "))
}

// count is a whole number from a least value on.
type count struct {
	n     int
	least int
	auto  bool // "auto" is allowed and is 0
}

func (c *count) Type() string { return "N" }
func (c *count) String() string {
	if c.n == 0 && c.auto {
		return "auto"
	}
	return strconv.Itoa(c.n)
}
func (c *count) Set(text string) error {
	if text == "auto" && c.auto {
		c.n = 0
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < c.least {
		return fmt.Errorf("write a whole number from %d", c.least)
	}
	c.n = n
	return nil
}

// span is a length of time that is not negative.
type span struct {
	time.Duration
	positive bool
}

func (s *span) Type() string { return "D" }
func (s *span) String() string {
	if s.Duration == 0 {
		return ""
	}
	return term.ShortDuration(s.Duration)
}
func (s *span) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || s.positive && d == 0 {
		return fmt.Errorf("a time is written 30s, 5m or 2h")
	}
	s.Duration = d
	return nil
}
