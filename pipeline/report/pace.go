package report

import (
	"math"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// pace counts creations over time, in at most maxBars equal spans, however long
// the time. The zero value is empty.
type pace struct {
	since time.Time // start of the run whose speed is reported; zero = of all
	span  int       // index of the spans' length in spans
	count map[int64]int
	all   stretch
	run   stretch // since then
}

// stretch is the time that some creations took.
type stretch struct {
	rows        int
	first, last time.Time
}

func (s *stretch) add(at time.Time) {
	if s.rows == 0 || at.Before(s.first) {
		s.first = at
	}
	if s.rows == 0 || at.After(s.last) {
		s.last = at
	}
	s.rows++
}

// maxBars keeps the drawing readable, and the memory small.
const maxBars = 60

// spans returns lengths in seconds; each is a multiple of the one before.
func spans() []int64 {
	const day = 24 * 3600
	return []int64{60, 600, 3600, 6 * 3600, day, 7 * day, 28 * day, 28 * 13 * day, 28 * 13 * 50 * day}
}

// spanName returns the length of spans[i] in words, to follow "per".
func spanName(i int) string {
	return []string{"minute", "10 minutes", "hour", "6 hours", "day", "week", "4 weeks", "52 weeks", "50 years"}[i]
}

// add counts a creation.
func (p *pace) add(at time.Time) {
	if at.IsZero() {
		return
	}
	if p.count == nil {
		p.count = map[int64]int{}
	}
	p.all.add(at)
	if !at.Before(p.since) {
		p.run.add(at)
	}
	for p.span < len(spans())-1 && p.spanOf(p.all.last)-p.spanOf(p.all.first) >= maxBars {
		p.lengthenSpans()
	}
	p.count[p.spanOf(at)]++
}

// spanOf returns the number of the span that contains a time.
func (p *pace) spanOf(at time.Time) int64 { return floorDiv(at.Unix(), spans()[p.span]) }

// lengthenSpans changes to the next longer spans.
func (p *pace) lengthenSpans() {
	factor := spans()[p.span+1] / spans()[p.span]
	p.span++
	count := make(map[int64]int, len(p.count))
	for at, n := range p.count {
		count[floorDiv(at, factor)] += n
	}
	p.count = count
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// bars returns the counts from the first span to the last, including spans
// without a creation; nil if all were in one.
func (p *pace) bars() (counts []int, from time.Time, each time.Duration) {
	if p.all.rows == 0 {
		return nil, time.Time{}, 0
	}
	low, high := p.spanOf(p.all.first), p.spanOf(p.all.last)
	if high == low || high-low >= maxBars {
		return nil, time.Time{}, 0
	}
	for i := low; i <= high; i++ {
		counts = append(counts, p.count[i])
	}
	length := spans()[p.span]
	return counts, time.Unix(low*length, 0).UTC(), time.Duration(length) * time.Second
}

// perHour returns the mean rate of the run from its first creation to its last;
// 0 if there were too few, or in too short a time.
func (p *pace) perHour() float64 {
	duration := p.run.last.Sub(p.run.first)
	if p.run.rows < 10 || duration < 10*time.Second {
		return 0
	}
	return float64(p.run.rows-1) / duration.Hours()
}

// outlook returns the lines on pace and end. left is the number of rows that
// the next run sends; ended is the end of this one, zero while it goes on.
func (p *pace) outlook(left int, ended time.Time) [][2]string {
	rate := p.perHour()
	if rate == 0 {
		return nil
	}
	list := [][2]string{{"Pace", reporttext.FormatCount(int(math.Round(rate))) + " created an hour"}}
	if left == 0 {
		return list
	}
	rest := time.Duration(float64(left) / rate * float64(time.Hour))
	if rest > 10*time.Minute {
		rest = rest.Round(time.Minute)
	}
	if rest < 0 || rest > 100*365*24*time.Hour {
		return list
	}
	from := p.all.last
	if ended.After(from) {
		from = ended
	}
	return append(list, [2]string{"Rows left", reporttext.FormatCount(left) + ", about " + formatDuration(rest) + " at that pace: done by " +
		from.Add(rest).UTC().Format("2 January 2006, 15:04 UTC") + " if it goes on at once"})
}

// formatDuration returns a duration in words, in its two largest units.
func formatDuration(d time.Duration) string {
	units := []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	d = d.Round(time.Second)
	if d >= time.Hour {
		d = d.Round(time.Minute)
	}
	for i, u := range units {
		if d < u.of {
			continue
		}
		text := reporttext.CountNoun(int(d/u.of), u.name)
		if i+1 < len(units) {
			if rest := int(d % u.of / units[i+1].of); rest > 0 {
				text += " " + reporttext.CountNoun(rest, units[i+1].name)
			}
		}
		return text
	}
	return "less than a second"
}
