package source

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// content is the bytes of one input file: a file of the sender, opened again for
// each pass, or a copy of standard input.
type content struct {
	name     string
	copied   *os.File // standard input; nil for a file of the sender
	unlinked bool     // copied has no name any more
	kind     string
	columns  []string // of JSON lines: all keys, once they were read
	sheet    string   // of a workbook: the one that was found; "" = that of Options.Sheet
	size     int64
	modified time.Time
	sum      [sha256.Size]byte
}

// newContent refuses a file that is no table, and hashes it.
func newContent(ctx context.Context, name string, stdin io.Reader) (*content, error) {
	c := &content{name: name}
	var err error
	if name == "-" {
		err = c.keepInput(ctx, stdin)
	}
	if err == nil {
		err = c.inspectFile(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// keepInput copies standard input to a file without a name, so that it can be
// read again.
func (c *content) keepInput(ctx context.Context, stdin io.Reader) error {
	if stdin == nil {
		return &Error{File: c.name, Reason: "there is no standard input"}
	}
	f, err := os.CreateTemp("", "bulkonboard-*") // mode 0600
	if err != nil {
		return fmt.Errorf("creating a file for standard input: %w", err)
	}
	c.copied = f
	c.unlinked = os.Remove(f.Name()) == nil // not on Windows, where closing removes it
	if _, err := io.Copy(f, untilDone(ctx, stdin)); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("keeping standard input in %s: %w", filepath.Dir(f.Name()), err)
	}
	return nil
}

func (c *content) inspectFile(ctx context.Context) error {
	if strings.HasPrefix(filepath.Base(c.name), "~$") {
		return &Error{File: c.name, Reason: "this is the lock file of a workbook that is open in a spreadsheet program",
			Hint: "Close the program, and name the workbook itself"}
	}
	f, err := c.open()
	if err != nil {
		return err
	}
	defer f.Close()
	c.size, c.modified = f.size, f.modified
	if c.size == 0 {
		return refuseNoRows(c.name)
	}
	kind, other, err := sniffKind(f, c.size)
	if err != nil {
		return table.FileError(c.name, err)
	}
	if kind == "" {
		return &Error{File: c.name, Reason: "this is " + other.what, Hint: other.hint}
	}
	if (kind == kindXLSX || kind == kindJSONL) && c.copied != nil {
		return &Error{File: c.name, Reason: "this is " + describeKind(kind) + ", and standard input is read as CSV", Hint: "Name it as a file"}
	}
	if hint, wrong := contradictsName(c.name, kind); wrong {
		return &Error{File: c.name, Reason: "this is " + describeKind(kind) + ", whatever its name says", Hint: hint}
	}
	c.kind = kind
	c.sum, err = c.hashBytes(ctx, f)
	return err
}

// handle is a content opened for reading, with what its file said then.
type handle struct {
	io.Reader
	io.ReaderAt
	io.Closer
	size     int64
	modified time.Time
}

// open opens the bytes from the start. It opens no pipe or device, which could
// block or never end.
func (c *content) open() (*handle, error) {
	if c.copied != nil {
		size, err := c.copied.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, table.FileError(c.name, err)
		}
		section := io.NewSectionReader(c.copied, 0, size)
		return &handle{Reader: section, ReaderAt: section, Closer: io.NopCloser(nil), size: size}, nil
	}
	info, err := os.Stat(c.name)
	if err != nil {
		return nil, table.FileError(c.name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, refuseNotRegular(c.name, info)
	}
	f, err := os.Open(c.name)
	if err != nil {
		return nil, table.FileError(c.name, err)
	}
	if info, err = f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(refuseNotRegular(c.name, info), f.Close())
	}
	return &handle{Reader: f, ReaderAt: f, Closer: f, size: info.Size(), modified: info.ModTime()}, nil
}

func refuseNotRegular(name string, info os.FileInfo) *Error {
	e := &Error{File: name, Reason: "not a regular file"}
	switch {
	case info != nil && info.IsDir():
		e.Reason += ", but a directory"
		e.Hint = "Name the files in it"
	case info != nil && info.Mode()&os.ModeNamedPipe != 0:
		e.Reason += ", but a pipe"
		e.Hint = "Pass - and redirect it to standard input"
	}
	return e
}

func refuseNoRows(name string) *Error {
	return &Error{File: name, Reason: "no customer rows", Hint: "The first row holds the headers, each further row a customer"}
}

// hashBytes reads r to its end.
func (c *content) hashBytes(ctx context.Context, r io.Reader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, untilDone(ctx, r), make([]byte, 256<<10)); err != nil {
		if ctx.Err() != nil {
			return sum, ctx.Err()
		}
		return sum, table.FileError(c.name, err)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// verify reads the file again and compares it with what Open saw.
func (c *content) verify(ctx context.Context) error {
	f, err := c.open()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	defer f.Close()
	sum, err := c.hashBytes(ctx, f)
	if err != nil {
		return err
	}
	if sum != c.sum {
		return c.changedError()
	}
	return nil
}

func (c *content) changedError() error {
	return &Error{File: c.name, Reason: ErrChanged.Error(), Hint: "Do not change it until the run has ended, and start again", Err: ErrChanged}
}

func (c *content) close() error {
	if c.copied == nil {
		return nil
	}
	err := c.copied.Close()
	if !c.unlinked {
		err = errors.Join(err, os.Remove(c.copied.Name()))
	}
	c.copied = nil
	return err
}

// withText reads the text of a CSV file once more, for what a refusal can say
// about it. A file that cannot be read again changes nothing.
func (c *content) withText(use func(text io.Reader)) {
	f, err := c.open()
	if err != nil {
		return
	}
	defer f.Close()
	if text, err := c.unpackText(f, 0); err == nil {
		use(text)
	}
}

// readerFunc makes a reader of a function.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// untilDone reads until ctx is done.
func untilDone(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

// unpackText returns the text of a CSV file whose bytes come from r. max is the
// largest size unpacked, in bytes; 0 = limits.Workbook.
func (c *content) unpackText(r io.Reader, max int64) (io.Reader, error) {
	if c.kind != kindGzip {
		return r, nil
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(r, sniffed))
	if err != nil {
		return nil, err
	}
	text := bufio.NewReaderSize(&boundedGunzip{Reader: z, packed: c.size, max: cmp.Or(max, limits.Workbook)}, sniffed)
	head, _ := text.Peek(sniffed) // an error comes back from the next read
	kind, other, err := sniffKind(bytes.NewReader(head), int64(len(head)))
	switch {
	case err != nil:
		return nil, err
	case kind == "":
		return nil, &Error{Reason: "there is " + other.what + " in the gzip file", Hint: other.hint}
	case kind != kindText:
		return nil, &Error{Reason: "there is " + describeKind(kind) + " in the gzip file", Hint: "Unpack it first"}
	}
	return text, nil
}

// boundedGunzip stops at max bytes, and at limits.Ratio times the size of the file.
type boundedGunzip struct {
	*gzip.Reader
	packed, unpacked, max int64
}

func (g *boundedGunzip) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	if g.unpacked += int64(n); g.unpacked > g.max {
		return 0, &Error{Reason: "the gzip file unpacks to more than " + limits.FormatSize(g.max), Hint: "Unpack it first: a CSV file has no such limit"}
	}
	if g.unpacked > limits.RatioFrom && g.unpacked/limits.Ratio > g.packed {
		return 0, &Error{Reason: fmt.Sprintf("the gzip file unpacks to more than %d times its size", limits.Ratio), Hint: "Unpack it and look at what is in it"}
	}
	return n, err
}
