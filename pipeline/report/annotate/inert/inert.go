// Package inert copies an Excel workbook without anything that can act by
// itself or lead elsewhere: formulas, macros, links, connections, embedded
// objects, pictures.
//
// It works by allow-lists. A part of the package, an element and an attribute
// are copied only if they are listed here; everything unknown, or of a later
// Excel, is left out. No relationship of the copy leads out of it. The
// result has the usual structure, so that its readers need not know how other
// programs write workbooks.
package inert

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// Count is how many things of a kind were left out.
type Count struct {
	Kind string // in words, singular: "formula"
	N    int
}

// maxUnpacked is how many bytes of a workbook are read, over all its parts.
const maxUnpacked = limits.OtherParts

// Limits of what is copied. They are far above what people put into lists of
// customers, and keep memory small.
const (
	maxSheets       = limits.Sheets
	maxElements     = limits.KeptElements // of all parts together: each is an object in memory later
	maxNotes        = 20_000              // comments; a box is drawn for each
	maxTag          = limits.XMLToken     // bytes from one tag to the next: attributes need several times their length in memory
	maxAlternatives = 16                  // inside each other
)

// ErrTooLarge is a workbook that is not copied because of its size.
var ErrTooLarge = errors.New("the workbook is too large to be copied")

// Copied is the copy of a workbook.
type Copied struct {
	Data    []byte
	Dropped []Count          // what was left out
	Sheets  map[string]Sheet // by name
}

// Sheet describes a sheet of the copy.
type Sheet struct {
	workbook.CommentParts
	Threads string // name of the part with its conversations, "" = none
	Cells   int    // and rows
}

// CopyFile copies the workbook at path into a new .xlsx. The copy has cells
// with their last values, looks, comments, tables, lists of choices and
// conditional formats that only look at the workbook's own cells. A formula
// becomes its value, or the error #N/A if it was never calculated. The error is
// ErrTooLarge for a workbook over the limits.
func CopyFile(path string) (_ *Copied, err error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	return copyArchive(&archive.Reader)
}

func copyArchive(archive *zip.Reader) (*Copied, error) {
	c := &copier{formulas: newExpressions(), from: newParts(archive), left: map[string]int{}, copied: map[string]Sheet{}}
	c.to.archive = zip.NewWriter(&c.to.out)
	if err := c.copyAll(); err != nil {
		return nil, err
	}
	if err := c.to.finish(); err != nil {
		return nil, err
	}
	return &Copied{c.to.out.Bytes(), c.droppedCounts(), c.copied}, nil
}

// copier copies one workbook.
type copier struct {
	formulas expressions
	from     *parts
	to       target
	left     map[string]int // left out, by kind
	sheets   map[string]bool
	names    map[string]bool // defined names that are kept, in upper case

	isStale bool // the workbook's formulas are not calculated

	copied           map[string]Sheet
	comments, tables int // parts written so far
	boxes            int // of comments
}

// countDropped counts things that are left out. Kinds that no reader misses have
// no name.
func (c *copier) countDropped(kind string, n int) {
	if kind != "" {
		c.left[kind] += n
	}
}

func (c *copier) droppedCounts() []Count {
	var list []Count
	for kind, n := range c.left {
		list = append(list, Count{kind, n})
	}
	sort.Slice(list, func(i, j int) bool {
		return cmp.Or(list[j].N-list[i].N, cmp.Compare(list[i].Kind, list[j].Kind)) < 0
	})
	return list
}

// String returns words such as "3 formulas".
func (c Count) String() string {
	kind := c.Kind
	if c.N != 1 {
		if noun, rest, found := strings.Cut(kind, " "); found && (strings.HasPrefix(rest, "to ") || strings.HasPrefix(rest, "of ")) {
			kind = noun + "s " + rest
		} else if stem, found := strings.CutSuffix(kind, "y"); found {
			kind = stem + "ies"
		} else {
			kind += "s"
		}
	}
	return fmt.Sprintf("%d %s", c.N, kind)
}

// target is the copy that is being written.
type target struct {
	out     bytes.Buffer
	archive *zip.Writer
	types   strings.Builder
}

const packageTypes = "http://schemas.openxmlformats.org/package/2006/content-types"

// addPart writes a part with its content type.
func (t *target) addPart(name, contentType string, data []byte) error {
	if contentType != "" {
		fmt.Fprintf(&t.types, `<Override PartName="/%s" ContentType="%s"/>`, name, contentType)
	}
	w, err := t.archive.Create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func (t *target) finish() error {
	types := header + `<Types xmlns="` + packageTypes + `"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="vml" ContentType="application/vnd.openxmlformats-officedocument.vmlDrawing"/><Default Extension="xml" ContentType="application/xml"/>` + t.types.String() + `</Types>`
	if err := t.addPart("[Content_Types].xml", "", []byte(types)); err != nil {
		return err
	}
	return t.archive.Close()
}
