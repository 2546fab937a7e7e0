package sqlite

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func at(s, us int64) time.Time { return time.Unix(s, us*1000).UTC() }

// A customer as a folder has it: without the columns that stand beside it.
func sampleFolder() ledger.Customer {
	return ledger.Customer{
		Identity: "a@b.c", Email: "A@b.c", FirstName: "Zoë", LastName: "O'Neil", SenderID: "007", Generation: 2, URL: "https://h/x",
		Issued: at(9, 1), Field: "city", Code: "X", Message: "m", Manual: true, HTTPStatus: 201, Attempts: 2, Intents: 3, Key: "k-2",
		FirstSent: at(1, 0), Details: bytes.Repeat([]byte{7}, 56),
		History: []ledger.Attempt{
			{ID: 3, Run: 1, Generation: 1, Key: "k-1", Details: bytes.Repeat([]byte{8}, 56), NotBefore: ledger.Instant{At: at(1, 0), Offset: -time.Second, Certain: true},
				NotAfter: ledger.Instant{At: at(2, 3), Offset: time.Hour}, Class: ledger.Unknown, Absent: true, HTTPStatus: 502, Code: "C", Excerpt: []byte("<html>")},
			{ID: 8, Run: 2, Generation: 2, Key: "k-2", Details: bytes.Repeat([]byte{7}, 56), NotBefore: ledger.Instant{At: at(4, 0)},
				NotAfter: ledger.Instant{At: at(5, 0), Certain: true}, Class: ledger.OK},
			{ID: 9, Run: 2, Generation: 3, Removes: "u-1", NotBefore: ledger.Instant{At: at(6, 0)}},
		},
	}
}

func TestFolder(t *testing.T) {
	var p packer
	for _, want := range []ledger.Customer{sampleFolder(), {}, {Status: ledger.Forgotten}} {
		got := ledger.Customer{Status: want.Status}
		if err := unpackFolder(p.folder(&want), &got, always); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v\n%+v\n%v", got, want, err)
		}
	}
	want := sampleFolder()
	var got ledger.Customer
	if err := unpackFolder(p.folder(&want), &got, nil); err != nil || got.History != nil || got.Issued != want.Issued {
		t.Errorf("%+v %v", got, err)
	}
	data := bytes.Clone(p.folder(&want))
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 4
		if err := unpackFolder(bad, new(ledger.Customer), always); !errors.Is(err, errChunk) {
			t.Errorf("a flipped bit in byte %d is not noticed", i)
		}
	}
}

// A partner that says "slow down" for a day is asked more often than two bytes can count.
func TestFolderOfManyAttempts(t *testing.T) {
	var p packer
	want := sampleFolder()
	for len(want.History) <= 1<<16 {
		want.History = append(want.History, ledger.Attempt{ID: int64(len(want.History) + 7), Key: want.Key, Class: ledger.Busy})
		if n := len(want.History); n < 1<<16-1 {
			continue
		}
		var got ledger.Customer
		if err := unpackFolder(p.folder(&want), &got, always); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%d attempts: %d, %v", len(want.History), len(got.History), err)
		}
	}
}

// FuzzFolder reads records whose checksum is right: none makes it fail, and one
// that can be read says the same when it is written again.
func FuzzFolder(f *testing.F) {
	var p packer
	sample := sampleFolder()
	f.Add(bytes.Clone(p.folder(&sample)[4:]))
	f.Add(bytes.Clone(p.folder(&ledger.Customer{})[4:]))
	f.Fuzz(func(t *testing.T, body []byte) {
		var c, again ledger.Customer
		if unpackFolder(checked(body), &c, always) != nil {
			return
		}
		if err := unpackFolder(p.folder(&c), &again, always); err != nil || !reflect.DeepEqual(c, again) {
			t.Errorf("%+v\n%+v\n%v", c, again, err)
		}
	})
}
