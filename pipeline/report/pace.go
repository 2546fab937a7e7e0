package report

import (
	"math"
	"strconv"
	"time"
)

// pace is how creations are spread over time, in at most maxBars equal spans,
// however long that was. The zero value is empty.
type pace struct {
	since time.Time // begin of the run whose speed is told; zero = of all
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

// spans are lengths in seconds; each is a multiple of the one before.
func spans() []int64 {
	const day = 24 * 3600
	return []int64{60, 600, 3600, 6 * 3600, day, 7 * day, 28 * day, 28 * 13 * day, 28 * 13 * 50 * day}
}

// spanName is a length as it stands behind "per".
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
	for p.span < len(spans())-1 && p.place(p.all.last)-p.place(p.all.first) >= maxBars {
		p.coarsen()
	}
	p.count[p.place(at)]++
}

// place is the number of the span that a moment lies in.
func (p *pace) place(at time.Time) int64 { return floorDiv(at.Unix(), spans()[p.span]) }

// coarsen takes the next longer spans.
func (p *pace) coarsen() {
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

// bars are the counts from the first span to the last, those without a
// creation too; nil if all were in one.
func (p *pace) bars() (counts []int, from time.Time, each time.Duration) {
	if p.all.rows == 0 {
		return nil, time.Time{}, 0
	}
	low, high := p.place(p.all.first), p.place(p.all.last)
	if high == low || high-low >= maxBars {
		return nil, time.Time{}, 0
	}
	for i := low; i <= high; i++ {
		counts = append(counts, p.count[i])
	}
	length := spans()[p.span]
	return counts, time.Unix(low*length, 0).UTC(), time.Duration(length) * time.Second
}

// perHour is the mean of the run from its first creation to its last; 0 if
// there were too few, or in too short a time, to tell.
func (p *pace) perHour() float64 {
	took := p.run.last.Sub(p.run.first)
	if p.run.rows < 10 || took < 10*time.Second {
		return 0
	}
	return float64(p.run.rows-1) / took.Hours()
}

// outlook are the lines on pace and end. left are the rows that the next run
// sends, ended is when this one did (zero: it has not).
func (p *pace) outlook(left int, ended time.Time) [][2]string {
	rate := p.perHour()
	if rate == 0 {
		return nil
	}
	list := [][2]string{{"Pace", thousands(int(math.Round(rate))) + " created an hour"}}
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
	return append(list, [2]string{"Rows left", thousands(left) + ", about " + took(rest) + " at that pace: done by " +
		from.Add(rest).UTC().Format("2 January 2006, 15:04 UTC") + " if it goes on at once"})
}

// took is a length of time as people say it, in its two largest units.
func took(d time.Duration) string {
	units := []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	d = d.Round(time.Second)
	if d >= time.Hour {
		d = d.Round(time.Minute)
	}
	if d < time.Second {
		return "less than a second"
	}
	text := ""
	for i, u := range units {
		n := int(d / u.of)
		if n == 0 {
			continue
		}
		text = plural(n, u.name)
		if i+1 < len(units) {
			if m := int(d % u.of / units[i+1].of); m > 0 {
				text += " " + plural(m, units[i+1].name)
			}
		}
		break
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return strconv.Itoa(n) + " " + what
	}
	return thousands(n) + " " + what + "s"
}
