package lists

import (
	"path/filepath"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// correctedName returns the name of the corrected workbook of a list.
func correctedName(name string) string { return downloadName(name, "corrected") }

func downloadName(name, what string) string {
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	if strings.EqualFold(filepath.Ext(stem), ".csv") { // of .csv.gz
		stem = strings.TrimSuffix(stem, filepath.Ext(stem))
	}
	return stem + "." + what + ".xlsx"
}

// quoteWords returns words as a POSIX shell reads them.
func quoteWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quoteWord(word)
	}
	return strings.Join(quoted, " ")
}

func quoteWord(word string) string {
	isPlain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=+,@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !isPlain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
