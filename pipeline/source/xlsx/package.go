package xlsx

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/source/table"
)

// workbookPackage is an open zip package whose directory was checked. Its
// parts are looked up by lower-case name.
type workbookPackage struct {
	name         string // of the file, for errors
	parts        map[string]*zip.File
	names        []string // keys of parts, in the order of the directory
	maxPart      int64    // bytes that may be read out of one part
	bytesLeft    int64    // that may still be read whole, all such parts together
	elementsLeft int      // of XML that they may still have
}

// scanPackage checks the directory of a zip package before anything is unpacked:
// how many entries it claims, how large they say they are, their names, and
// that no two share bytes. Only then does it look at the start of each part.
func scanPackage(r io.ReaderAt, size int64, name string, max int64) (*workbookPackage, error) {
	if max <= 0 {
		max = limits.Workbook
	}
	refuse := func(reason, hint string) error { return &table.Error{File: name, Reason: reason, Hint: hint} }
	// The directory's own counts cannot be trusted, so the bound is on how much
	// zip.NewReader may read to build it.
	bounded := &boundedReaderAt{r: r, left: limits.ZipDirectory}
	zr, err := zip.NewReader(bounded, size)
	switch {
	case bounded.left < 0:
		return nil, refuse("the workbook's zip directory is too large", "Save it again from a spreadsheet program")
	case err != nil:
		return nil, refuse("the file is damaged: its zip directory cannot be read", "Ask the sender for it again, or save it again")
	}
	bounded.off = true
	p := &workbookPackage{name: name, parts: make(map[string]*zip.File, len(zr.File)), maxPart: max, bytesLeft: limits.OtherParts, elementsLeft: limits.PartElements}
	if reason, hint := p.checkEntries(zr.File, max); reason != "" {
		return nil, refuse(reason, hint)
	}
	if !p.hasPart("[Content_Types].xml") {
		for _, name := range p.names {
			if strings.HasSuffix(name, ".xlsx") || strings.HasSuffix(name, ".csv") {
				return nil, refuse("this is a zip archive with files in it, not a workbook", "Unpack it and name the file inside")
			}
		}
		return nil, refuse("this is a zip archive, not a workbook", "Name the workbook")
	}
	if err := p.checkProlog(); err != nil {
		return nil, err
	}
	return p, nil
}

// hasPart reports whether the package has a part of that name, whatever its case.
func (p *workbookPackage) hasPart(name string) bool { return p.parts[strings.ToLower(name)] != nil }

// openPart opens one part, as UTF-8. More unpacked bytes than the package's limit are an
// error, whatever the directory said. All errors of the reader but io.EOF are
// *table.Error with the name of the file.
func (p *workbookPackage) openPart(name string) (io.ReadCloser, error) {
	f := p.parts[strings.ToLower(name)]
	if f == nil {
		return nil, &table.Error{File: p.name, Reason: "the workbook lacks a part it refers to", Hint: "Save it again from a spreadsheet program"}
	}
	rc, err := f.Open()
	if err != nil {
		return nil, p.partError(name, err)
	}
	raw := &partReader{p: p, name: name, r: rc, left: p.maxPart}
	text, err := toUTF8(raw)
	if err != nil {
		return nil, errors.Join(p.partError(name, err), rc.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{text, raw}, nil
}

// readPart returns a small part whole.
func (p *workbookPackage) readPart(name string, limit int64) (_ []byte, err error) {
	r, err := p.openPart(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, p.partError(name, err)
	}
	if p.bytesLeft -= int64(len(b)); p.bytesLeft < 0 {
		return nil, &table.Error{File: p.name, Reason: fmt.Sprintf("the workbook has more than %s besides its cells", limits.FormatSize(limits.OtherParts)), Hint: "Copy the rows into a new workbook"}
	}
	if int64(len(b)) > limit {
		return nil, &table.Error{File: p.name, Reason: fmt.Sprintf("the workbook's %s is larger than %s", partTitle(name), limits.FormatSize(limit)), Hint: "Copy the rows into a new workbook"}
	}
	return b, nil
}

// partError turns what went wrong while reading a part into an *table.Error.
func (p *workbookPackage) partError(part string, err error) error {
	var known *table.Error
	if errors.As(err, &known) {
		return err
	}
	e := &table.Error{File: p.name, Hint: "Save it again from a spreadsheet program"}
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, errCellText):
		e.Reason, e.Hint = errCellText.Error(), "Is this a table of customers?"
	case errors.Is(err, errDTD), errors.Is(err, errEncoding), errors.Is(err, errXML), errors.Is(err, errBudget):
		e.Reason = fmt.Sprintf("the workbook's %s cannot be read: %s", partTitle(part), err)
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &corrupt):
		e.Reason, e.Hint = fmt.Sprintf("the file is damaged: its %s does not unpack", partTitle(part)), "Ask the sender for it again, or save it again"
	default:
		e = table.FileError(p.name, err)
	}
	return e
}

// partTitle names a part for a message. Sheets are named by Error.Sheet.
func partTitle(part string) string {
	part = strings.ToLower(part)
	switch {
	case strings.Contains(part, "/worksheets/"):
		return "sheet"
	case strings.HasSuffix(part, "sharedstrings.xml"):
		return "text table"
	case strings.HasSuffix(part, "styles.xml"):
		return "style table"
	case strings.HasSuffix(part, "workbook.xml"):
		return "sheet list"
	}
	return "contents"
}

// boundedReaderAt stops a reader that asks for more than it should need.
type boundedReaderAt struct {
	r    io.ReaderAt
	left int64
	off  bool // bound lifted
}

func (b *boundedReaderAt) ReadAt(buf []byte, at int64) (int, error) {
	n, err := b.r.ReadAt(buf, at)
	if !b.off {
		if b.left -= int64(n); b.left < 0 {
			return 0, errBudget
		}
	}
	return n, err
}

var errBudget = errors.New("it is larger than the limit")

// partReader counts what is really unpacked of a part, and adds the file's name
// to errors.
type partReader struct {
	p    *workbookPackage
	name string
	r    io.ReadCloser
	left int64
}

func (b *partReader) Read(buf []byte) (int, error) {
	n, err := b.r.Read(buf)
	if b.left -= int64(n); b.left < 0 {
		n, err = 0, errBudget
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.p.partError(b.name, err)
	}
	return n, err
}

func (b *partReader) Close() error {
	if err := b.r.Close(); err != nil {
		return b.p.partError(b.name, err)
	}
	return nil
}
