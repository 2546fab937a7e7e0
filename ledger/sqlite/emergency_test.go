package sqlite

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// An answer that comes back from the emergency file is held to what one from
// the wire is: no customer is created with another's serviceId, or without a link
// that can be shown. Such an answer is set aside, and its row stays in doubt.
func TestEmergencyIsNotBelievedBlindly(t *testing.T) {
	const account, random = "acme-rain-user", "-aaaaaaaaaaaaaa"
	for says, spoil := range map[string]func(out []ledger.Change){
		"nothing":                   func([]ledger.Change) {},
		"a recorded row's user":     func(out []ledger.Change) { out[2].ServiceID = out[0].ServiceID },
		"a user that came before":   func(out []ledger.Change) { out[2].ServiceID = out[1].ServiceID },
		"no user":                   func(out []ledger.Change) { out[2].ServiceID = "" },
		"no link":                   func(out []ledger.Change) { out[2].URL = "" },
		"a link without encryption": func(out []ledger.Change) { out[2].URL = "http://verify.test/x" },
		"a script":                  func(out []ledger.Change) { out[2].URL = "javascript:alert(1)" },
		"an unknown class":          func(out []ledger.Change) { out[2].Close[0].Class = "FINE" },
	} {
		l, _, in, ids := newWithIntents(t, 5, 3)
		if err := l.Bind(t.Context(), ledger.Account{Slug: account}); err != nil {
			t.Fatal(err)
		}
		out := answersTo(in, ids)
		for i := range out {
			out[i].ServiceID = account + random + string(rune('a'+i))
		}
		if err := recordAll(t.Context(), l, out[:1]); err != nil {
			t.Fatal(err)
		}
		spoil(out)
		if err := l.Emergency(out[1:]); err != nil {
			t.Fatal(err)
		}
		path := killedCopy(t, l)
		again := reopen(t, path)
		created, kept := 2, 1
		if says == "nothing" {
			created, kept = 3, 0
		}
		if n := len(selectCustomers(t, again, ledger.Query{Status: []ledger.Status{ledger.Created}})); n != created {
			t.Errorf("%s: %d are created, want %d", says, n, created)
		}
		if n := len(selectCustomers(t, again, ledger.Query{Status: []ledger.Status{ledger.InDoubt}})); n != 3-created {
			t.Errorf("%s: %d are in doubt, want %d", says, n, 3-created)
		}
		files, err := filepath.Glob(path + ".emergency-*.kept")
		if err != nil || len(files) != kept || len(again.Notices()) != kept {
			t.Errorf("%s: set aside in %q, notices %q, %v", says, files, again.Notices(), err)
		}
		checkSound(t, again)
	}
}

// headOfEmergency is how long the header of an emergency file is.
const headOfEmergency = 512

// frameOf is a frame with the right checksum around any text.
func frameOf(text []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
	return append(b, text...)
}

// FuzzEmergency opens ledgers with an emergency file that was tampered with.
// They are refused, or end in a ledger that is whole, and no customer gets another's
// outcome: those created have the user and the link of their own answer, unless the fuzzer itself wrote a frame for them.
func FuzzEmergency(f *testing.F) {
	l, _, in, ids := newWithIntents(f, 6, 4)
	out := answersTo(in, ids)
	if err := l.Emergency(out[:3]); err != nil {
		f.Fatal(err)
	}
	from := killedCopy(f, l)
	files := map[string][]byte{}
	for _, end := range []string{"", "-wal", ".emergency"} {
		b, err := os.ReadFile(from + end)
		if err != nil {
			f.Fatal(err)
		}
		files[end] = b
	}
	answers := map[int64]ledger.Change{}
	for _, c := range out {
		answers[c.Customer] = c
	}
	texts := [][]byte{[]byte("{}"), []byte(`{"Expect":{"Customer":4},"Change":{"Status":"created"}}`), []byte("[1]")}
	for _, c := range out {
		text, err := json.Marshal(struct {
			Expect ledger.Expect
			Change ledger.Change
		}{c.Expect, c})
		if err != nil {
			f.Fatal(err)
		}
		texts = append(texts, text)
	}
	for _, text := range texts {
		f.Add(uint32(headOfEmergency), text, true)
		f.Add(uint32(headOfEmergency+5), text, false)
	}
	f.Add(uint32(0), []byte("BOLG"), false)
	f.Add(uint32(40), []byte{0, 0, 0, 0, 0, 0, 0, 9}, false)
	f.Add(uint32(headOfEmergency), []byte{0xff, 0xff, 0xff, 0xff}, false)
	f.Fuzz(func(t *testing.T, at uint32, over []byte, framed bool) {
		path := filepath.Join(t.TempDir(), "l.db")
		for end, b := range files {
			if end == ".emergency" {
				b = bytes.Clone(b)
				if framed {
					over = frameOf(over)
				}
				copy(b[int(at)%len(b):], over)
			}
			if err := os.WriteFile(path+end, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again, err := Open(t.Context(), optionsFor(path))
		if err != nil {
			if !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("refused as %v", err)
			}
			return
		}
		defer again.Close()
		checkSound(t, again)
		for _, c := range selectCustomers(t, again, ledger.Query{}) {
			answer, sent := answers[c.ID]
			switch {
			case c.Status == ledger.InDoubt && sent, c.Status == ledger.Pending && !sent:
			case !sent:
				t.Errorf("customer %d was never sent and is %s", c.ID, c.Status)
			case !framed && (c.Status != answer.Status || c.ServiceID != answer.ServiceID || c.URL != answer.URL):
				t.Errorf("customer %d is %s with %s and %s", c.ID, c.Status, c.ServiceID, c.URL)
			}
		}
	})
}
