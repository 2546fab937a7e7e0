package report

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Limits of a sheet, by Microsoft's "Excel specifications and limits".
const (
	sheetRows  = 1_048_576
	sheetLinks = 65_530
)

// book is a workbook that is written in streams. Its sheets may be written
// side by side. close must be called.
type book struct {
	file  *excelize.File
	style styles
	links []*linkList
}

// styles are the ids of the few looks that there are.
type styles struct {
	title, subtitle, head              int
	headEdge, headRight, headIndent    int
	text, wrapped, number, note, link  int
	count, share, label, cause, group  int
	value, key, good, warn, bad, muted int
	lead, sum, sumCount                int
}

// newBook makes a workbook whose first sheet has this name.
func newBook(scratch, first string) (*book, error) {
	b := &book{file: excelize.NewFile(excelize.Options{TmpDir: scratch})}
	err := b.file.SetSheetName(b.file.GetSheetName(0), first)
	if err == nil {
		err = errors.Join(b.file.SetAppProps(&excelize.AppProperties{Application: "bulkonboard"}), b.addStyles())
	}
	if err != nil {
		return nil, errors.Join(err, b.file.Close())
	}
	return b, nil
}

// Colours, as few as can be: ink, lines, one dark head, and three signals
// that keep apart in print too.
const (
	inkColour   = "1F2933"
	greyColour  = "616E7C"
	lineColour  = "CBD2D9"
	paleColour  = "F1F4F7"
	headColour  = "243B53"
	greenColour = "2F7D5B"
	amberColour = "B7791F"
	redColour   = "B23A3A"
	noteColour  = "FFF4CC"
	linkColour  = "1D5FA8"
	barColour   = "3B6EA5"
)

func (b *book) addStyles() error {
	font := func(size float64, bold bool, colour string) *excelize.Font {
		return &excelize.Font{Family: "Calibri", Size: size, Bold: bold, Color: colour}
	}
	fill := func(colour string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
	}
	under := []excelize.Border{{Type: "bottom", Color: lineColour, Style: 1}}
	top, centre := &excelize.Alignment{Vertical: "top"}, &excelize.Alignment{Vertical: "center"}
	centreWrap := &excelize.Alignment{Vertical: "center", WrapText: true}
	percent := "0.0%"
	right := &excelize.Alignment{Vertical: "center", Horizontal: "right"}
	indented := &excelize.Alignment{Vertical: "center", Horizontal: "left", WrapText: true, Indent: 1}
	total := []excelize.Border{{Type: "top", Color: inkColour, Style: 1}}
	edge := []excelize.Border{{Type: "bottom", Color: headColour, Style: 2}}
	wrap := &excelize.Alignment{Vertical: "top", WrapText: true}
	const asText, thousands = 49, 3 // built-in formats "@" and "#,##0"
	blue := font(11, false, linkColour)
	blue.Underline = "single"
	st := &b.style
	for _, s := range []struct {
		id   *int
		look excelize.Style
	}{
		{&st.title, excelize.Style{Font: font(20, true, headColour)}},
		{&st.lead, excelize.Style{Font: font(12, false, inkColour)}},
		{&st.sum, excelize.Style{Font: font(11, true, inkColour), NumFmt: asText, Border: total, Alignment: centre}},
		{&st.sumCount, excelize.Style{Font: font(11, true, inkColour), NumFmt: thousands, Border: total, Alignment: right}},
		{&st.subtitle, excelize.Style{Font: font(11, false, greyColour)}},
		{&st.head, excelize.Style{Font: font(11, true, "FFFFFF"), Fill: fill(headColour), NumFmt: asText,
			Alignment: &excelize.Alignment{Vertical: "center"}}},
		{&st.headEdge, excelize.Style{Font: font(12, true, headColour), Border: edge, Alignment: centre}},
		{&st.headRight, excelize.Style{Font: font(12, true, headColour), Border: edge, Alignment: right}},
		{&st.headIndent, excelize.Style{Font: font(12, true, headColour), Border: edge, Alignment: indented}},
		{&st.text, excelize.Style{Font: font(11, false, inkColour), NumFmt: asText, Alignment: top}},
		{&st.wrapped, excelize.Style{Font: font(11, false, inkColour), NumFmt: asText, Alignment: wrap}},
		{&st.note, excelize.Style{Font: font(11, false, inkColour), NumFmt: asText, Alignment: wrap, Fill: fill(noteColour)}},
		{&st.link, excelize.Style{Font: blue, NumFmt: asText, Alignment: top}},
		{&st.count, excelize.Style{Font: font(11, false, inkColour), NumFmt: thousands, Border: under, Alignment: right}},
		{&st.share, excelize.Style{Font: font(11, false, greyColour), CustomNumFmt: &percent, Border: under, Alignment: right}},
		{&st.number, excelize.Style{Font: font(11, false, inkColour), Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left"}}},
		{&st.label, excelize.Style{Font: font(11, false, inkColour), NumFmt: asText, Border: under, Alignment: indented}},
		{&st.cause, excelize.Style{Font: font(11, true, inkColour), NumFmt: asText, Border: under, Alignment: centreWrap}},
		{&st.group, excelize.Style{Font: font(12, true, headColour), Fill: fill(paleColour), NumFmt: asText, Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}}},
		{&st.key, excelize.Style{Font: font(11, false, greyColour), Border: under, NumFmt: asText, Alignment: centre}},
		{&st.value, excelize.Style{Font: font(11, true, inkColour), Border: under, NumFmt: asText, Alignment: indented}},
		{&st.good, excelize.Style{Font: font(11, true, greenColour), Border: under, NumFmt: asText, Alignment: centre}},
		{&st.warn, excelize.Style{Font: font(11, true, amberColour), Border: under, NumFmt: asText, Alignment: centre}},
		{&st.bad, excelize.Style{Font: font(11, true, redColour), Border: under, NumFmt: asText, Alignment: centre}},
		{&st.muted, excelize.Style{Font: font(11, true, greyColour), Border: under, NumFmt: asText, Alignment: centre}},
	} {
		var err error
		if *s.id, err = b.file.NewStyle(&s.look); err != nil {
			return err
		}
	}
	return nil
}

// moneyStyle is the look of amounts in a currency, with their cents.
func (b *book) moneyStyle(currency string) (int, error) {
	format := "#,##0.00##"
	if currency = strings.ReplaceAll(clean(currency), `"`, ""); currency != "" {
		format += ` "` + currency + `"`
	}
	return b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Family: "Calibri", Size: 11, Bold: true, Color: inkColour},
		Border: []excelize.Border{{Type: "bottom", Color: lineColour, Style: 1}}, CustomNumFmt: &format,
		Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "left", Indent: 1}})
}

