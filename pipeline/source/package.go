package source

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// Limits of a workbook's zip package. They are far above what spreadsheet
// programs write and far below what hurts.
const (
	defaultMaxBytes = limits.Workbook // Options.MaxBytes
	maxParts        = limits.WorkbookParts
	maxDirectory    = limits.ZipDirectory
	largePart       = limits.RatioFrom
	maxRatio        = limits.Ratio
)

// workbookPackage is an open zip package whose directory was checked. Its
// parts are looked up by lower-case name.
type workbookPackage struct {
	file   io.Closer
	name   string // of the file, for errors
	parts  map[string]*zip.File
	names  []string // keys of parts, in the order of the directory
	budget int64    // bytes that may still be read out of one part
	beside int64    // bytes that may still be read whole, all such parts together
	room   int      // XML elements that they may still have
}

// openPackage opens the workbook at path and checks it before anything of it
// is unpacked. Every error is an *Error that refuses the file.
func openPackage(path string, max int64) (*workbookPackage, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, closing(fileError(path, err), f)
	}
	if !info.Mode().IsRegular() {
		return nil, closing(&Error{File: path, Reason: "not a regular file"}, f)
	}
	p, err := scanPackage(f, info.Size(), path, max)
	if err != nil {
		return nil, closing(err, f)
	}
	p.file = f
	return p, nil
}

// scanPackage checks the directory of a zip package: what kind of file it is,
// how many entries it claims, how large they say they are, their names, and
// that no two share bytes. Only then does it look at the start of each part.
func scanPackage(r io.ReaderAt, size int64, name string, max int64) (*workbookPackage, error) {
	if max <= 0 {
		max = defaultMaxBytes
	}
	refuse := func(reason, hint string) error { return &Error{File: name, Reason: reason, Hint: hint} }
	kind, other, err := sniff(r, size)
	switch {
	case err != nil:
		return nil, fileError(name, err)
	case other.what != "":
		return nil, refuse("this is "+other.what+", not an .xlsx workbook", other.hint)
	case kind != kindXLSX:
		return nil, refuse("this is "+describe(kind)+", not an .xlsx workbook", "Name it for what it is")
	}
	// The directory's own counts cannot be trusted, so what is bounded is how
	// much zip.NewReader may read to build it.
	bounded := &boundedReaderAt{r: r, left: maxDirectory}
	zr, err := zip.NewReader(bounded, size)
	switch {
	case bounded.left < 0:
		return nil, refuse("the workbook's zip directory is too large", "Save it again from a spreadsheet program")
	case err != nil:
		return nil, refuse("the file is damaged: its zip directory cannot be read", "Get it again from its sender, or save it again")
	}
	bounded.off = true
	p := &workbookPackage{name: name, parts: make(map[string]*zip.File, len(zr.File)), budget: max, beside: limits.BesideSheet, room: limits.PartElements}
	if reason, hint := p.checkEntries(zr.File, max); reason != "" {
		return nil, refuse(reason, hint)
	}
	if reason, hint := p.kind(); reason != "" {
		return nil, refuse(reason, hint)
	}
	if err := p.checkProlog(); err != nil {
		return nil, err
	}
	return p, nil
}

// checkEntries fills p.parts, or says why the package is refused.
func (p *workbookPackage) checkEntries(files []*zip.File, max int64) (reason, hint string) {
	if len(files) > maxParts {
		return fmt.Sprintf("the workbook has more than %s parts", limits.Grouped(maxParts)), "Copy the rows into a new workbook"
	}
	resave := "Save it again from a spreadsheet program"
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(files))
	var total uint64
	for _, f := range files {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		for _, part := range strings.Split(name, "/") {
			if part == ".." {
				return "a part of the workbook has a name with \"..\"", resave
			}
		}
		if strings.ContainsRune(name, 0) {
			return "a part of the workbook has a name with a NUL byte", resave
		}
		if p.parts[name] != nil {
			return "two parts of the workbook have the same name", resave
		}
		p.parts[name] = f
		p.names = append(p.names, name)
		if f.Flags&1 != 0 {
			return "the workbook is inside a password-protected zip", "Unpack it and name the workbook itself"
		}
		if f.Method != zip.Store && f.Method != zip.Deflate {
			return "a part of the workbook is packed with an unusual method", resave
		}
		total += f.UncompressedSize64
		if f.UncompressedSize64 > uint64(max) || total > uint64(max) {
			return fmt.Sprintf("the workbook unpacks to more than %s", limits.Size(max)), "Save the sheet as CSV, which has no such limit"
		}
		if f.UncompressedSize64 > largePart && f.UncompressedSize64/maxRatio > f.CompressedSize64 {
			return "a part of the workbook unpacks to more than 200 times its size", "Copy the rows into a new workbook"
		}
		from, err := f.DataOffset()
		if err != nil {
			return "the file is damaged: an entry of its zip directory points nowhere", "Get it again from its sender, or save it again"
		}
		spans = append(spans, span{from, from + int64(f.CompressedSize64)})
	}
	sort.Slice(spans, func(i, j int) bool { return spans[i].from < spans[j].from })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to || spans[i-1].to < spans[i-1].from {
			return "parts of the workbook overlap in the zip", resave
		}
	}
	return "", ""
}

