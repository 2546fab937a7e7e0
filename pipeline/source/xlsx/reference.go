package xlsx

import (
	"strconv"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// parseCellRef reads a reference such as E17 or $E$17; ok is false if it is
// none, or outside a sheet (ECMA-376 part 1, 18.3.1.73, and its limits in
// Excel). Both numbers count from 1.
func parseCellRef(ref []byte) (column, row int, ok bool) {
	i := 0
	if i < len(ref) && ref[i] == '$' {
		i++
	}
	for ; i < len(ref); i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		if column = column*26 + int(c-'A') + 1; column > limits.SheetColumns {
			return 0, 0, false
		}
	}
	if i < len(ref) && ref[i] == '$' {
		i++
	}
	row, ok = parseIndex(ref[i:], limits.SheetRows)
	return column, row, ok && column > 0 && row > 0
}

// parseIndex reads plain digits not above max.
func parseIndex(digits []byte, max int) (n int, ok bool) {
	number, err := strconv.ParseUint(string(digits), 10, 32)
	return int(number), err == nil && number <= uint64(max)
}