// save writes the workbook straight to w: excelize would build the whole file
// in memory.
func (b *book) save(w io.Writer) error {
	b.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return linkedArchive{zip.NewWriter(w), b.links} })
	_, err := b.file.WriteToBuffer()
	return err
}

func (b *book) close() error { return errors.Join(b.closeLinks(), b.file.Close()) }

// column is a column of a sheet.
type column struct {
	title string
	width float64 // in characters
	style int     // of its cells, the empty ones too
}

// sheet is one sheet under way: a frozen header, then rows from top to bottom.
type sheet struct {
	book   *book
	name   string
	stream *excelize.StreamWriter
	cols   []column
	last   int // row written last, from 1
	cells  []any
	filter bool
}

// sheet makes a sheet with a header row, or takes the book's first one if it
// has that name. A filter is set on the header at the end if asked.
func (b *book) sheet(name string, cols []column, filter bool) (*sheet, error) {
	if _, err := b.file.NewSheet(name); err != nil {
		return nil, err
	}
	wide := 1
	if len(cols) > 12 {
		wide = 2 // on one page nobody could read it
	}
	if err := errors.Join(b.layout(name, "landscape", wide), b.repeatHead(name)); err != nil {
		return nil, err
	}
	stream, err := b.file.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	s := &sheet{book: b, name: name, stream: stream, cols: cols, cells: make([]any, 0, len(cols)), filter: filter}
	if err := stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft",
		Selection: []excelize.Selection{{SQRef: "A2", ActiveCell: "A2", Pane: "bottomLeft"}}}); err != nil {
		return nil, err
	}
	head := make([]string, len(cols))
	for i, c := range cols {
		head[i] = c.title
		if err := stream.SetColWidth(i+1, i+1, c.width); err != nil {
			return nil, err
		}
		if c.style > 0 {
			if err := stream.SetColStyle(i+1, i+1, c.style); err != nil {
				return nil, err
			}
		}
	}
	return s, s.styled(head, b.style.head, 22)
}

