package validate

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/validate/country"
	"github.com/bulkonboard/bulkonboard/validate/internal/celltext"
)

// CodeForetold marks what will be wrong with a row once its other problems are
// corrected, so that a sender hears of it in the first round. It changes no status.
const CodeForetold = "foretold"

// maxForetold is how often the row is corrected and checked again: a problem may
// hide one that hides another one.
const maxForetold = 3

// foretell adds to the problems of an invalid row those that its correction will
// show, where what is wrong says what is right. It also sets Result.Corrected.
func (r *Rules) foretell(raw Raw, res *Result) {
	if !mayNeedWallet(res) && !slices.ContainsFunc(res.Problems, hasOneRightForm) {
		return
	}
	known, last := slices.Clone(res.Problems), *res
	add := func(p Problem) {
		isKnown := func(k Problem) bool { return k.Field == p.Field && (k.Code == p.Code || k.Message == p.Message) }
		if !slices.ContainsFunc(known, isKnown) {
			known = append(known, p)
			res.Problems = append(res.Problems, Problem{Field: p.Field, Code: CodeForetold, Warning: true, Message: "also: " + p.Message})
		}
	}
	rules := *r
	rules.PhoneRegion = RegionColumn // a number without a country code is of its row's country
	for range maxForetold {
		if mayNeedWallet(&last) {
			add(Problem{Field: FieldWalletAddress, Code: CodeForetold, Message: "is empty, and the program non_custodial would need it. If that is the program, fill it in"})
		}
		corrected, changed := r.correct(raw, last.Problems)
		if len(changed) == 0 {
			return
		}
		next := rules.Recheck(corrected, &last, append(changed, FieldPhoneNumber)...)
		res.Corrected = &Corrected{next.User, next.Identity}
		for _, p := range next.Problems {
			add(p)
		}
		raw, last = corrected, next
	}
}

// mayNeedWallet reports whether a row lacks a wallet address, and its program is empty
// or a word that may mean the one that needs it.
func mayNeedWallet(res *Result) bool {
	isUnread, hasProblem := false, false
	for _, p := range res.Problems {
		isUnread = isUnread || p.Field == FieldProgram && !p.Warning && !hasOneRightForm(p)
		hasProblem = hasProblem || p.Field == FieldWalletAddress && !p.Warning
	}
	return isUnread && !hasProblem && res.User.WalletAddress == ""
}

// hasOneRightForm reports whether a problem may be one that correct corrects.
func hasOneRightForm(p Problem) bool {
	switch p.Code {
	case CodeControlChar, CodeInvisibleChar, CodeLineBreak, CodeCountryUnknown, CodePhonePlusLost, CodeExcelDecimal, CodePhoneNoCountry:
		return true
	}
	return false
}

// correct returns the row with everything corrected that can have one right form
// only, and the fields for which that is so.
func (r *Rules) correct(raw Raw, problems []Problem) (corrected Raw, changed []string) {
	if !slices.ContainsFunc(problems, hasOneRightForm) {
		return raw, nil
	}
	hasRegion := false
	for _, p := range problems {
		cell := raw.cellOf(p.Field)
		if cell == nil {
			continue
		}
		before := *cell
		switch p.Code {
		case CodeControlChar, CodeInvisibleChar, CodeLineBreak:
			*cell = removeUnseen(before, !isProse(p.Field))
		case CodeCountryUnknown:
			*cell = cmp.Or(country.CodeOf(before), before)
		case CodePhonePlusLost:
			*cell = "+" + strings.TrimSpace(before)
		case CodeExcelDecimal:
			*cell = removeDecimals(before)
		case CodePhoneNoCountry:
			hasRegion = true
		}
		if *cell != before {
			changed = append(changed, p.Field)
		}
	}
	if hasRegion && r.PhoneRegion == "" && r.RowCountry(raw.CountryCode) != "" {
		changed = append(changed, FieldPhoneNumber)
	}
	return raw, changed
}

// isProse reports whether the value of a field may have several words.
func isProse(field string) bool {
	switch field {
	case FieldFirstName, FieldLastName, FieldAccountPurpose, FieldAddress, FieldCity, FieldRegion, FieldPostalCode:
		return true
	}
	return false
}

// removeUnseen takes out what a cell shows nothing of, and writes it on one line: in
// one word if it has no spaces.
func removeUnseen(cell string, isWord bool) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case isWord && unicode.IsSpace(c) && c != ' ':
			return -1
		case c == '\n' || c == '\r' || c == '\t' || c == '\u2028' || c == '\u2029':
			return ' '
		case unicode.IsControl(c) || isInvisible(c):
			return -1
		}
		return c
	}, cell))
}

// removeDecimals takes out what a program added to digits that it read as a number.
func removeDecimals(cell string) string {
	cell = strings.TrimSpace(cell)
	if celltext.HasDecimalZeros(cell) {
		cell, _, _ = strings.Cut(cell, ".")
	}
	return strings.ReplaceAll(cell, ",", "")
}
