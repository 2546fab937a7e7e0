package webtest

import (
	"fmt"
	"testing"
)

// testFunctions calls functions of the scripts that have no screen of their own.
func testFunctions(t *testing.T, b *Browser) {
	s := startSite(t, newFakeList("fake", 204))
	x := b.openTab(t, s)
	for _, c := range []struct{ module, call, want string }{
		{"format", `formatMoney("1234567.50", "USD")`, "1,234,567.50 USD"},
		{"format", `formatMoney("-12")`, "−12"},
		{"format", `formatMoney("0.50")`, "0.50"},
		{"format", `formatMoney("about 3")`, "about 3"},
		{"format", `multiplyMoney("0.50", 3)`, "1.50"},
		{"format", `multiplyMoney("0.10", 3)`, "0.30"},
		{"format", `multiplyMoney("0.05", 0)`, "0.00"},
		{"format", `multiplyMoney("12", 12)`, "144"},
		{"format", `multiplyMoney("90071992547409.93", 1000)`, "90071992547409930.00"},
		{"format", `formatBytes(67108864)`, "64 MB"},
		{"format", `formatBytes(38912)`, "38 kB"},
		{"format", `formatDuration(0.2)`, "less than a second"},
		{"format", `formatDuration(34)`, "34 seconds"},
		{"format", `formatDuration(7500)`, "2 h 5 min"},
		{"format", `countOf(1, "row")`, "1 row"},
		{"format", `countOf(1200, "entry", "entries")`, "1,200 entries"},
		{"clipboard", `JSON.stringify(parseBlock("a\tb\r\nc\td\r\n"))`, `[["a","b"],["c","d"]]`},
		{"clipboard", `JSON.stringify(parseBlock("one"))`, `[["one"]]`},
		{"clipboard", `JSON.stringify(parseBlock(""))`, `[]`},
		{"clipboard", `JSON.stringify(parseBlock('"two\nlines"\tx'))`, `[["two\nlines","x"]]`},
		{"clipboard", `JSON.stringify(parseBlock('"say ""hi"""\ty'))`, `[["say \"hi\"","y"]]`},
		{"clipboard", `JSON.stringify(parseBlock('"open\ty'))`, `[["\"open","y"]]`},
		{"clipboard", `JSON.stringify(parseBlock("\t\n\t"))`, `[["",""],["",""]]`},
		{"fields", `fieldLabel("isTermsOfServiceAccepted")`, "terms accepted"},
		{"fields", `fieldLabel("firstName")`, "first name"},
		{"fields", `choicesOf({fields: []}, "countryCode").find((c) => c.value === "DE").text`, "Germany (DE)"},
		{"fields", `String(choicesOf({fields: []}, "countryCode").length > 240)`, "true"},
	} {
		got := Evaluate[string](x, fmt.Sprintf(`import("/static/%s.js").then(({%s}) => %s)`, c.module, names(c.module), c.call))
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.call, got, c.want)
		}
	}
}

// names are the functions of a module that are called.
func names(module string) string {
	return map[string]string{
		"format":    "formatMoney, multiplyMoney, formatBytes, formatDuration, countOf",
		"clipboard": "parseBlock",
		"fields":    "fieldLabel, choicesOf",
	}[module]
}