// landscape makes a sheet print across, as wide as the page.
func (b *book) landscape(name string) error { return b.layout(name, "landscape", 1) }

// layout makes a sheet print on A4, so many pages wide, with its name and the
// page's number under it. A stream takes it over if it is said before.
func (b *book) layout(name, orientation string, wide int) error {
	a4, tall, fit := 9, 0, true
	side, end, foot := 0.4, 0.6, 0.3 // inches
	return errors.Join(
		b.file.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: &orientation, Size: &a4, FitToWidth: &wide, FitToHeight: &tall}),
		b.file.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{Left: &side, Right: &side, Top: &side, Bottom: &end, Footer: &foot}),
		b.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&L&8&A&R&8&P / &N"}),
		b.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}))
}

// repeatHead prints the header of a sheet on every page.
func (b *book) repeatHead(name string) error {
	return b.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + name + "'!$1:$1", Scope: name})
}

// styled writes a row of text in one style and height.
func (s *sheet) styled(cells []string, style int, height float64) error {
	s.cells = s.cells[:0]
	for _, c := range cells {
		s.cells = append(s.cells, excelize.Cell{StyleID: style, Value: Guard(c)})
	}
	return s.write(height)
}

// row writes cells of text, guarded, each in its column's style. height 0 is
// that of one line.
func (s *sheet) row(cells []string, height float64) error {
	s.cells = s.cells[:0]
	for i, c := range cells {
		if c == "" {
			s.cells = append(s.cells, nil)
			continue
		}
		var value any = Guard(c)
		if s.cols[i].style == s.book.style.number {
			if n, err := strconv.Atoi(c); err == nil {
				value = n
			}
		}
		s.cells = append(s.cells, excelize.Cell{StyleID: s.cols[i].style, Value: value})
	}
	return s.write(height)
}

// write writes s.cells as the next row.
func (s *sheet) write(height float64) error {
	if s.last >= sheetRows {
		return fmt.Errorf("more than %d rows do not fit in a sheet: use .csv", sheetRows-1)
	}
	s.last++
	at, err := excelize.CoordinatesToCellName(1, s.last)
	if err != nil {
		return err
	}
	if height > 0 {
		return s.stream.SetRow(at, s.cells, excelize.RowOpts{Height: height})
	}
	return s.stream.SetRow(at, s.cells)
}

// flush ends the sheet.
func (s *sheet) flush() error {
	if s.filter {
		end, err := excelize.CoordinatesToCellName(len(s.cols), max(s.last, 2))
		if err != nil {
			return err
		}
		if err := s.book.file.AutoFilter(s.name, "A1:"+end, nil); err != nil {
			return err
		}
	}
	return s.stream.Flush()
}

// heightFor is the height in points that text takes in a column of this width
// in characters: as many lines as it wraps to, at most 12.
func heightFor(text string, width float64) float64 {
	lines := 0
	for part := range strings.SplitSeq(text, "\n") {
		lines += 1 + int(float64(utf8.RuneCountInString(part))/width)
	}
	if lines <= 1 {
		return 0
	}
	return 15 * float64(min(lines, 12))
}

// rejectSheet is the rejects file as a workbook: text cells under a frozen
// header, so that a number typed into it stays what was typed.
type rejectSheet struct {
	book  *book
	sheet *sheet
	w     io.Writer
}

func newRejectSheet(w io.Writer, scratch string, header []string) (*rejectSheet, error) {
	const name = "Rejects"
	b, err := newBook(scratch, name)
	if err != nil {
		return nil, err
	}
	cols := make([]column, len(header))
	for i, h := range header {
		cols[i] = column{h, min(max(float64(utf8.RuneCountInString(h))+4, 14), 40), b.style.text}
	}
	cols[len(cols)-1].width, cols[len(cols)-1].style = 72, b.style.note
	s, err := b.sheet(name, cols, true)
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return &rejectSheet{b, s, w}, nil
}

func (r *rejectSheet) row(cells []string) error {
	return r.sheet.row(cells, heightFor(cells[len(cells)-1], 72))
}

func (r *rejectSheet) flush() error {
	if err := r.sheet.flush(); err != nil {
		return err
	}
	return r.book.save(r.w)
}

func (r *rejectSheet) close() error { return r.book.close() }
