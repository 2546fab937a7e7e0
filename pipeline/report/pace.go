package report

import (
	"math"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
)

// pace counts creations over time. The zero value is empty.
type pace struct {
	since     time.Time     // start of the run whose speed is reported; zero = of all
	perMinute map[int64]int // by minutes since 1970
	all       stretch
	run       stretch // since then
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

// maxBars keeps the drawing readable.
const maxBars = 60

// span is the time that one bar of the drawing stands for.
type span struct {
	length time.Duration
	name   string // to follow "per"
}

func spans() []span {
	const day = 24 * time.Hour
	return []span{{time.Minute, "minute"}, {10 * time.Minute, "10 minutes"}, {time.Hour, "hour"}, {6 * time.Hour, "6 hours"}, {day, "day"},
		{7 * day, "week"}, {28 * day, "4 weeks"}, {28 * 13 * day, "52 weeks"}, {28 * 13 * 50 * day, "50 years"}}
}

// indexOf returns the number of the span, counted from 1970, that a minute is in.
func (s span) indexOf(minute int64) int64 {
	return int64(math.Floor(float64(minute) / s.length.Minutes()))
}

func minuteOf(at time.Time) int64 { return int64(math.Floor(float64(at.Unix()) / 60)) }

// add counts a creation.
func (p *pace) add(at time.Time) {
	if at.IsZero() {
		return
	}
	if p.perMinute == nil {
		p.perMinute = map[int64]int{}
	}
	p.perMinute[minuteOf(at)]++
	p.all.add(at)
	if !at.Before(p.since) {
		p.run.add(at)
	}
}

// bars returns the counts from the first span to the last, including spans
// without a creation, in the shortest spans that need at most maxBars; nil if all
// creations were in one.
func (p *pace) bars() (counts []int, from time.Time, each span) {
	if p.all.rows == 0 {
		return nil, time.Time{}, span{}
	}
	for _, each := range spans() {
		low, high := each.indexOf(minuteOf(p.all.first)), each.indexOf(minuteOf(p.all.last))
		if high-low >= maxBars {
			continue
		}
		if high == low {
			break
		}
		counts := make([]int, high-low+1)
		for minute, n := range p.perMinute {
			counts[each.indexOf(minute)-low] += n
		}
		return counts, time.Unix(low*int64(each.length/time.Second), 0).UTC(), each
	}
	return nil, time.Time{}, span{}
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
		from.Add(rest).UTC().Format("2 January 2006, 15:04 UTC") + " if it continues at once"})
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
