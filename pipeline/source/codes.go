package source

// Code is one kind of [Issue], for help texts.
type Code struct {
	Code    string
	Warning bool
	Meaning string // one sentence for help texts
}

// Codes lists every code that a row's Issues can have, problems before
// warnings. The slice is the caller's.
func Codes() []Code {
	return []Code{
		{"columns", false, "the row has more or fewer columns than the header row, so that no cell can be assigned"},
		{"header_repeated", false, "the row holds the names of columns, not a customer"},
		{"cell_too_long", false, "the cell has more characters than a cell of a spreadsheet can hold"},
		{"row_too_long", false, "the cells of the row that are read, carried ones included, hold more than can be kept"},
		{"cell_error", false, "the cell shows an error of a formula"},
		{"json_list", false, "the value is a list, and a field has one value"},
		{"linked_data", false, "the cell holds a linked data type of Excel, such as a country of Geography, or a picture"},
		{"formula", false, "the cell is a formula, and the field must be entered by hand, or --formulas refuse is set"},
		{"formula_uncached", false, "the cell is a formula, and the workbook has no result for it: it was never calculated, or was saved without results"},
		{"struck_out", false, "text in the cell is struck out, wholly or in part"},
		{"struck_out_row", false, "the whole row is struck out in the sheet"},
		{"merged", false, "the cell is merged with others, so that one value counts for several"},
		{"number_rounded", false, "the number has more than 15 digits, of which spreadsheet programs keep 15"},
		{"number_format", false, "the cell's number format shows a percentage, an amount of money, a rounded number or nothing, which is not what the cell holds"},
		{"other_meaning", false, "the cell holds a word that is no value of the field, in a column whose header may mean another thing"},
		{"date_number", false, "the cell holds a number in a column of dates, such as the day number 32874 for 1990-01-01"},
		{"date_impossible", false, "the cell has the form of a date that does not exist, such as 0000-00-00"},
		{"date_short_year", false, "the date has a year of two digits, so that it can be read in several ways"},
		{"date_range", false, "the cell is formatted as a date that does not exist"},
		{"date_cell", true, "the cell is a date or a time"},
		{"marks_removed", true, "the value was written as =\"02139\", '02139 or in quotation marks, and is read without these marks"},
		{"columns_beyond", true, "cells to the right of the headers are not read"},
	}
}
