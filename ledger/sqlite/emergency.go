package sqlite

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/private"
)

// emergency is the file <ledger>.emergency. It is written in full beforehand,
// so that a full disk leaves room for the answers in flight.
//
// Layout: magic (8), id of the ledger (32), number of the last write that the
// ledger is known to hold (8), CRC-32C of the number (4); from tokensAt on, the
// two tokens of the ledger's opening (see copied), 32 bytes each, whether the
// first stands in the file itself (1), and their CRC-32C; from emergencyHead on, frames: length (4), CRC-32C (4), one change as JSON; a zero length ends them.
//
// The number is written after each commit and never synced: it is never ahead
// of what the ledger's disk holds, so that a ledger that holds less has lost
// its write-ahead log or is an older copy.
type emergency struct {
	mu   sync.Mutex
	f    *os.File
	at   int64 // where the next frame goes
	seq  int64 // as found when opened
	had  bool  // the file was there
	kept []ledger.Change

	token, nextToken string // "" = none, or not readable
	folded           bool   // token stands in the ledger's file itself, not only in the log
}

// frame is a change with its expectation beside it: inside, JSON takes the two
// fields named Status for one.
type frame struct {
	Expect ledger.Expect
	Change ledger.Change
}

const (
	emergencyMagic = "BOLGemg1"
	emergencyHead  = 512
	tokensAt       = 64
	tokenSize      = 32
	tokensSize     = 2*tokenSize + 1
	emergencySize  = 2 << 20 // 600 answers with the longest excerpts
	maxEmergency   = 64 << 20
)

func openEmergency(path, id string, seq int64) (*emergency, error) {
	name := path + ".emergency"
	_, err := os.Lstat(name)
	had := err == nil
	if !had && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: %w", name, err, ledger.ErrWrite)
	}
	if !had {
		if err := makeEmergency(path, id, seq); err != nil {
			return nil, fmt.Errorf("%s cannot be made: %w: %w", name, err, ledger.ErrWrite)
		}
	}
	f, err := private.Open(name, os.O_RDWR)
	if errors.Is(err, private.ErrNotPrivate) {
		return nil, notOwn(name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w: %w", name, err, ledger.ErrWrite)
	}
	e := &emergency{f: f, had: had, at: emergencyHead}
	if err := e.read(id); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
	}
	return e, nil
}

