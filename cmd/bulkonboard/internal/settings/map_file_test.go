package settings

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// made is one decision of each kind.
func made() []decisions.Made {
	var list []decisions.Made
	for _, d := range []decisions.Decision{
		{Kind: decisions.Word, Field: validate.FieldTerms, From: "ja", To: "true"},
		{Kind: decisions.Word, Field: validate.FieldCountryCode, From: "Côte d'Ivoire: \"x\"", To: "CI"},
		{Kind: decisions.PhoneRegion, To: validate.RegionColumn},
		{Kind: decisions.PhonePlus},
		{Kind: decisions.Join, Field: validate.FieldAddress, Columns: []string{"Straße", "Nr. + Zusatz"}},
		{Kind: decisions.LeaveOut, To: source.StruckOutRows},
	} {
		m := NewDecision(d)
		m.By = `OFFICE\ann lee, treasury`
		list = append(list, m)
	}
	return list
}

// What is saved is read again, with who decided it and when.
func TestMapFileRoundTrip(t *testing.T) {
	files := []source.File{{Sheet: "Kunden", HeaderRow: 4, Mapped: []source.Mapping{{Header: "E-Mail", Field: validate.FieldEmail}, {Header: "Straße", Field: validate.FieldAddress}, {Header: "Note"}}}}
	path := filepath.Join(t.TempDir(), "map.yaml")
	saved := NewMapFile(files, made(), map[string]string{"program": "custodial"})
	saved.ID = "Kundennr."
	if err := saved.Save(path, false); err != nil {
		t.Fatal(err)
	}
	if err := saved.Save(path, false); err == nil {
		t.Error("a file was replaced unasked")
	}
	if err := saved.Save(path, true); err != nil {
		t.Error(err)
	}
	var i InputFlags
	i.UseMapFile(path)
	read, err := i.readMapFile()
	if err != nil {
		t.Fatal(err)
	}
	if read.Sheet != "Kunden" || read.HeaderRow != 4 || !reflect.DeepEqual(read.Columns, map[string]string{"email": "E-Mail"}) || read.Defaults["program"] != "custodial" {
		t.Errorf("%+v", read)
	}
	if len(read.Decisions) != len(made()) {
		t.Fatalf("%d decisions: %v", len(read.Decisions), read.Decisions)
	}
	for _, m := range saved.Decisions {
		found := false
		for _, r := range read.Decisions {
			found = found || reflect.DeepEqual(r, m)
		}
		if !found {
			t.Errorf("%v is lost: %v", m, read.Decisions)
		}
	}
	rules, err := i.Rules(false)
	if err != nil || rules.PhoneRegion != validate.RegionColumn || !rules.PhonePlus || rules.Values[validate.FieldTerms]["ja"] != "true" || rules.Defaults["program"] != "custodial" {
		t.Errorf("%+v %v", rules, err)
	}
	opt, err := i.SourceOptions()
	if err != nil || opt.EarlierSheet != "Kunden" || opt.EarlierHeaderRow != 4 || len(opt.Join) != 1 || len(opt.LeaveOut) != 1 || opt.Map["email"] != "E-Mail" || opt.ID != "Kundennr." || !reflect.DeepEqual(opt.Carry, []string{"Kundennr."}) {
		t.Errorf("%+v %v", opt, err)
	}
	own := InputFlags{ID: "Nr"}
	own.UseMapFile(path)
	if opt, err := own.SourceOptions(); err != nil || opt.ID != "Nr" {
		t.Errorf("--id gives way to the map file: %q %v", opt.ID, err)
	}
}

func TestMapFileForms(t *testing.T) {
	for text, says := range map[string]string{
		"email: E-Mail\ncity: Ort\n":                           "", // of earlier versions
		"columns:\n  email: E-Mail\n":                          "",
		"values:\n  isTermsOfServiceAccepted:\n    ja: true\n": "",
		"values: ja\n":                            "is not a mapping",
		"join:\n  address: Street\n":              "FIELD: [COLUMN, COLUMN]",
		"leaveOut: [everyone]\n":                  "use struck-out or no-customer",
		"phonePlus: perhaps\n":                    "neither true nor false",
		"headerRow: 0\n":                          "whole number from 1",
		"email: a\ncolumns:\n  email: b\n":        "already set in an earlier line",
		"decided:\n  - {what: x, by: y, at: z}\n": "is not a time",
	} {
		_, err := parseMapFile("m.yaml", []byte(text))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// A flag beats the map file, and what both say keeps its origin.
func TestFlagsBeatTheMapFile(t *testing.T) {
	var i InputFlags
	for _, err := range []error{i.Words.Set("isTermsOfServiceAccepted:JA=true"), i.Words.Set("countryCode:D=DK"), i.LeftOut.Set("struck-out")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	i.PhoneRegion = "DE"
	all := i.mergeDecisions(append(made(), NewDecision(decisions.Decision{Kind: decisions.Word, Field: validate.FieldCountryCode, From: "d", To: "DE"})))
	text := strings.Join(DescribeDecisions(all), "\n")
	for _, want := range []string{"value countryCode:D=DK", "phone-region DE", `leave-out struck-out (OFFICE\ann lee, treasury`, `phone-plus (OFFICE\ann`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing:\n%s", want, text)
		}
	}
	for _, gone := range []string{"=DE", "phone-region column"} {
		if strings.Contains(text, gone) {
			t.Errorf("%q is there:\n%s", gone, text)
		}
	}
}

func TestDecisionFlagsRefused(t *testing.T) {
	for _, tt := range []struct {
		set  func(string) error
		text string
	}{
		{new(Words).Set, "isTermsOfServiceAccepted"}, {new(Words).Set, "isTermsOfServiceAccepted:ja"}, {new(Words).Set, "email:a=b"}, {new(Words).Set, "isTermsOfServiceAccepted:*=true"},
		{new(Joins).Set, "address"}, {new(Joins).Set, "address=Street"}, {new(Joins).Set, "address=Street+Street"}, {new(Joins).Set, "address=Street+"}, {new(LeftOut).Set, "everyone"},
	} {
		if err := tt.set(tt.text); err == nil {
			t.Errorf("%q is accepted", tt.text)
		}
	}
}

// The ledger's log gives back who decided what, whatever the names are.
func TestDecidedIn(t *testing.T) {
	logged := "--id=Nr '" + strings.Join([]string{}, " ") + "'"
	for _, m := range made() {
		logged += " '" + strings.ReplaceAll(DescribeDecisions([]decisions.Made{m})[0], "'", `'\''`) + "'"
	}
	var want []report.Decided
	for _, m := range made() {
		want = append(want, report.Decided{What: m.Decision.String(), By: m.By, At: m.At})
	}
	if got := DecidedIn(logged); len(got) != len(want) || got[1].What != want[1].What || got[1].By != want[1].By || got[1].At.IsZero() {
		t.Errorf("%v, want %v", got, want)
	}
	for _, damaged := range []string{"--decided=", "--decided=x", "--decided=x (y)", "--decided='x (y, yesterday)'"} {
		if got := DecidedIn(damaged); got != nil {
			t.Errorf("%s: %v", damaged, got)
		}
	}
}
