package messages

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Every text has its form: titles follow the name of a column, all others are
// short whole sentences in plain English.
func TestTexts(t *testing.T) {
	for _, s := range English().sections() {
		for code, m := range s.messages {
			name := s.name + " " + code
			longest, mostWords := 40, 7
			if s.name == "exit code" { // the last line that an operator reads
				longest, mostWords = 65, 13
			}
			if words := len(strings.Fields(m.Title)); m.Title == "" || words > mostWords || utf8.RuneCountInString(m.Title) > longest || strings.HasSuffix(m.Title, ".") {
				t.Errorf("%s: the title is %q", name, m.Title)
			}
			for _, text := range []string{m.Meaning, m.Operator, m.Finance} {
				if problem := sentenceProblem(text); problem != "" {
					t.Errorf("%s: %q %s", name, text, problem)
				}
			}
			if strings.Contains(m.Meaning+m.Operator, Column) {
				t.Errorf("%s: only finance has the sender's heading", name)
			}
		}
	}
}

// sentenceProblem returns what is wrong with the form of one or more sentences, ""
// if nothing.
func sentenceProblem(text string) string {
	// Parts of an example, not ends of sentences.
	sentences := strings.SplitAfter(strings.ReplaceAll(text, "https://.", "https."), ". ")
	for _, s := range sentences {
		first, _ := utf8.DecodeRuneInString(s)
		isCommand := strings.HasPrefix(s, "bulkonboard ") || strings.HasPrefix(s, "--")
		if !unicode.IsUpper(first) && !isCommand {
			return "has a sentence without a capital letter"
		}
	}
	switch {
	case !strings.HasSuffix(text, "."):
		return "does not end with a full stop"
	case utf8.RuneCountInString(text) > 200:
		return "is too long"
	case len(sentences) > 3:
		return "has too many sentences"
	}
	if found := forbiddenWords().FindString(text); found != "" {
		return "has " + found
	}
	return ""
}

// forbiddenWords matches words that no native speaker would use here.
func forbiddenWords() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(stands?|told|tells?|takes? over|taken over|mended|mends?|anew|somebody|nobody|a person|beside|foretold|sound)\b`)
}

// technical matches what readers without the program do not know: flags, commands,
// names of the partner's API, codes.
func technical() *regexp.Regexp {
	return regexp.MustCompile("--|`|bulkonboard|[a-z][A-Z]|[A-Za-z]_[a-z]|HTTP|API key|(?i:ledger|idempoten)")
}

// Titles and meanings of rows, and all that finance reads, are for everyone.
func TestFinance(t *testing.T) {
	everyone := technical()
	for _, s := range English().sections() {
		for code, m := range s.messages {
			texts := []string{m.Finance}
			if s.name != "stop reason" && s.name != "exit code" {
				texts = append(texts, m.Title, m.Meaning)
			}
			for _, text := range texts {
				allowed := strings.NewReplacer("non_custodial", "", "https://", "").Replace(text) // what the cell is to hold
				if found := everyone.FindString(allowed); found != "" {
					t.Errorf("%s %s: %q has %q", s.name, code, text, found)
				}
			}
		}
	}
}

func TestExplain(t *testing.T) {
	c := English()
	if got := c.Explain("invalid", "phone_plus_lost"); got.Title != "missing its leading + (Excel drops it)" {
		t.Errorf("a code: %+v", got)
	}
	if got := c.Explain("invalid", "SOMETHING_NEW"); got != c.Statuses["invalid"] || got.Meaning == "" {
		t.Errorf("an unknown code: %+v", got)
	}
	if got := c.Explain("", "SOMETHING_NEW"); got != (Message{}) {
		t.Errorf("nothing known: %+v", got)
	}
	if got := Fill("Fill in {column}.", "Mobil") + Fill("Fill in {column}.", ""); got != `Fill in "Mobil".Fill in the cell.` {
		t.Error(got)
	}
}

// A translation is a catalogue of its own, held to the English one.
func TestTranslation(t *testing.T) {
	german := English()
	german.Codes["required"] = Message{"fehlt", "Die Zelle ist leer, der Partner verlangt aber einen Wert.",
		"Füllen Sie die Zelle aus. Für manche Felder füllt --default FIELD=VALUE alle leeren Zellen.", "Füllen Sie {column} aus."}
	if got := English().Compare(german); got != nil {
		t.Errorf("complete: %q", got)
	}
	if got := Fill(german.Explain("invalid", "required").Finance, "Telefon"); got != `Füllen Sie "Telefon" aus.` {
		t.Error(got)
	}
	german.Codes["required"] = Message{"fehlt", "Die Zelle ist leer.", "Ausfüllen.", "Ausfüllen."}
	german.Exits["99"] = Message{}
	german.Stops["limit"] = Message{Title: "Grenze"}
	delete(german.Statuses, "created")
	want := []string{"code required: only one of the languages names the column", "exit code 99 does not exist", "status created is missing", "stop reason limit has an empty text"}
	if got := English().Compare(german); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if slices.Sorted(maps.Keys(English().Exits))[0] != "0" {
		t.Error("a translation changed the English catalogue")
	}
}
