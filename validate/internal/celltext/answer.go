package celltext

// MayMeanYes reports whether a word, in lower case and NFC, is one that senders
// write for yes or accepted, or a mark in a column of consent. It is a proposal:
// an operator decides what the word means.
func MayMeanYes(word string) bool {
	switch word {
	case "x", "✓", "✔", "✔️", "☑", "☒", "✅", "●", "•", "+", "ok", "okay", "o.k.", "j", "t", "on", "yep", "yeah",
		"accepted", "agreed", "i agree", "i accept", "confirmed", "given", "granted", "signed", "checked", "ticked",
		"ja", "jawohl", "akzeptiert", "zugestimmt", "bestätigt", "angenommen", "einverstanden", "erteilt", "unterschrieben", "liegt vor", // German
		"oui", "o", "accepté", "acceptée", "acceptées", "d'accord", "d’accord", "confirmé", "signé", // French
		"sí", "si", "s", "aceptado", "aceptada", "aceptados", "acepto", "de acuerdo", "confirmado", // Spanish
		"sim", "aceito", "aceite", "aceitos", "concordo", // Portuguese
		"sì", "accettato", "accettata", "accettati", "accetto", "confermato", // Italian
		"akkoord", "geaccepteerd", "aanvaard", // Dutch
		"tak", "zaakceptowano", "zaakceptowane", // Polish
		"ano", "áno", "souhlasím", "souhlasí", "súhlasím", // Czech, Slovak
		"igen", "elfogadva", // Hungarian
		"da", "prihvaćeno", "acceptat", // Croatian, Romanian
		"evet", "kabul", "kabul edildi", // Turkish
		"ναι", "да", "так", // Greek, Russian, Ukrainian
		"kyllä", "joo", "hyväksytty", "godkänd", "accepterat", "godkendt", "godkjent", "akseptert", // Finnish, Swedish, Danish, Norwegian
		"jah", "jā", "taip", // Estonian, Latvian, Lithuanian
		"是", "同意", "已同意", "はい", "同意する", "同意済み", "예", "동의", "نعم", "כן", "हाँ", "ya", "có", "ndiyo":
		return true
	}
	return false
}

// IsCross reports whether a word, in lower case and NFC, is a cross: it marks what is
// chosen, but next to ticks or circles what is not.
func IsCross(word string) bool { return word == "x" || word == "☒" }

// IsTick reports whether a word, in lower case and NFC, is a tick or a circle, which
// mark what is chosen.
func IsTick(word string) bool {
	switch word {
	case "✓", "✔", "✔️", "☑", "✅", "○", "〇", "◯", "◎", "●", "o":
		return true
	}
	return false
}

// SaysNo reports whether a word, in lower case and NFC, says no or nothing.
func SaysNo(word string) bool {
	switch word {
	case "no", "n", "false", "0", "f", "off", "not", "never", "none", "refused", "declined", "rejected", "not accepted", "pending", "open",
		"nein", "falsch", "abgelehnt", "nicht akzeptiert", "offen", "non", "faux", "refusé", "falso", "não", "nao", "rechazado", "rifiutato",
		"nee", "onwaar", "nie", "fałsz", "ne", "nem", "hamis", "hayır", "yanlış", "όχι", "нет", "ложь", "ні", "ei", "epätosi", "nej", "falsk", "falskt", "nei", "usann",
		"否", "不同意", "いいえ", "아니요", "لا", "לא", "nepravda", "fals", "nu":
		return true
	}
	return ReadNothing(word) != Something
}
