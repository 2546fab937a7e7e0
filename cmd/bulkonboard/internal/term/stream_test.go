package term

import (
	"bytes"
	"encoding/json"
	"testing"
)

// Nothing that a terminal obeys leaves a stream, however the text is cut up.
func TestHostileTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"plain ünïcode 中 🙂\tx\n":              "plain ünïcode 中 🙂\tx\n",
		"\x1b]0;owned\a\x1b[2J":               `\u001b]0;owned\u0007\u001b[2J`,
		"\u009b31m\u0085\x7f\x00":             `\u009b31m\u0085\u007f\u0000`,
		"ok\rnot ok\r\n":                      `ok\u000dnot ok\u000d` + "\n",
		"\u202egpj.exe\u2066\u200f\u061c":     `\u202egpj.exe\u2066\u200f\u061c`,
		"a\u2028b\xffc\x9bd":                  `a\u2028b` + "\ufffdc\ufffdd",
		"\u0632\u200c\u0627 \U0001F468\u200d": "\u0632\u200c\u0627 \U0001F468\u200d", // joiners are spelling
	} {
		for size := 1; size <= len(text); size++ {
			var out bytes.Buffer
			s := &Stream{W: &out}
			for rest := []byte(text); len(rest) > 0; {
				n := min(size, len(rest))
				_, _ = s.Write(rest[:n])
				rest = rest[n:]
			}
			if out.String() != want {
				t.Errorf("%q in pieces of %d bytes: %q", text, size, &out)
			}
		}
	}
	var out bytes.Buffer
	err := json.NewEncoder(&Stream{W: &out}).Encode("\u202e\u009b\x1b\x7f")
	var back string
	if err == nil {
		err = json.Unmarshal(out.Bytes(), &back)
	}
	if err != nil || back != "\u202e\u009b\x1b\x7f" {
		t.Errorf("JSON is read back as %q, %v: %s", back, err, &out)
	}
	// A file of ours that is asked for on standard output has its own rules.
	out.Reset()
	if _, err := (&Stream{W: &out}).DataWriter().Write([]byte("PK\x03\x04\xff\r")); err != nil || out.String() != "PK\x03\x04\xff\r" {
		t.Errorf("data: %q, %v", &out, err)
	}
}
