package emergency

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// frameOf is a frame with the right checksum around any text.
func frameOf(text []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	b = binary.BigEndian.AppendUint32(b, checksum(text))
	return append(b, text...)
}

// FuzzEmergencyBytes reads any bytes as an emergency file: never a panic, and
// what is read is what would be written again.
func FuzzEmergencyBytes(f *testing.F) {
	id := string(bytes.Repeat([]byte("i"), 32))
	head := make([]byte, headSize)
	putHeader(head, id, 7)
	text, err := json.Marshal(frame{ledger.Expect{Customer: 1, Status: ledger.InDoubt, Intents: 1}, ledger.Change{Status: ledger.Created, ServiceID: "a", URL: "https://b"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, []byte{}, 0)
	f.Add(text, []byte{0, 0, 0, 200, 1, 2, 3, 4, '{'}, 300)
	f.Add([]byte("{}"), []byte{0xff}, headSize)
	f.Add([]byte(`{"Change":{"Close":[{"Class":"OK"}]}}`), []byte{}, headSize+9)
	f.Fuzz(func(t *testing.T, framed, tail []byte, cut int) {
		b := append(append(bytes.Clone(head), frameOf(framed)...), tail...)
		if cut > 0 && cut < len(b) {
			b = b[:cut]
		}
		e, err := parseContent(b, id)
		if err != nil {
			if !errors.Is(err, ledger.ErrDamaged) {
				t.Errorf("refused as %v", err)
			}
			return
		}
		if e.seq != 7 || e.end > int64(len(b)) {
			t.Errorf("number %d, next frame at %d of %d", e.seq, e.end, len(b))
		}
		whole, err := appendFrames(bytes.Clone(head), e.kept)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseContent(whole, id)
		if err != nil || len(again.kept) != len(e.kept) {
			t.Errorf("%d changes became %d: %v", len(e.kept), len(again.kept), err)
		}
		for i := range again.kept {
			was, is := e.kept[i], again.kept[i]
			if was.Expect != is.Expect || was.Status != is.Status || was.ServiceID != is.ServiceID || was.URL != is.URL || len(was.Close) != len(is.Close) {
				t.Errorf("%+v became %+v", was, is)
			}
		}
	})
}
