package source

// Code is one kind of [Issue]. Its words are in package pipeline/messages.
type Code struct {
	Code    string
	Warning bool
}

// Codes lists every code that a row's Issues can have, problems before
// warnings. The slice is the caller's.
func Codes() []Code {
	return []Code{
		{"columns", false},
		{"header_repeated", false},
		{"cell_too_long", false},
		{"row_too_long", false},
		{"cell_error", false},
		{"formula", false},
		{"formula_uncached", false},
		{"struck_out", false},
		{"struck_out_row", false},
		{"merged", false},
		{"number_rounded", false},
		{"number_format", false},
		{"other_meaning", false},
		{"date_number", false},
		{"date_impossible", false},
		{"date_short_year", false},
		{"date_range", false},
		{"date_cell", true},
		{"marks_removed", true},
		{"columns_beyond", true},
	}
}
