package keyed

import (
	"strconv"
	"testing"
)

func TestPlainNumber(t *testing.T) {
	for text, want := range map[string]string{
		"1001": "1001", "1001.0": "1001", "1001.00": "1001", " 1001 ": "1001", "1,001": "1001", "1,001.0": "1001", "1'001": "1001", "12,345,678": "12345678",
		"1.001E3": "1001", "1.0001E4": "10001", "1.0001e+04": "10001", "1,0001E+4": "10001",
		"1.0001E+10": "1.0001E+10", "1E4": "1E4", "1001.5": "1001.5", "1.001": "1.001", "1234,001": "1234,001", "1,01": "1,01", "C-0007": "C-0007", "0007": "0007",
		"007.0": "007", "": "", "A1.0": "A1.0", "1.0.0": "1.0.0", "12-34": "12-34", "1001.": "1001.", "5E3A": "5E3A", "10E1": "10E1", "1,001,": "1,001,",
	} {
		if got := PlainNumber(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// FuzzPlainNumber holds that a plain number is plain, and that digits stay.
func FuzzPlainNumber(f *testing.F) {
	f.Add("1,001.0", uint64(1001))
	f.Fuzz(func(t *testing.T, text string, n uint64) {
		if once := PlainNumber(text); PlainNumber(once) != once {
			t.Errorf("%q is %q, then %q", text, once, PlainNumber(once))
		}
		digits := strconv.FormatUint(n, 10)
		if PlainNumber(digits) != digits || PlainNumber(digits+".0") != digits {
			t.Errorf("%s: %s and %s", digits, PlainNumber(digits), PlainNumber(digits+".0"))
		}
	})
}
