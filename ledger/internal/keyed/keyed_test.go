package keyed

import (
	"bytes"
	"testing"
)

func TestPurposesAndSecretsAreApart(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	marks := map[int64]string{}
	for name, m := range map[string]int64{"sender": a.Sender("x"), "name": a.Name("x"), "recall": a.Recall("x"), "other secret": b.Sender("x"), "other text": a.Sender("y")} {
		if m <= 0 || marks[m] != "" {
			t.Errorf("%s: %d, as %s", name, m, marks[m])
		}
		marks[m] = name
	}
	digest, again := a.Identity("x"), a.Identity("x")
	if a.Sender("") != 0 || a.Identity("") != (Digest{}) || digest == b.Identity("x") || digest != again {
		t.Error("identity")
	}
}

func TestDetails(t *testing.T) {
	s := Secret{1} // one hash in 256 ends in a zero byte, which is left out
	d := s.Details([]string{"x", "", "x", ""})
	if len(d) != 12 || bytes.Equal(d[:4], d[8:]) || !bytes.Equal(d[4:8], make([]byte, 4)) {
		t.Errorf("%x", d)
	}
	if s.Details(nil) != nil || s.Details([]string{"", ""}) == nil {
		t.Error("no details, and none that says anything")
	}
}
