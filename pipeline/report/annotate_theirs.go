package report

import (
	"encoding/xml"
	"errors"
	"path"
	"strings"

	"github.com/xuri/excelize/v2"
)

// newComments reads the comments of a sheet, which is this part of a workbook
// as package inert writes it.
func newComments(f *excelize.File, sheet, part string) (*comments, error) {
	c := &comments{file: f, sheet: sheet, parts: relatedParts(f, part), stale: map[string]bool{}, talks: map[string]bool{}}
	return c, c.read()
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

const revisionSpace = "http://schemas.microsoft.com/office/spreadsheetml/2014/revision"

// read takes over the sender's comments.
func (c *comments) read() error {
	if c.parts.comments == "" {
		return nil
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
	if err := errors.Join(xml.Unmarshal(packed(c.file, c.parts.comments), &part), c.readThreads()); err != nil {
		return err
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
	return nil
}

// readThreads notes the cells that a conversation stands in. Its comment is a
// stand-in for programs that know no conversations, and belongs to it alone.
func (c *comments) readThreads() error {
	if c.parts.threads == "" {
		return nil
	}
	var part struct {
		List []struct {
			Ref string `xml:"ref,attr"`
		} `xml:"threadedComment"`
	}
	if err := xml.Unmarshal(packed(c.file, c.parts.threads), &part); err != nil {
		return err
	}
	for _, one := range part.List {
		c.talks[one.Ref] = true
	}
	return nil
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
