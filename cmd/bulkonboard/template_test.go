package main

import (
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"
)

// The workbook to fill in offers the words that the terms and the program take.
func TestTemplateOffers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := command(t, dir, "template", "t.xlsx").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := excelize.OpenFile(filepath.Join(dir, "t.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Customers")
	if err != nil {
		t.Fatal(err)
	}
	lists, err := f.GetDataValidations("Customers")
	if err != nil {
		t.Fatal(err)
	}
	offered := map[string]string{}
	for _, list := range lists {
		column, _, err := excelize.CellNameToCoordinates(list.Sqref[:2])
		if err != nil {
			t.Fatal(err)
		}
		offered[rows[0][column-1]] = list.Formula1
	}
	if len(offered) != 2 || offered["isTermsOfServiceAccepted"] != `"TRUE"` || offered["program"] != `"custodial,non_custodial"` {
		t.Errorf("offered: %v", offered)
	}
}
