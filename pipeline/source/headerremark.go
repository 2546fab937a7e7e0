package source

import (
	"regexp"
	"slices"
	"strings"
)

// bracketed is a remark in brackets.
var bracketed = regexp.MustCompile(`\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>`)

// findRemarked returns the field that a header names once the remarks are left out
// that forms put beside a name: First name (required), E-Mail *, Telefon (mobil).
// A remark that makes another thing of the column, such as the e-mail address of
// someone else, is no remark.
func (m *matcher) findRemarked(header string) (index int, found bool) {
	if len(header) > 100 || !strings.ContainsAny(header, "([{<*:-–") {
		return 0, false
	}
	name := header
	if strings.ContainsAny(header, "([{<") {
		name = bracketed.ReplaceAllString(header, " ")
	}
	if at := strings.LastIndexAny(name, ":*-–"); at > 0 && isRemark(name[at:]) {
		name = name[:at]
	}
	if index, found = m.findName(foldHeader(name)); !found {
		return 0, false
	}
	for _, remark := range bracketed.FindAllString(header, -1) {
		if other, isField := m.findName(foldHeader(remark)); isField && other != index || isOtherThing(remark) {
			return 0, false
		}
	}
	return index, true
}

// isRemark reports whether a text says only that a field must, or need not, be
// filled in.
func isRemark(text string) bool {
	switch foldHeader(text) {
	case "", "required", "mandatory", "optional", "pflicht", "pflichtfeld", "erforderlich", "freiwillig", "obligatoire", "requis", "facultatif",
		"obligatorio", "requerido", "opcional", "obbligatorio", "facoltativo", "obrigatorio", "verplicht", "optioneel":
		return true
	}
	return false
}

// isOtherThing reports whether a remark says that the column is not about the
// customer, or not the value itself.
func isOtherThing(remark string) bool {
	return slices.ContainsFunc(splitWords(remark), func(word string) bool {
		switch foldHeader(word) {
		case "spouse", "partner", "emergency", "parent", "mother", "father", "guardian", "reference", "referrer", "referral", "kin", "beneficiary", "employer",
			"company", "manager", "agent", "sponsor", "contact", "billing", "shipping", "delivery", "birth", "previous", "former", "old", "second", "secondary",
			"alternative", "alternate", "backup", "other", "work", "office", "business", "ehepartner", "notfall", "eltern", "firma", "arbeitgeber", "geschaftlich",
			"geschäftlich", "dienstlich", "geburt", "alt", "fruher", "früher", "zweite", "conjoint", "urgence", "facturation", "livraison", "naissance",
			"conyuge", "emergencia", "empresa", "nacimiento", "trabajo", "trabalho", "lavoro", "nascita", "werk", "noodgeval",
			"hash", "hashed", "masked", "encrypted", "extension", "prefix", "vorwahl", "durchwahl", "indicatif", "prefijo", "type", "typ", "status", "verified",
			"confirmed", "date", "datum", "count", "score", "kana", "phonetic", "romaji", "pinyin":
			return true
		}
		return false
	})
}
