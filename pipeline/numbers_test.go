package pipeline

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
)

func TestNumbersAgainstMap(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	n, want := newNumbers(), map[string]ledger.Position{}
	for row := range 5 * holdersPart {
		at := ledger.Position{File: row % 3, Number: row + 2}
		number := fmt.Sprint("C", random.IntN(4*holdersPart))
		first, taken := n.first(number, at)
		if known, there := want[number]; taken != there || first != known {
			t.Fatalf("row %d: %v %t, want %v %t", row, first, taken, known, there)
		} else if !there {
			want[number] = at
		}
	}
}
