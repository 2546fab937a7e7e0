package celltext

import "strings"

// Nothing is how surely a word means that there is no value.
type Nothing uint8

// From a word with a meaning to a word that only programs write.
const (
	Something   Nothing = iota
	NameToo             // null, none, nan: what programs write, and also a name
	SaidNothing         // a dash, n/a, unknown: what senders write
	WroteNone           // \N, <NA>, NaT: what programs write
)

// maxNothing is a length in bytes that none of these words reaches.
const maxNothing = 64

// ReadNothing recognises the words that senders and programs write into a cell that
// has no value. "NA" is none of them: it is Namibia, Naples and a surname. Nor
// are "same", "todo" or "brak", which are surnames and towns.
func ReadNothing(v string) Nothing {
	switch {
	case len(v) > maxNothing:
		return Something
	case v == "NaT":
		return WroteNone
	}
	switch strings.ToLower(v) {
	case "null", "none", "nan", "undefined", "ditto":
		return NameToo
	case `\n`, "<na>", "<nat>", "<null>", "[null]", "(null)", "{null}", "<nan>", "[nan]", "(nan)", "<none>", "(none)", "[none]", "nonetype",
		"#n/a n/a", "-nan", "+nan", "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind", "nan.0",
		"(blank)", "[blank]", "<blank>", "(leer)", "(vide)", "(en blanco)", "(vuoto)", "(vazio)", "(leeg)",
		"(empty)", "[empty]", "<empty>", "(unknown)", "[unknown]", "<unknown>", "(not set)", "(undefined)", "(missing)", "<missing>", "[missing]",
		"[object object]", "dbnull", "nullptr", "pd.na", "na_character_", "[]", "{}", `""`, "''", "``":
		return WroteNone
	case "-", "--", "---", "----", "_", "__", "___", ".", "..", "...", "?", "??", "???", "/", "//", "*", "**", "***",
		"n/a", "n.a.", "n.a", "n. a.", "n/d", "n.d.", "n/k", "s/d", "k.a.", "k. a.", "<n/a>", "(n/a)", "[n/a]",
		"tbd", "t.b.d.", "tbc", "t.b.c.", "tba", "to be determined", "to be confirmed", "to be announced", "to be defined",
		"unknown", "not known", "unspecified", "not specified", "not available", "not applicable", "not provided", "not given", "not set", "not stated",
		"no data", "no value", "no answer", "no entry", "xxx", "xxxx", "same as above", "as above", "see above", "dto.", "siehe oben",
		`"`, `-"-`, `- " -`, "-''-", "unbekannt", "keine angabe", "inconnu", "inconnue", "desconocido", "desconocida", "desconhecido",
		"sconosciuto", "onbekend", "sin datos", "no disponible", "non disponibile", "brak danych", "nieznany", "ukjent", "bilinmiyor",
		"–", "—", "―", "…", "〃", "″", "”", "“", "–”–", "不明", "なし", "無し", "未定", "未知", "无", "無", "同上", "없음", "غير معروف",
		"н/д", "нет данных", "неизвестно", "не указано", "невідомо", "non renseigné", "non renseignée", "não informado", "okänd", "дані відсутні":
		return SaidNothing
	}
	return Something
}

// IsTypedByProgram reports whether a word of [NameToo] is spelt as programs
// spell it, and not as names are spelt beside the other name of the user:
// "nan" or NULL beside Jane. Where that is in lower case, so is a surname.
func IsTypedByProgram(v, other string) bool {
	switch {
	case v == "NaN":
		return true
	case other == "":
		return false
	case v == strings.ToLower(v):
		return other != strings.ToLower(other)
	case v == strings.ToUpper(v):
		return other != strings.ToUpper(other)
	}
	return false
}
