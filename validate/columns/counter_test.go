package columns

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func count(cells ...string) (int, []int) {
	var c Counter[int]
	for i, v := range cells {
		c.Add(i+2, v)
	}
	return c.Found(3)
}

func TestCounter(t *testing.T) {
	numbered := func(form string, from, to int) (cells []string) {
		for i := from; i <= to; i++ {
			cells = append(cells, fmt.Sprintf(form, i))
		}
		return cells
	}
	for _, tt := range []struct {
		name  string
		cells []string
		want  int
		first []int
	}{
		{"purpose", numbered("personal use %d", 1, 7), 7, []int{2, 3, 4, 5, 6}},
		{"from 8 to 12", numbered("Boston %d", 8, 12), 5, []int{2, 3, 4, 5, 6}},
		{"address", numbered("203.0.113.%d", 9, 11), 3, []int{2, 3, 4}},
		{"digits left out", []string{"+12025550198", "+1202555199", "+12025550200"}, 0, nil},
		{"phone of one length", numbered("+12025550%d", 198, 202), 5, []int{2, 3, 4, 5, 6}},
		{"house", numbered("%d Main Street", 1, 4), 4, []int{2, 3, 4, 5}},
		{"postal code", []string{"02139", "02140", "02141"}, 3, []int{2, 3, 4}},
		{"two", []string{"Boston 1", "Boston 2"}, 0, nil},
		{"another town", []string{"Boston 1", "Bern 2", "Berlin 3"}, 0, nil},
		{"all alike", []string{"5 A Street", "5 A Street", "5 A Street"}, 0, nil},
		{"by two", []string{"2 A Street", "4 A Street", "6 A Street"}, 0, nil},
		{"down", []string{"3 A", "2 A", "1 A"}, 0, nil},
		{"blanks between", []string{"A 1", "", "A 2", "", "A 3"}, 0, nil},
		{"a third of the column", append(numbered("A %d", 1, 4), slices.Repeat([]string{"B"}, 8)...), 0, nil},
		{"a part, but long", append(numbered("A %d", 1, 25), slices.Repeat([]string{"B"}, 80)...), 25, []int{2, 3, 4, 5, 6}},
		{"too many digits", []string{"12345678901234567890", "12345678901234567891", "12345678901234567892"}, 0, nil},
	} {
		cells, first := count(tt.cells...)
		if cells != tt.want || !slices.Equal(first, tt.first) {
			t.Errorf("%s: %d cells from rows %v, want %d from %v", tt.name, cells, first, tt.want, tt.first)
		}
	}
}

// Numbers without an order do not count up.
func TestCounterRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var c Counter[int]
	for row := range 100_000 {
		c.Add(row, fmt.Sprintf("%d Main Street", random.IntN(30)))
	}
	if cells, _ := c.Found(3); cells != 0 {
		t.Errorf("%d cells count up by chance", cells)
	}
}
