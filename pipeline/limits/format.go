package limits

import "fmt"

// FormatSize returns a number of bytes as text, in GiB, MiB or KiB where it is a whole number
// of them.
func FormatSize(n int64) string {
	for _, unit := range []struct {
		bits int
		name string
	}{{30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n >= 1<<unit.bits && n%(1<<unit.bits) == 0 {
			return FormatCount(int(n>>unit.bits)) + " " + unit.name
		}
	}
	return FormatCount(int(n)) + " bytes"
}

// FormatCount returns a number as text with commas between thousands.
func FormatCount(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
