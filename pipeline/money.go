package pipeline

import (
	"fmt"
	"math/big"
	"strings"
)

// Amount is an exact amount of money without its currency. The zero value is
// an unknown amount. Amounts are immutable and safe for concurrent use.
type Amount struct{ rat *big.Rat }

// ParseAmount reads a plain decimal such as "12.50". "" is the unknown amount.
func ParseAmount(s string) (Amount, error) {
	if s == "" {
		return Amount{}, nil
	}
	if len(s) > 64 || strings.ContainsAny(s, "/eE_xXpP") {
		return Amount{}, fmt.Errorf("not an amount of money: write it like 12.50")
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return Amount{}, fmt.Errorf("not an amount of money: write it like 12.50")
	}
	return Amount{r}, nil
}

// Known reports whether the amount is known.
func (a Amount) Known() bool { return a.rat != nil }

// String is the shortest exact decimal with at least two places, "" if unknown.
func (a Amount) String() string {
	if a.rat == nil {
		return ""
	}
	places, exact := a.rat.FloatPrec()
	if !exact {
		places = 6
	}
	return a.rat.FloatString(max(places, 2))
}

// Times is the amount n times over; unknown stays unknown.
func (a Amount) Times(n int) Amount {
	if a.rat == nil {
		return a
	}
	return Amount{new(big.Rat).Mul(a.rat, new(big.Rat).SetInt64(int64(n)))}
}

// Plus is the sum; an unknown amount counts as nothing unless both are unknown.
func (a Amount) Plus(b Amount) Amount {
	switch {
	case a.rat == nil:
		return b
	case b.rat == nil:
		return a
	default:
		return Amount{new(big.Rat).Add(a.rat, b.rat)}
	}
}

// Minus is the difference, unknown if either is.
func (a Amount) Minus(b Amount) Amount {
	if a.rat == nil || b.rat == nil {
		return Amount{}
	}
	return Amount{new(big.Rat).Sub(a.rat, b.rat)}
}

// Over is how many whole times b fits into a; -1 if that is not known.
func (a Amount) Over(b Amount) int {
	if a.rat == nil || b.rat == nil || b.rat.Sign() <= 0 {
		return -1
	}
	if a.rat.Sign() <= 0 {
		return 0
	}
	q := new(big.Rat).Quo(a.rat, b.rat)
	n := new(big.Int).Quo(q.Num(), q.Denom())
	if !n.IsInt64() {
		return -1
	}
	return int(n.Int64())
}

// Per is the n-th part; unknown if the amount is or n is not positive.
func (a Amount) Per(n int) Amount {
	if a.rat == nil || n <= 0 {
		return Amount{}
	}
	return Amount{new(big.Rat).Quo(a.rat, new(big.Rat).SetInt64(int64(n)))}
}

// hasWholeCents reports whether the amount has at most two decimal places.
func (a Amount) hasWholeCents() bool {
	return a.rat != nil && new(big.Rat).Mul(a.rat, big.NewRat(100, 1)).IsInt()
}

// Cmp compares two known amounts like cmp.Compare; an unknown one counts as zero.
func (a Amount) Cmp(b Amount) int {
	x, y := a.rat, b.rat
	if x == nil {
		x = new(big.Rat)
	}
	if y == nil {
		y = new(big.Rat)
	}
	return x.Cmp(y)
}
