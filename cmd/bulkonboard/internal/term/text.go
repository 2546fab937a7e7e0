package term

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LocalTime formats a moment in local time, to the second.
func LocalTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// FileLabel returns the name of an input as operators read it.
func FileLabel(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// Count formats a number with its noun: "1 row", "2,000 rows".
func Count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return Number(n) + " " + word + "s"
}

// PlainError returns a file error without its path.
func PlainError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Printable makes a text fit for a terminal: no escape sequences, no line ends.
func Printable(text string) string {
	clean := true
	for _, r := range text {
		clean = clean && (unicode.IsPrint(r) || r == '\n')
	}
	if clean {
		return text
	}
	quoted := strconv.QuoteToGraphic(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// Number writes a count with commas.
func Number(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Money formats an amount and its currency: "1,000,000.00 USD".
func Money(amount, currency string) string {
	whole, places, hasPlaces := strings.Cut(amount, ".")
	if n, err := strconv.Atoi(whole); err == nil && whole != "-0" {
		whole = Number(n)
	}
	if hasPlaces {
		whole += "." + places
	}
	return strings.TrimSpace(whole + " " + currency)
}

// Sentences begins a text, and each of its sentences, with a capital letter.
func Sentences(text string) string {
	var b strings.Builder
	for _, sentence := range strings.SplitAfter(text, ". ") {
		first, size := utf8.DecodeRuneInString(sentence)
		if size > 0 {
			sentence = string(unicode.ToUpper(first)) + sentence[size:]
		}
		b.WriteString(sentence)
	}
	return b.String()
}

// IsOrAre returns the verb that follows a count.
func IsOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// AboutDuration formats a duration roughly, for planning.
func AboutDuration(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than a second"
	case d < 2*time.Minute:
		return fmt.Sprintf("about %d s", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("about %d min", int(d.Round(time.Minute).Minutes()))
	case d < 72*time.Hour:
		return fmt.Sprintf("about %d h", int(d.Round(time.Hour).Hours()))
	}
	return fmt.Sprintf("about %s days", Number(int(d.Hours()/24)))
}

// compactDuration formats a duration roughly, in as few letters as a line of
// progress has room for: 45s, 12m, 5h, 3d.
func compactDuration(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Round(time.Minute).Minutes()))
	case d < 72*time.Hour:
		return fmt.Sprintf("%dh", int(d.Round(time.Hour).Hours()))
	}
	return Number(int(d.Hours()/24)) + "d"
}

// ShortDuration formats a duration without its zero parts: 15m, not 15m0s.
func ShortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
