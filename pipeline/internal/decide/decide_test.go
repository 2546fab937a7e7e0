package decide

import (
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// allClasses is every class that an attempt can be closed with.
func allClasses() []ledger.Class {
	return []ledger.Class{ledger.OK, ledger.OKBroken, ledger.KeyUsed, ledger.DupUser, ledger.Reject, ledger.Unclear,
		ledger.Busy, ledger.Throttled, ledger.Funds, ledger.Auth, ledger.NotSent, ledger.Unknown}
}

func history(classes ...ledger.Class) []ledger.Attempt {
	h := make([]ledger.Attempt, len(classes))
	for i, c := range classes {
		h[i] = ledger.Attempt{ID: int64(i + 1), Class: c}
	}
	return h
}

// absent marks the last attempt as proved absent.
func absent(h []ledger.Attempt) []ledger.Attempt {
	h[len(h)-1].Absent = true
	return h
}

// inRun gives attempts to another run.
func inRun(run int64, h []ledger.Attempt) []ledger.Attempt {
	for i := range h {
		h[i].Run = run
	}
	return h
}

// A limiter's 429 is an answer in its run while its key surely lives, and
// unanswered from then on.
func TestThrottledLapses(t *testing.T) {
	h := []ledger.Attempt{tried(ledger.Busy, 0, 1), tried(ledger.Throttled, 100, 101)}
	for _, c := range []struct {
		run    int64
		second int
		want   bool // unanswered
	}{
		{0, 101, false}, {0, 209, false}, {0, 210, true}, {0, 5000, true}, // 300 s less a fifth and the timeout, from the first attempt
		{1, 101, true},
	} {
		at := Timing{TTL: 300 * time.Second, Settle: 100 * time.Second, Timeout: 30 * time.Second, Run: c.run, Now: epoch().Add(time.Duration(c.second) * time.Second)}
		if got := IsUnanswered(h, 1, at); got != c.want {
			t.Errorf("run %d, second %d: unanswered %t", c.run, c.second, got)
		}
		if NeedsList(h, at) != c.want {
			t.Errorf("run %d, second %d: needs a look %t", c.run, c.second, !c.want)
		}
	}
}

func TestAfterAnswerAllPairs(t *testing.T) {
	type outcome struct {
		status ledger.Status
		next   Next
	}
	inDoubt := outcome{ledger.InDoubt, NextDoubt}
	first := map[ledger.Class]outcome{
		ledger.OK:        {ledger.Created, NextDone},
		ledger.OKBroken:  inDoubt,
		ledger.KeyUsed:   inDoubt,
		ledger.DupUser:   {ledger.Duplicate, NextDone},
		ledger.Reject:    {ledger.Rejected, NextDone},
		ledger.Unclear:   inDoubt,
		ledger.Busy:      {ledger.Pending, NextAgain},
		ledger.Throttled: {ledger.Pending, NextAgain},
		ledger.Funds:     {ledger.InsufficientBalance, NextAgain},
		ledger.Auth:      {ledger.Pending, NextAgain},
		ledger.NotSent:   {ledger.Pending, NextAgain},
		ledger.Unknown:   inDoubt,
	}
	befores := map[string]struct {
		h         []ledger.Attempt
		doubtful  bool // an unanswered attempt precedes it
		dupIsOurs bool // an earlier attempt reached the partner, so that the list decides
	}{
		"nothing":             {nil, false, false},
		"not sent":            {history(ledger.NotSent), false, false},
		"busy":                {history(ledger.Busy), false, true},
		"throttled":           {history(ledger.Throttled), false, true},
		"throttled by others": {inRun(7, history(ledger.Throttled)), true, true},
		"auth":                {history(ledger.Auth), false, true},
		"funds":               {history(ledger.Funds), false, true},
		"reject":              {history(ledger.Reject), false, true},
		"duplicate":           {history(ledger.DupUser), false, true},
		"unclear":             {history(ledger.Unclear), true, true},
		"unclear, absent":     {absent(history(ledger.Unclear)), false, true},
		"unclear after busy":  {history(ledger.Busy, ledger.Unclear), true, true},
		"unknown":             {history(ledger.Unknown), true, true},
		"open":                {history(ledger.Open), true, true},
		"broken":              {history(ledger.OKBroken), true, true},
		"key used":            {history(ledger.KeyUsed), true, true},
		"unknown, absent":     {absent(history(ledger.Unknown)), false, true},
		"key used, absent":    {absent(history(ledger.Busy, ledger.KeyUsed)), false, true},
		"deleted":             {history(ledger.Unknown, ledger.Removed)[1:], false, true},
		"unknown then reject": {history(ledger.Unknown, ledger.Reject), true, true},
	}
	for name, b := range befores {
		for _, c := range allClasses() {
			want := first[c]
			switch {
			case name == "deleted" && want.next == NextAgain:
				want.status = ledger.InDoubt
			case c == ledger.OK:
			case b.doubtful, c == ledger.DupUser && b.dupIsOurs:
				want = inDoubt
			}
			if got := AfterAnswer(b.h, c, Timing{TTL: 5 * time.Minute, Timeout: 30 * time.Second}); got != (Step{want.status, want.next}) {
				t.Errorf("%s, then %s: %+v, want %+v", name, c, got, want)
			}
		}
	}
}

func TestNextGeneration(t *testing.T) {
	atOne := func(h []ledger.Attempt) []ledger.Attempt {
		for i := range h {
			h[i].Generation = 1
		}
		return h
	}
	for _, c := range []struct {
		name string
		h    []ledger.Attempt
		want int
	}{
		{"nothing yet", nil, 0},
		{"never sent", history(ledger.NotSent), 0},
		{"asked to wait", history(ledger.Busy), 0},
		{"throttled", history(ledger.Throttled), 0},
		{"throttled, then refused", history(ledger.Throttled, ledger.Reject), 0},
		{"throttled explains no used key", absent(history(ledger.Throttled, ledger.KeyUsed)), 0},
		{"key refused", history(ledger.Auth), 0},
		{"refused", history(ledger.Reject), 1},
		{"not sent, then refused", history(ledger.NotSent, ledger.Reject), 1},
		{"wallet empty", history(ledger.Funds), 1},
		{"absent", absent(history(ledger.Unknown)), 0},
		{"a 500 that burnt the key, proved absent twice", func() []ledger.Attempt {
			h := history(ledger.Unknown, ledger.KeyUsed)
			h[0].Absent, h[1].Absent = true, true
			return h
		}(), 0},
		{"absent, then refused", func() []ledger.Attempt {
			h := history(ledger.Unknown, ledger.Reject)
			h[0].Absent = true
			return h
		}(), 1},
		{"asked to wait, then key used and absent", absent(history(ledger.Busy, ledger.KeyUsed)), 1},
		{"asked to wait, then refused: the key may be alive or not", history(ledger.Busy, ledger.Reject), 0},
		{"unknown code, absent by the list: no refusal", absent(history(ledger.Unclear)), 0},
		{"refused in generation one", atOne(history(ledger.Reject)), 2},
		{"refused in generation zero, asked to wait in one", func() []ledger.Attempt {
			h := history(ledger.Reject, ledger.Busy)
			h[1].Generation = 1
			return h
		}(), 1},
	} {
		if got := NextGeneration(c.h); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestSpends(t *testing.T) {
	for _, c := range []struct {
		before []ledger.Attempt
		class  ledger.Class
		want   bool
	}{
		{nil, ledger.NotSent, false},
		{nil, ledger.Busy, false},
		{nil, ledger.Throttled, false},
		{history(ledger.Throttled), ledger.KeyUsed, false},
		{nil, ledger.Funds, false},
		{nil, ledger.KeyUsed, true},
		{history(ledger.Busy), ledger.KeyUsed, false},
		{history(ledger.Funds), ledger.KeyUsed, false},
		{history(ledger.Busy, ledger.NotSent), ledger.KeyUsed, false},
		{history(ledger.Unknown), ledger.KeyUsed, true},
		{nil, ledger.Unknown, true},
		{nil, ledger.OK, true},
	} {
		if got := CountsAsSend(c.before, c.class); got != c.want {
			t.Errorf("after %d attempts %s: %t, want %t", len(c.before), c.class, got, c.want)
		}
	}
}

// After a deletion an answer that
// postpones the next request keeps the doubt. A creation or a refusal ends it.
func TestAfterAnswerOfADeletedUser(t *testing.T) {
	deleted := history(ledger.OKBroken, ledger.Removed)
	deleted[0].Absent = true
	for class, want := range map[ledger.Class]Step{
		ledger.OK: {ledger.Created, NextDone}, ledger.Reject: {ledger.Rejected, NextDone}, ledger.DupUser: {ledger.InDoubt, NextDoubt},
		ledger.Busy: {ledger.InDoubt, NextAgain}, ledger.Funds: {ledger.InDoubt, NextAgain}, ledger.NotSent: {ledger.InDoubt, NextAgain},
		ledger.Unknown: {ledger.InDoubt, NextDoubt},
	} {
		if got := AfterAnswer(deleted, class, Timing{TTL: 5 * time.Minute, Timeout: 30 * time.Second}); got != want {
			t.Errorf("%s: %+v, want %+v", class, got, want)
		}
	}
}
