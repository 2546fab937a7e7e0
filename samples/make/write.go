package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// goodList returns the header and rows without mistakes.
func goodList(rows int, seed uint64) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		random := rand.New(rand.NewPCG(seed, 0))
		if !yield(header()) {
			return
		}
		for i := range rows {
			if !yield(newCustomer(random, seed, i)) {
				return
			}
		}
	}
}

// writeList writes a list to a file by its extension, or to stdout where there is none.
func writeList(stdout io.Writer, path string, list iter.Seq[[]string]) (err error) {
	write := writeCSV
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		write = writeXLSX
	case ".csv":
	default:
		if path != "" {
			return fmt.Errorf("%s: the name must end in .csv or .xlsx", path)
		}
		return write(stdout, list)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f, list)
}

func writeCSV(w io.Writer, list iter.Seq[[]string]) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	out := csv.NewWriter(buffered)
	for row := range list {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return errors.Join(out.Error(), buffered.Flush())
}

func writeXLSX(w io.Writer, list iter.Seq[[]string]) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	number := 0
	for row := range list {
		number++
		var cells []any
		for i, text := range row {
			cells = append(cells, cellValue(i, text))
		}
		if err := sheet.SetRow("A"+strconv.Itoa(number), cells); err != nil {
			return err
		}
	}
	if err := sheet.Flush(); err != nil {
		return err
	}
	return book.Write(w)
}

// cellValue returns what a spreadsheet makes of a typed text: a phone number without
// its + becomes a number.
func cellValue(column int, text string) any {
	if column == phoneNumber && text != "" && text[0] != '0' {
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return n
		}
	}
	if text == "" {
		return nil
	}
	return text
}
