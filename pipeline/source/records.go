package source

// records is one open file before its header is understood: every row that is
// not blank, in order, as text. CSV and XLSX each implement it; Input puts the
// header and the mapping on top.
type records interface {
	// next returns io.EOF after the last row, or an *Error.
	next() (record, error)
	Close() error
}

// record is one row of a file. Its cells are valid for good.
type record struct {
	number int // as a spreadsheet program shows it, from 1
	line   int // as an editor shows it, from 1; 0 for XLSX
	cells  []string
	lines  int // that it takes in the file, if a cell of it is in quotation marks; else 0
	issues []cellIssue
}

// cellIssue is an Issue before the header is understood. Merged cells reach
// over several columns, and which of them are read is not known yet.
type cellIssue struct {
	Issue
	last    int  // column of a merged range, 0-based; 0 = Column
	written bool // counts only in columns of Field.Written
	sent    bool // counts only in columns whose values decide or are sent, not in those that are carried along
}
