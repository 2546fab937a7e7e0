package validate

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestForetell(t *testing.T) {
	for _, tt := range []struct {
		damage func(*Raw)
		want   []string // codes, "also" those that are foretold
		says   string
	}{
		{func(r *Raw) { r.PhoneNumber, r.CountryCode = "0151 2", "Deutschland" }, []string{CodePhoneNoCountry, CodeCountryUnknown, CodeForetold}, "also: is not a valid number of its country"},
		{func(r *Raw) { r.PhoneNumber, r.CountryCode = "0151 23456789", "Deutschland" }, []string{CodePhoneNoCountry, CodeCountryUnknown}, ""},
		{func(r *Raw) { r.CountryCode, r.PhoneNumber = "Iran", "+989123456789" }, []string{CodeCountryUnknown, CodeForetold}, "also: is a country under comprehensive sanctions"},
		{func(r *Raw) { r.CountryCode, r.PostalCode = "Germany", "1067" }, []string{CodeCountryUnknown, CodeForetold, CodeForetold}, "also: is too short for its country"},
		{func(r *Raw) { r.Email = "jane\u200b@localhost" }, []string{CodeInvisibleChar, CodeForetold}, "also: "},
		{func(r *Raw) { r.PhoneNumber = "14155552671.0" }, []string{CodeExcelDecimal, CodeForetold}, "also: is missing its leading +"},
		{func(r *Raw) { r.Terms = "ja" }, []string{CodeTerms}, ""},
		{func(r *Raw) { r.Program = "self-custody" }, []string{CodeProgram, CodeForetold}, "also: is empty, and the program non_custodial would need it"},
		{func(r *Raw) { r.Program, r.WalletAddress = "Extern", "-" }, []string{CodeProgram, CodePlaceholderIgnored, CodeForetold}, "also: is empty, and the program non_custodial would need it"},
		{func(r *Raw) { r.Program, r.WalletAddress = "Extern", mixedCase }, []string{CodeProgram}, ""},
		{func(*Raw) {}, nil, ""},
	} {
		raw := sound()
		tt.damage(&raw)
		r := new(Rules).Check(raw)
		var got []string
		for _, p := range r.Problems {
			got = append(got, p.Code)
		}
		hasText := slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Code == CodeForetold && strings.HasPrefix(p.Message, tt.says) })
		if !slices.Equal(got, tt.want) || tt.says != "" && !hasText {
			t.Errorf("%v, want %v with %q", r.Problems, tt.want, tt.says)
		}
	}
}

// TestOneRound corrects exactly what the first check named, over rows with damage of
// all kinds at once: the second check finds nothing that the first one did not say.
func TestOneRound(t *testing.T) {
	rules := new(Rules)
	rapid.Check(t, func(t *rapid.T) {
		raw := damagedRow(t)
		first := rules.Check(raw)
		corrected, changed := rules.correct(raw, first.Problems)
		if len(changed) == 0 || first.Valid() {
			return
		}
		second := (&Rules{PhoneRegion: RegionColumn}).CheckPresent(corrected)
		for _, p := range second.Problems {
			isKnown := slices.ContainsFunc(first.Problems, func(k Problem) bool {
				return k.Field == p.Field && (k.Code == p.Code || k.Message == p.Message || k.Message == "also: "+p.Message)
			})
			if !isKnown {
				t.Fatalf("new in the second round: %v; the first said %v", p, first.Problems)
			}
		}
	})
}

// TestRecheck changes some cells of a row, and some of the rules: Recheck says what a
// whole check says, but for the order of what it says of one field.
func TestRecheck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, raw := damagedRow(t), damagedRow(t)
		changed := rapid.SliceOfDistinct(rapid.SampledFrom([]string{FieldPhoneNumber, FieldTerms, FieldCountryCode, FieldLastName}), rapid.ID[string]).Draw(t, "changed")
		rules, ruled := &Rules{Live: true}, &Rules{Live: true}
		for _, f := range Fields() {
			switch isChanged := slices.Contains(changed, f.Name); {
			case !isChanged:
				*f.Cell(&raw) = *f.Cell(&before)
			case f.Name == FieldPhoneNumber:
				ruled.PhoneRegion = rapid.SampledFrom([]string{"", "DE", RegionColumn}).Draw(t, "region")
			case f.Name == FieldTerms:
				ruled.Values = Values{FieldTerms: {"ja": "true"}}
			case f.Name == FieldCountryCode:
				ruled.Values = Values{FieldCountryCode: {"deutschland": "DE"}}
			}
		}
		first := rules.Check(before)
		got, want := ruled.Recheck(raw, &first, changed...), ruled.CheckPresent(raw)
		byText := func(a, b Problem) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
		slices.SortFunc(got.Problems, byText)
		slices.SortFunc(want.Problems, byText)
		if !reflect.DeepEqual(got.User, want.User) || got.Identity != want.Identity || !slices.Equal(got.Problems, want.Problems) {
			t.Fatalf("%v after %v\n%v\nwant\n%v", changed, first.Problems, got.Problems, want.Problems)
		}
		if shared := ruled.CheckShared(raw); len(got.Problems) == 0 && (shared.PhoneNumber != want.User.PhoneNumber || shared.WalletAddress != want.User.WalletAddress) {
			t.Fatal("CheckShared reads other numbers than Check")
		}
	})
}

// damagedRow returns a row with some cells as lists have them.
func damagedRow(t *rapid.T) Raw {
	raw := sound()
	damage := func(cell *string, forms ...string) {
		*cell = rapid.SampledFrom(append(forms, *cell, *cell)).Draw(t, "cell")
	}
	damage(&raw.FirstName, "", "J\u200bane", "Jane\nDoe", "nan", "0x1", "Jane\x01 Doe")
	damage(&raw.LastName, "", "Doe\x01", "jane@company.com", "Do\u00ade")
	damage(&raw.Email, "", "jane", "ja\u200bne@company.com", "jane\x01@localhost", "jane@company,com")
	damage(&raw.PhoneNumber, "", "0151 23456789", "0151 2", "4915123456789", "4915123456789.0", "1,512,345,678", "06\u200b12345678", "0612345678\n", "\u200b4915123456789.0")
	damage(&raw.CountryCode, "", "DE", "Deutschland", "Frank\u200breich", "Iran", "\u200bIran", "UK", "Germny", "FR")
	damage(&raw.PostalCode, "", "1067", "1067.0", "01067", "75\x01008", "1,067")
	damage(&raw.IPAddress, "", "10.0.0.1", "203.0.113.42\n")
	damage(&raw.City, "None", "Nan", "SW1A 1AA", "Rom")
	damage(&raw.WalletAddress, "0x0", mixedCase)
	damage(&raw.Terms, "", "ja", "nein", "TR\u200bUE", "TR\u200bU")
	damage(&raw.Program, "", "Custody", "non-custodial", "non\u200b-custodial")
	return raw
}
