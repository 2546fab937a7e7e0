package xlsx

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestNumberText(t *testing.T) {
	for stored, want := range map[string]struct {
		text    string
		rounded bool
	}{
		"14155551234":            {"14155551234", false}, // line 42
		"14155551234.0":          {"14155551234", false},
		"1.4155551234E10":        {"14155551234", false}, // as Java programs write it
		"1.415555123E10":         {"14155551230", false},
		"1.41556E+10":            {"1.41556E+10", false}, // line 41
		"1.0E7":                  {"1.0E7", false},
		"0":                      {"0", false},
		"-5":                     {"-5", false},
		"02139":                  {"02139", false},
		"0.1":                    {"0.1", false},
		"1.1000000000000001":     {"1.1", false},
		"39.990000000000002":     {"39.99", false},
		"0.30000000000000004":    {"0.30000000000000004", true},
		"999999999999999":        {"999999999999999", false},
		"1000000000000000":       {"1000000000000000", true}, // line 65
		"1.23456789012346E+019":  {"1.23456789012346E+019", true},
		"1E400":                  {"1E400", true},
		"0.15":                   {"0.15", false},
		"123456789.123456789123": {"123456789.123457", false},
	} {
		text, rounded, ok := numberText([]byte(stored))
		if stored == "123456789.123456789123" {
			// Fifteen digits do not lead back to this one.
			want.text, want.rounded = stored, true
		}
		if !ok || text != want.text || rounded != want.rounded {
			t.Errorf("%s: got %q rounded %v ok %v, want %q rounded %v", stored, text, rounded, ok, want.text, want.rounded)
		}
	}
	for _, stored := range []string{"", "abc", "0x10", "1_000", "inf", "NaN", "1,5", "1e", "--1", "1.2.3", ".", "+", strings.Repeat("1", 401), "1e99999999"} {
		if text, _, ok := numberText([]byte(stored)); ok {
			t.Errorf("%q passed for the number %q", stored, text)
		}
	}
}

func TestDateText(t *testing.T) {
	for _, test := range []struct {
		serial   string
		kind     formatKind
		from1904 bool
		want     string
	}{
		{"1", kindDate, false, "1900-01-01"},
		{"59", kindDate, false, "1900-02-28"},
		{"60", kindDate, false, "1900-02-29"}, // line 64: the day that never was
		{"61", kindDate, false, "1900-03-01"},
		{"0", kindDate, false, "1900-01-00"},
		{"0", kindDate, true, "1904-01-01"},
		{"43889", kindDate, true, "2024-02-29"},
		{"45351", kindDate, false, "2024-02-29"},
		{"45351.999999", kindDate, false, "2024-03-01"}, // a second is the smallest step
		{"45351.99998", kindDate, false, "2024-02-29T23:59:58"},
		{"2958465", kindDate, false, "9999-12-31"},
		{"0.5", kindDate, false, "12:00:00"},
		{"0.5", kindClock, true, "12:00:00"},
		{"1.25", kindElapsed, false, "30:00:00"},
	} {
		if got, ok := dateText([]byte(test.serial), test.kind, test.from1904); !ok || got != test.want {
			t.Errorf("%+v: got %q %v", test, got, ok)
		}
	}
	for _, serial := range []string{"-1", "2958466", "x", "1e300", "1e400"} {
		if got, ok := dateText([]byte(serial), kindDate, false); ok {
			t.Errorf("%s passed for the date %s", serial, got)
		}
	}
}

func TestFormats(t *testing.T) {
	for code, want := range map[string]formatKind{
		"General": kindNumber, "0.00": kindNumber, "@": kindNumber, "#,##0.00 [$€-407]": kindNumber,
		"0.00E+00": kindNumber, `0 "days"`: kindNumber, `0\d`: kindNumber, "[Red]0": kindNumber, `"hours`: kindNumber,
		"yyyy-mm-dd": kindDate, "DD/MM/YYYY": kindDate, "mmm yy": kindDate, "m/d/yyyy h:mm": kindDate, "[$-409]d-mmm;@": kindDate, "mmmm": kindDate,
		"h:mm AM/PM": kindClock, "mm:ss": kindClock, "hh:mm:ss.000": kindClock,
		"[h]:mm:ss": kindElapsed, "[mm]:ss": kindElapsed, "0;yyyy": kindNumber,
	} {
		if got := newNumberFormat(code).kind; got != want {
			t.Errorf("%s: got %d, want %d", code, got, want)
		}
	}
	for id, want := range map[int]formatKind{0: kindNumber, 9: kindNumber, 14: kindDate, 20: kindClock, 22: kindDate, 46: kindElapsed, 49: kindNumber, 57: kindDate} {
		if got := builtinNumberFormat(id).kind; got != want {
			t.Errorf("%d: got %d, want %d", id, got, want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "_x000D_": "\r", "_x005F_x000D_": "_x000D_", "_x0041_b": "Ab", "_x00e9_": "é",
		"_xD83D__xDE00_": "\U0001F600", "_xD83D_": "_xD83D_", "_xD83D__x0041_": "_xD83D_A", "_x00_": "_x00_", "_xZZZZ_": "_xZZZZ_", "_x000D": "_x000D", "a_x": "a_x",
	} {
		if got := string(unescapeText([]byte(in))); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestCellRefs(t *testing.T) {
	for ref, want := range map[string][2]int{"A1": {1, 1}, "XFD1048576": {16384, 1048576}, "$B$3": {2, 3}, "aa10": {27, 10}} {
		if c, r, ok := parseCellRef([]byte(ref)); !ok || c != want[0] || r != want[1] {
			t.Errorf("%s: %d %d %v", ref, c, r, ok)
		}
	}
	for _, ref := range []string{"", "A", "1", "A0", "XFE1", "A1048577", "AAAAAAAAAAAAAAAAAAAAAAA1", "A1B", "A-1", "A1 ", "A99999999999999999999", "[1"} {
		if c, r, ok := parseCellRef([]byte(ref)); ok {
			t.Errorf("%q passed for column %d, row %d", ref, c, r)
		}
	}
}

// FuzzNumberText: a number whose text differs from what is stored is the same
// number.
func FuzzNumberText(f *testing.F) {
	for _, s := range []string{"14155551234", "1.41556E+10", "1.1000000000000001", "-0", "1e-400", "00.10e3", ".5", "5."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		text, rounded, ok := numberText([]byte(stored))
		if !ok || rounded {
			return
		}
		a, errA := strconv.ParseFloat(stored, 64)
		b, errB := strconv.ParseFloat(text, 64)
		if errA != nil || errB != nil || a != b || math.IsNaN(a) {
			t.Errorf("%q became %q", stored, text)
		}
	})
}
