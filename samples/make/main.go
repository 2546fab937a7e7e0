// Command make writes invented customers: all of them good, or with the mistakes
// that lists really have.
//
//	go run ./samples/make -rows 1000000 > big.csv
//	go run ./samples/make -rows 5000 -messy -o messy.xlsx
//
// The list is CSV on standard output, or a .csv or .xlsx file with -o. The same flags
// give the same bytes. Nobody is real: the e-mails are at example.com, the addresses of
// registration are of the range for documentation.
//
// With -messy, about one row in four has one mistake, some are blank, and two remarks
// follow the last one. mistakes in messy.go lists the kinds with their shares; how many
// rows of each were written is said on standard error.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("make", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rows := flags.Int("rows", 1000, "customers to write")
	seed := flags.Uint64("seed", 1, "another seed makes other people")
	isMessy := flags.Bool("messy", false, "with the mistakes that lists really have")
	file := flags.String("o", "", "`FILE` to write, .csv or .xlsx (default: CSV on standard output)")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil, flags.NArg() > 0, *rows < 0:
		_, _ = fmt.Fprintln(stderr, "usage: make -rows N [-seed N] [-messy] [-o FILE]") // the exit code says it too
		return 2
	}
	list := goodList(*rows, *seed)
	var kinds *counts
	if *isMessy {
		kinds = &counts{}
		list = messyList(*rows, *seed, kinds)
	}
	if err := writeList(stdout, *file, list); err != nil {
		_, _ = fmt.Fprintln(stderr, "make:", err)
		return 1
	}
	kinds.report(stderr)
	return 0
}