// checkProlog refuses a package in which any part that could be read as XML
// has a DTD or is not UTF-8. A DTD can only stand before the root element, so
// a look at the start of each part is enough. UTF-16 is let pass in customXml,
// where Power Query keeps it; nothing is read from there.
func (p *workbookPackage) checkProlog() error {
	for _, name := range p.names {
		ext := name[strings.LastIndexByte(name, '.')+1:]
		if ext != "xml" && ext != "rels" && ext != "vml" {
			continue
		}
		r, err := p.open(name)
		if err != nil {
			return err
		}
		s := newXMLScanner(r)
		_, err = s.next()
		if closeErr := r.Close(); err == nil {
			err = closeErr
		}
		if errors.Is(err, errDTD) || errors.Is(err, errEncoding) && !strings.HasPrefix(name, "customxml/") {
			return p.broken(name, err)
		}
	}
	return nil
}

// has reports whether the package has a part of that name, whatever its case.
func (p *workbookPackage) has(name string) bool { return p.parts[strings.ToLower(name)] != nil }

// present returns the name of a part that may be missing, "" if it is: programs
// write a relationship to texts or styles that no cell uses. A cell that does
// use one finds it missing.
func (p *workbookPackage) present(name string) string {
	if p.has(name) {
		return name
	}
	return ""
}

// open reads one part. What comes out is counted: more than the package's
// limit is an error whatever the directory said. All errors of the reader but
// io.EOF are an *Error with the file's name, whoever reads.
func (p *workbookPackage) open(name string) (io.ReadCloser, error) {
	f := p.parts[strings.ToLower(name)]
	if f == nil {
		return nil, &Error{File: p.name, Reason: "the workbook lacks a part it refers to", Hint: "Save it again from a spreadsheet program"}
	}
	rc, err := f.Open()
	if err != nil {
		return nil, p.broken(name, err)
	}
	return &partReader{p: p, name: name, r: rc, left: p.budget}, nil
}

// read returns a small part whole.
func (p *workbookPackage) read(name string, limit int64) (_ []byte, err error) {
	r, err := p.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = closing(err, r) }()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, p.broken(name, err)
	}
	if p.beside -= int64(len(b)); p.beside < 0 {
		return nil, &Error{File: p.name, Reason: fmt.Sprintf("the workbook has more than %s beside its cells", limits.Size(limits.BesideSheet)), Hint: "Copy the rows into a new workbook"}
	}
	if int64(len(b)) > limit {
		return nil, &Error{File: p.name, Reason: fmt.Sprintf("the workbook's %s is larger than %s", partTitle(name), limits.Size(limit)), Hint: "Copy the rows into a new workbook"}
	}
	return b, nil
}

// Close closes the file. Readers of parts are closed by whoever opened them.
func (p *workbookPackage) Close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// broken turns what went wrong while reading a part into an *Error.
func (p *workbookPackage) broken(part string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	e := &Error{File: p.name, Hint: "Save it again from a spreadsheet program"}
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, errCellText):
		e.Reason, e.Hint = errCellText.Error(), "Is this a table of customers?"
	case errors.Is(err, errDTD), errors.Is(err, errEncoding), errors.Is(err, errXML), errors.Is(err, errBudget):
		e.Reason = fmt.Sprintf("the workbook's %s cannot be read: %s", partTitle(part), err)
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &corrupt):
		e.Reason, e.Hint = fmt.Sprintf("the file is damaged: its %s does not unpack", partTitle(part)), "Get it again from its sender, or save it again"
	default:
		e = fileError(p.name, err)
	}
	return e
}

// partTitle names a part for people. Sheets are named by the error's Sheet.
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

// closing closes c on the way out and keeps both errors.
func closing(err error, c io.Closer) error {
	if closeErr := c.Close(); err == nil {
		return closeErr
	}
	return err
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

// partReader counts what is really unpacked of a part, and gives errors their
// place: a part can be damaged in any byte, and is read in many places.
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
	if err != nil && err != io.EOF {
		err = b.p.broken(b.name, err)
	}
	return n, err
}

func (b *partReader) Close() error {
	if err := b.r.Close(); err != nil {
		return b.p.broken(b.name, err)
	}
	return nil
}
