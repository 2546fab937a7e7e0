package findings

import (
	"cmp"
	"slices"

	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/validate"
)

// dangerousCodes returns the codes of cells that look filled in while another
// customer's data, or damaged data, may be behind them. The worst come first.
func dangerousCodes() []string {
	return []string{
		validate.CodeOtherField, validate.CodeOtherFieldLikely, "other_meaning", "columns", "merged",
		pipeline.CodeRepeatsOther, "struck_out_row", "struck_out",
		validate.CodeExcelRounded, "number_rounded", "number_format", validate.CodeExcelDecimal, validate.CodeExcelDate,
		"date_number", validate.CodeDateAmbiguous, "date_short_year",
		validate.CodePhonePlusLost, validate.CodePhoneAmbiguous, validate.CodePostalShort, validate.CodePostalZeroLost,
		validate.CodeDoubleEncoded, validate.CodeBadEncoding, validate.CodeNotation, validate.CodeNotationLikely,
		validate.CodeWalletChecksum, validate.CodeWalletZero, validate.CodeNameNull,
		validate.CodeIPDefault, validate.CodeEmailExample,
	}
}

// sortedGroups returns every kind: the dangerous ones first, then problems before
// warnings, the most frequent first.
func (f *Collector) sortedGroups() []*group {
	worst := dangerousCodes()
	rank := func(g *group) int {
		if i := slices.Index(worst, g.code); i >= 0 {
			return i
		}
		if g.warning {
			return len(worst) + 1
		}
		return len(worst)
	}
	all := make([]*group, 0, len(f.groups))
	for _, g := range f.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.count, a.count), cmp.Compare(a.field, b.field), cmp.Compare(a.code, b.code), cmp.Compare(a.foretold, b.foretold))
	})
	return all
}