// peekEmergency reads the file of whoever holds the lock. It may be written to
// meanwhile: then only its number counts, which is one short write.
func peekEmergency(path, id string) (*emergency, error) {
	name := path + ".emergency"
	f, err := private.Open(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return &emergency{}, nil
	}
	if errors.Is(err, private.ErrNotPrivate) {
		return nil, notOwn(name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w", name, err)
	}
	e := &emergency{f: f, had: true, at: emergencyHead}
	if err := errors.Join(e.read(id), f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, nil
}

// makeEmergency writes an empty file in its full length, under another name
// first: a crash leaves none or a whole one.
func makeEmergency(path, id string, seq int64) error {
	part := path + ".emergency.new"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := private.Create(part, os.O_RDWR)
	if err != nil {
		return err
	}
	b := make([]byte, emergencySize)
	copy(b, emergencyMagic)
	copy(b[8:40], id)
	putSeq(b[40:], seq)
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, path+".emergency")
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return syncDir(path)
}

func putSeq(b []byte, seq int64) {
	binary.BigEndian.PutUint64(b, uint64(seq))
	binary.BigEndian.PutUint32(b[8:], crc32.Checksum(b[:8], castagnoli()))
}

// read takes in what an earlier run left. A frame cut off by the end of that
// run ends the list: it was never acknowledged.
func (e *emergency) read(id string) error {
	info, err := e.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() > maxEmergency {
		return fmt.Errorf("far too long to be ours; move it away: %w", ledger.ErrDamaged)
	}
	b := make([]byte, info.Size())
	if _, err := e.f.ReadAt(b, 0); err != nil {
		return err
	}
	return e.parse(b, id)
}

// parse takes in the bytes of a file.
func (e *emergency) parse(b []byte, id string) error {
	if len(b) < emergencyHead || string(b[:8]) != emergencyMagic || string(b[8:8+len(id)]) != id {
		return errOtherLedger
	}
	if t := b[tokensAt : tokensAt+tokensSize+4]; binary.BigEndian.Uint32(t[tokensSize:]) == crc32.Checksum(t[:tokensSize], castagnoli()) {
		e.token = string(bytes.TrimRight(t[:tokenSize], "\x00"))
		e.nextToken = string(bytes.TrimRight(t[tokenSize:2*tokenSize], "\x00"))
		e.folded = t[2*tokenSize] != 0
	}
	if binary.BigEndian.Uint32(b[48:]) == crc32.Checksum(b[40:48], castagnoli()) {
		e.seq = int64(binary.BigEndian.Uint64(b[40:]))
	}
	for rest := b[emergencyHead:]; len(rest) >= 8; {
		n := binary.BigEndian.Uint32(rest)
		if n == 0 || uint64(n) > uint64(len(rest)-8) || crc32.Checksum(rest[8:8+n], castagnoli()) != binary.BigEndian.Uint32(rest[4:]) {
			break
		}
		var fr frame
		if err := json.Unmarshal(rest[8:8+n], &fr); err != nil {
			return fmt.Errorf("an answer in it cannot be read; keep it and ask for help: %w", ledger.ErrDamaged)
		}
		fr.Change.Expect = fr.Expect
		e.kept = append(e.kept, fr.Change)
		rest = rest[8+n:]
		e.at += 8 + int64(n)
	}
	return nil
}

// note writes the number of the newest write. Its failure only blunts a check.
func (e *emergency) note(seq int64) {
	var b [12]byte
	putSeq(b[:], seq)
	_, _ = e.f.WriteAt(b[:], 40)
}

// add appends changes and syncs.
func (e *emergency) add(changes []ledger.Change) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b []byte
	for _, c := range changes {
		text, err := json.Marshal(frame{c.Expect, c})
		if err != nil {
			return err
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = binary.BigEndian.AppendUint32(b, crc32.Checksum(text, castagnoli()))
		b = append(b, text...)
	}
	if _, err := e.f.WriteAt(b, e.at); err != nil {
		return err
	}
	if err := e.f.Sync(); err != nil {
		return err
	}
	e.at += int64(len(b))
	return nil
}

// empty overwrites the frames, so that nothing of them stays.
func (e *emergency) empty() error {
	if e.at == emergencyHead {
		return nil
	}
	if _, err := e.f.WriteAt(make([]byte, max(e.at, emergencySize)-emergencyHead), emergencyHead); err != nil {
		return err
	}
	e.at, e.kept = emergencyHead, nil
	return e.f.Sync()
}

// setAside copies the file to <name>-<time>.kept: it holds an answer that could
// not be merged, and no answer is thrown away.
func (e *emergency) setAside(now time.Time) (err error) {
	b := make([]byte, e.at)
	if _, err := e.f.ReadAt(b, 0); err != nil {
		return err
	}
	f, err := private.Create(e.f.Name()+"-"+fileTime(now)+".kept", os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func (e *emergency) close() error { return e.f.Close() }

// Emergency keeps changes in <ledger>.emergency until the next opening merges
// them: for answers that Record refused. It works whatever state the ledger
// is in, as long as the directory's disk takes a write in place.
func (l *Ledger) Emergency(changes []ledger.Change) error {
	if l.backup == nil {
		return fmt.Errorf("%s is open for reading only: %w", l.path, ledger.ErrWrite)
	}
	if err := l.backup.add(changes); err != nil {
		return fmt.Errorf("%s.emergency: %w: %w", l.path, err, ledger.ErrWrite)
	}
	return nil
}
