// Package emergency is the file in which a ledger keeps answers that it cannot
// record, until the next opening merges them. Start at [Open].
//
// The file is written in full when it is made, so that a full disk leaves room for
// the answers that are in flight. Its header identifies it by the id of the
// ledger, the tokens of its opening (see [File.Announce]) and the number of the last
// write that the ledger is known to hold, by which a ledger that has lost writes is
// recognised.
package emergency

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/ledger/internal/fileperm"
)

// ErrOtherLedger says that an emergency file is that of another ledger.
var ErrOtherLedger = fmt.Errorf("it belongs to another ledger than the one next to it; put the right ledger there, or continue with this one (bulkonboard ledger adopt): %w", ledger.ErrDamaged)

const (
	fileSize = 2 << 20 // 600 answers with the longest excerpts
	maxSize  = 64 << 20
)

// File is an emergency file. Its methods may be called by any number of
// goroutines, but for Empty, SetAside and Close.
type File struct {
	content
	mu      sync.Mutex // guards what Add writes
	f       *os.File
	existed bool
}

// Open opens the emergency file with this path, or makes it. id is that of the
// ledger, of 1 to 32 bytes; seq is the number of its last write, for a file that is
// made.
//
// ErrOtherLedger if the file is that of another ledger, ErrDamaged if it cannot be
// read, ErrUnsafe if others can open it, else ErrWrite.
func Open(path, id string, seq int64) (*File, error) {
	if len(id) == 0 || len(id) > idSize {
		return nil, fmt.Errorf("%s: an id of %d bytes: %w", path, len(id), ErrOtherLedger)
	}
	_, err := os.Lstat(path)
	existed := err == nil
	if !existed && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: %w", path, err, ledger.ErrWrite)
	}
	if !existed {
		if err := createFile(path, id, seq); err != nil {
			return nil, fmt.Errorf("%s cannot be made: %w: %w", path, err, ledger.ErrWrite)
		}
	}
	f, err := fileperm.Open(path, os.O_RDWR)
	if errors.Is(err, fileperm.ErrNotPrivate) {
		return nil, fmt.Errorf("%w: %w", err, ledger.ErrUnsafe)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be opened: %w: %w", path, err, ledger.ErrWrite)
	}
	e := &File{f: f, existed: existed}
	if e.content, err = readContent(f, id); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return e, nil
}

// Peek reads the file of a ledger that another process may have open. That process
// may write to it meanwhile: then only its number counts, which is one short
// write. The file is closed already; of one that does not exist Existed is false.
func Peek(path, id string) (*File, error) {
	f, err := fileperm.Open(path, os.O_RDONLY)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &File{}, nil
	case errors.Is(err, fileperm.ErrNotPrivate):
		return nil, fmt.Errorf("%w: %w", err, ledger.ErrUnsafe)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be opened: %w", path, err)
	}
	e := &File{existed: true}
	e.content, err = readContent(f, id)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// createFile writes an empty file in its full length, under another name first: a
// crash leaves none or a whole one.
func createFile(path, id string, seq int64) error {
	part := path + ".new"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := fileperm.Create(part, os.O_RDWR)
	if err != nil {
		return err
	}
	b := make([]byte, fileSize)
	putHeader(b, id, seq)
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return fileperm.SyncFolder(path)
}

func readContent(f *os.File, id string) (content, error) {
	info, err := f.Stat()
	if err != nil {
		return content{}, err
	}
	if info.Size() > maxSize {
		return content{}, fmt.Errorf("too long to be written by this program; move it away: %w", ledger.ErrDamaged)
	}
	b := make([]byte, info.Size())
	if _, err := f.ReadAt(b, 0); err != nil {
		return content{}, err
	}
	return parseContent(b, id)
}

// FilePath returns the path of the file.
func (e *File) FilePath() string { return e.f.Name() }

// HasExisted reports whether the file was there before it was opened.
func (e *File) HasExisted() bool { return e.existed }

// Seq returns the number of the last write of the ledger, as found when the file
// was opened. It is never ahead of what the ledger's disk holds, so that a ledger
// that holds less has lost writes or is an older copy.
func (e *File) Seq() int64 { return e.seq }

// Kept returns the changes that were in the file when it was opened. Those that
// were cut off by the end of a process are not among them: Add never returned.
func (e *File) Kept() []ledger.Change { return e.kept }

// NoteWrite writes the number of the newest write that the ledger's disk holds. It is
// not synced, and its failure only blunts a check.
func (e *File) NoteWrite(seq int64) {
	var b [seqSize]byte
	putSeq(b[:], seq)
	_, _ = e.f.WriteAt(b[:], seqAt)
}

// NoteSender writes the number of the sender whose writes are noted from now on; none
// is noted yet.
func (e *File) NoteSender(number int64) error {
	var b [2 * seqSize]byte
	putSeq(b[seqSize:], number)
	_, err := e.f.WriteAt(b[:], seqAt)
	return err
}

// LastSender returns the number of the sender whose write Seq is, as found when the file was
// opened; 0 if no sender wrote it.
func (e *File) LastSender() int64 { return e.sender }

// Add appends changes. They are on the disk when it returns nil.
func (e *File) Add(changes []ledger.Change) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	b, err := appendFrames(nil, changes)
	if err != nil {
		return err
	}
	if _, err := e.f.WriteAt(b, e.end); err != nil {
		return err
	}
	if err := e.f.Sync(); err != nil {
		return err
	}
	e.end += int64(len(b))
	return nil
}

// Empty overwrites the changes, so that nothing of them is left.
func (e *File) Empty() error {
	if e.end == headSize {
		return nil
	}
	if _, err := e.f.WriteAt(make([]byte, max(e.end, fileSize)-headSize), headSize); err != nil {
		return err
	}
	e.end, e.kept = headSize, nil
	return e.f.Sync()
}

// SetAside copies the file to another name, <path>-<time>.kept, and returns it: for
// a file with an answer that could not be merged, because no answer is thrown away.
func (e *File) SetAside(now time.Time) (name string, err error) {
	b := make([]byte, e.end)
	if _, err := e.f.ReadAt(b, 0); err != nil {
		return "", err
	}
	name = keptName(e.f.Name(), now)
	f, err := fileperm.Create(name, os.O_WRONLY)
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	return name, errors.Join(err, f.Sync(), f.Close())
}

// MoveAside renames an emergency file that belongs to another ledger, or to another
// state of it, to <path>-<time>.kept, and returns that name. The file must be closed.
func MoveAside(path string, now time.Time) (name string, err error) {
	name = keptName(path, now)
	if err := os.Rename(path, name); err != nil {
		return "", fmt.Errorf("%s cannot be set aside: %w: %w", path, err, ledger.ErrWrite)
	}
	return name, nil
}

func keptName(path string, now time.Time) string {
	return path + "-" + now.UTC().Format("20060102T150405.000000000") + ".kept"
}

// Close closes the file.
func (e *File) Close() error { return e.f.Close() }

// CountKept returns how many changes a file holds, whichever ledger it belongs to;
// 0 if there is none or it cannot be read.
func CountKept(path string) int {
	e, err := Peek(path, "")
	if err != nil {
		return 0
	}
	return len(e.kept)
}
