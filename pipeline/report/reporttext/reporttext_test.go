package reporttext

import "testing"

// A link stays one that works.
func TestHostileLinks(t *testing.T) {
	for link, want := range map[string]string{
		"https://x.example/v?id=a-b":           "https://x.example/v?id=a-b",
		"https://x.example/a;b,c|d":            "https://x.example/a;b,c|d",
		"https://x.example/;=cmd|'/C calc'!A0": "https://x.example/%3B=cmd%7C'/C calc'!A0",
		"https://x.example/@1,-5.2,17z":        "https://x.example/@1%2C-5.2%2C17z",
	} {
		if got := LinkCell(link); got != want || Guard(got) != got {
			t.Errorf("%q: %q", link, got)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{"": "", "plain": "plain", "Zoë": "Zoë", "a\r\nb\rc\td": "a\nb\rc\td", "\x1b[31m\x7f": "\uFFFD[31m\uFFFD", "a\xffb": "a\uFFFDb", "\u202eabc": "\uFFFDabc"} {
		if got := Clean(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{"": "", "0": "0", "999": "999", "1000": "1,000", "-1000": "-1,000", "-123": "-123", "1234567.50": "1,234,567.50", "1e6": "1e6", "007": "007"} {
		if got := GroupDigits(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows", 1000: "1,000 rows"} {
		if got := CountNoun(n, "row"); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
