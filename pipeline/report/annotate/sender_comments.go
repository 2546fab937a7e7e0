package annotate

import (
	"encoding/xml"
	"errors"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/bulkonboard/bulkonboard/pipeline/report/annotate/inert"
	"github.com/bulkonboard/bulkonboard/pipeline/report/workbook"
)

// readComments reads the comments of a sheet.
func readComments(f *excelize.File, sheet string, parts inert.Sheet) (*comments, error) {
	c := &comments{file: f, sheet: sheet, parts: parts.CommentParts,
		stale: map[string]bool{}, threads: map[string]bool{}}
	if parts.Comments == "" {
		return c, nil
	}
	return c, errors.Join(c.readSender(), c.readThreads(parts.Threads))
}

// readSender reads the sender's comments, and notes which are ours.
func (c *comments) readSender() error {
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
	if err := xml.Unmarshal(workbook.RawPart(c.file, c.parts.Comments), &part); err != nil {
		return err
	}
	for _, one := range part.List {
		own := workbook.Comment{Cell: one.Ref, Text: strings.TrimSpace(one.Text.Inner), UID: one.UID}
		if one.Author >= 0 && one.Author < len(part.Authors) {
			own.Author = part.Authors[one.Author]
		}
		if isOurs(own) {
			c.stale[own.Cell] = true
			if own = quotedSender(own); own.Text == "" {
				continue
			}
		}
		c.sender = append(c.sender, own)
	}
	return nil
}

// readThreads notes the cells of conversations. A comment on such a cell is a
// substitute for programs without conversations, and cannot be changed.
func (c *comments) readThreads(part string) error {
	if part == "" {
		return nil
	}
	var threads struct {
		List []struct {
			Ref string `xml:"ref,attr"`
		} `xml:"threadedComment"`
	}
	if err := xml.Unmarshal(workbook.RawPart(c.file, part), &threads); err != nil {
		return err
	}
	for _, one := range threads.List {
		c.threads[one.Ref] = true
	}
	return nil
}

// isOurs reports whether a comment is one of an earlier annotation. LibreOffice
// keeps no author, so that its beginning decides.
func isOurs(c workbook.Comment) bool {
	if c.Author == workbook.Author {
		return true
	}
	_, text, _ := strings.Cut(c.Text, "<t")
	_, text, _ = strings.Cut(text, ">")
	return strings.TrimSpace(c.Author) == "" && (strings.HasPrefix(text, problemLead) || strings.HasPrefix(text, warningLead))
}

// Between our words and the sender's in one comment is the name of the author,
// or unknownAuthor, and wroteHere.
const (
	wroteHere     = " wrote here:"
	unknownAuthor = "The sender"
	formerAuthor  = "Somebody" // in workbooks of earlier versions
)

// quotedSender returns the sender's comment inside one of ours. Its text is ""
// if there is none.
func quotedSender(ours workbook.Comment) workbook.Comment {
	before, after, found := strings.Cut(ours.Text, wroteHere)
	_, rest, ended := strings.Cut(after, "</r>")
	if !found || !ended || !strings.Contains(rest, "<t") {
		return workbook.Comment{Cell: ours.Cell}
	}
	name := before[strings.LastIndexByte(before, '>')+1:]
	var unescaped string
	if xml.Unmarshal([]byte("<t>"+name+"</t>"), &unescaped) == nil {
		name = unescaped
	}
	if name = strings.TrimSpace(name); name == unknownAuthor || name == formerAuthor {
		name = " " // as LibreOffice writes it
	}
	return workbook.Comment{Cell: ours.Cell, Author: name, Text: rest}
}
