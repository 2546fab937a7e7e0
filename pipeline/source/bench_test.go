package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// tenColumns is a file as large migrations bring it.
func tenColumns(b *testing.B, rows int, quoted bool) string {
	b.Helper()
	var text strings.Builder
	text.WriteString("firstName,lastName,email,phoneNumber,city,street,zip,country,purpose,id\n")
	street := "12 Long Street"
	if quoted {
		street = `"12 Long Street, Apt ""4"""`
	}
	for i := range rows {
		fmt.Fprintf(&text, "Jane%d,Doe,jane.doe%d@example.com,+1415555%04d,Springfield,%s,62704,US,travel,%d\n", i, i, i%10000, street, i)
	}
	return write(b, "a.csv", text.String())
}

func BenchmarkCSV(b *testing.B) {
	const rows = 100_000
	for name, quoted := range map[string]bool{"plain": false, "quoted": true} {
		b.Run(name, func(b *testing.B) {
			in, err := open(b, Options{ID: "id"}, nil, tenColumns(b, rows, quoted))
			if err != nil {
				b.Fatal(err)
			}
			batch := make([]Row, 256)
			b.ReportAllocs()
			for b.Loop() {
				pass, err := in.Rows(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				total := 0
				for err == nil {
					var n int
					n, err = pass.Read(batch)
					total += n
				}
				if !errors.Is(err, io.EOF) || total != rows {
					b.Fatal(total, err)
				}
			}
			b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	type raw struct {
		First string `csv:"firstName"`
		Last  string `csv:"lastName"`
		Email string `csv:"email"`
		Phone string `csv:"phoneNumber"`
		City  string `csv:"city"`
	}
	in, err := open(b, Options{}, nil, tenColumns(b, 256, false))
	if err != nil {
		b.Fatal(err)
	}
	rows, err := readPass(b, in)
	if err != nil {
		b.Fatal(err)
	}
	var out []raw
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(rows, &out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(rows))/b.Elapsed().Seconds(), "rows/s")
}
