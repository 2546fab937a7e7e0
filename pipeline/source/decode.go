package source

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/gocarina/gocsv"
)

// Decode fills out, a pointer to a slice of structs with csv tags, with one
// struct for each row: Row.Values by Row.Names. Tags without a name among them
// keep their zero value. A slice that is large enough is reused. Several goroutines
// may decode, each its own rows.
func Decode(rows []Row, out any) error {
	slice := reflect.ValueOf(out)
	if slice.Kind() != reflect.Pointer || slice.IsNil() || slice.Elem().Kind() != reflect.Slice {
		return fmt.Errorf("source: Decode into %T, not a pointer to a slice", out)
	}
	slice = slice.Elem()
	slice.Set(slice.Slice(0, 0))
	if len(rows) == 0 {
		return nil
	}
	names := rows[0].Names
	if len(names) == 0 {
		return errors.New("source: Decode of rows without Names")
	}
	table := batch{names}
	for i := range rows {
		// gocsv would read a longer row out of bounds
		if len(rows[i].Values) != len(names) {
			return fmt.Errorf("source: row %d has %d values for %d names", rows[i].Number, len(rows[i].Values), len(names))
		}
		table = append(table, rows[i].Values)
	}
	slice.Grow(len(rows))
	slice.SetLen(len(rows))
	return gocsv.UnmarshalDecoder(table, out)
}

// batch is a table in memory, header first, as gocsv reads it.
type batch [][]string

var _ gocsv.Decoder = batch(nil)

func (b batch) GetCSVRows() ([][]string, error) { return b, nil }
