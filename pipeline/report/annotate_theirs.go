package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
)

// newComments reads the comments of a sheet. part is its part of the archive.
func newComments(f *excelize.File, sheet, part string) *comments {
	c := &comments{file: f, sheet: sheet, parts: relatedParts(f, part), stale: map[string]bool{}, talks: map[string]bool{}}
	c.able = part != "" && c.readable() && c.read()
	return c
}

// commentParts are the parts of a workbook that hold the comments of a sheet,
// "" if there are none.
type commentParts struct {
	comments, drawing string
	threads           string // conversations, beside their first words among the comments
}

// relatedParts finds the parts that belong to a sheet.
func relatedParts(f *excelize.File, part string) commentParts {
	var found commentParts
	dir, base := path.Split(part)
	var rels relationships
	if xml.Unmarshal(packed(f, dir+"_rels/"+base+".rels"), &rels) != nil {
		return found
	}
	for _, r := range rels.List {
		at := target(strings.TrimSuffix(dir, "/"), r.Target)
		switch path.Base(r.Type) {
		case "comments":
			found.comments = at
		case "vmlDrawing":
			found.drawing = at
		case "threadedComment":
			found.threads = at
		}
	}
	return found
}

// packed is a part of a workbook as it came, nil if there is none.
func packed(f *excelize.File, part string) []byte {
	data, _ := f.Pkg.Load(part)
	text, _ := data.([]byte)
	return text
}

// readable reports whether the sheet's parts are of the usual build or, if it
// has none, whether the names that excelize will give them are free. A drawing
// that names its parts in another way is rewritten in the usual one.
func (c *comments) readable() bool {
	if c.parts.drawing != "" {
		vml := packed(c.file, c.parts.drawing)
		for _, usual := range []string{`xmlns:v="urn:schemas-microsoft-com:vml"`, `xmlns:x="urn:schemas-microsoft-com:office:excel"`, `xmlns:o="urn:schemas-microsoft-com:office:office"`, "</xml>"} {
			if bytes.Contains(vml, []byte(usual)) {
				continue
			}
			vml, ok := usualPrefixes(vml, "xml", [][2]string{{"v", "urn:schemas-microsoft-com:vml"},
				{"o", "urn:schemas-microsoft-com:office:office"}, {"x", "urn:schemas-microsoft-com:office:excel"}})
			if !ok {
				return false
			}
			c.file.Pkg.Store(c.parts.drawing, vml)
			break
		}
		return c.parts.comments != ""
	}
	if c.parts.comments != "" {
		return false
	}
	n := 1
	c.file.Pkg.Range(func(name, _ any) bool {
		if s, ok := name.(string); ok && strings.Contains(s, "xl/comments") {
			n++
		}
		return true
	})
	return packed(c.file, fmt.Sprintf("xl/comments%d.xml", n)) == nil && packed(c.file, fmt.Sprintf("xl/drawings/vmlDrawing%d.vml", n)) == nil
}

const (
	mainSpace     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	revisionSpace = "http://schemas.microsoft.com/office/spreadsheetml/2014/revision"
)

// read takes over the sender's comments.
func (c *comments) read() bool {
	if c.parts.comments == "" {
		return true
	}
	// Texts are copied as they stand, so that their elements have to be named
	// as ours are.
	whole, ok := packed(c.file, c.parts.comments), true
	if regexp.MustCompile(`</\w+:`).Match(whole) {
		if whole, ok = usualPrefixes(whole, "comments", [][2]string{{"", mainSpace}, {"xr", revisionSpace}}); !ok {
			return false
		}
	}
	var part struct {
		Authors []string `xml:"authors>author"`
		List    []struct {
			Ref    string `xml:"ref,attr"`
			Author int    `xml:"authorId,attr"`
			UID    string `xml:"http://schemas.microsoft.com/office/spreadsheetml/2014/revision uid,attr"`
			Text   struct {
				Inner string `xml:",innerxml"`
			} `xml:"text"`
		} `xml:"commentList>comment"`
	}
	if xml.Unmarshal(whole, &part) != nil || !c.readThreads() {
		return false
	}
	for _, one := range part.List {
		own := ownComment{cell: one.Ref, text: strings.TrimSpace(one.Text.Inner), uid: one.UID}
		if one.Author >= 0 && one.Author < len(part.Authors) {
			own.author = part.Authors[one.Author]
		}
		if own.ours() {
			c.stale[own.cell] = true
			if own = inherited(own); own.text == "" {
				continue
			}
		}
		c.own = append(c.own, own)
	}
	return true
}

// readThreads notes the cells that a conversation stands in. Its comment is a
// stand-in for programs that know no conversations, and belongs to it alone.
func (c *comments) readThreads() bool {
	if c.parts.threads == "" {
		return true
	}
	var part struct {
		List []struct {
			Ref string `xml:"ref,attr"`
		} `xml:"threadedComment"`
	}
	if xml.Unmarshal(packed(c.file, c.parts.threads), &part) != nil {
		return false
	}
	for _, one := range part.List {
		c.talks[one.Ref] = true
	}
	return true
}

// What our comments begin with.
const (
	problemLead = "Correct this"
	warningLead = "Please check"
)

// ours reports whether a comment is one of an earlier annotation. LibreOffice
// keeps no author, so that it is known by its beginning.
func (o *ownComment) ours() bool {
	if o.author == author {
		return true
	}
	_, text, _ := strings.Cut(o.text, "<t")
	_, text, _ = strings.Cut(text, ">")
	return strings.TrimSpace(o.author) == "" && (strings.HasPrefix(text, problemLead) || strings.HasPrefix(text, warningLead))
}

// Between our words and the sender's in one comment stands the name of who
// wrote them, or somebody, and wroteHere.
const (
	wroteHere = " wrote here:"
	somebody  = "Somebody"
)

func (o *ownComment) who() string {
	return either(strings.TrimSpace(o.author), somebody)
}

// inherited is the sender's comment that one of ours holds; its text is "" if
// it holds none.
func inherited(ours ownComment) ownComment {
	before, after, found := strings.Cut(ours.text, wroteHere)
	_, rest, ended := strings.Cut(after, "</r>")
	if !found || !ended || !strings.Contains(rest, "<t") {
		return ownComment{cell: ours.cell}
	}
	name := strings.TrimSpace(unescaped(before[strings.LastIndexByte(before, '>')+1:]))
	if name == somebody {
		name = " " // as LibreOffice has it
	}
	return ownComment{cell: ours.cell, author: name, text: rest}
}

func unescaped(text string) string {
	var s string
	if xml.Unmarshal([]byte("<t>"+text+"</t>"), &s) != nil {
		return text
	}
	return s
}
