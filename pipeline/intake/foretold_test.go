package intake

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// What an invalid row will share with another one is said in the first round: an
// e-mail that an invisible character hides, and the number of a row above or below.
func TestForetoldRepeats(t *testing.T) {
	const head = "No,firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program\n"
	row := func(number, email, terms string) string {
		return number + ",Jane,Doe," + email + ",+4915123456789,cards,203.0.113.7," + terms + ",custodial\n"
	}
	for name, tt := range map[string]struct {
		rows []string
		said map[int]string // by row of the list: what one of its findings says
	}{
		"hidden e-mail of a good row above": {[]string{row("", "a@b.de", "TRUE"), row("", "\u200ba@b.de", "TRUE")}, map[int]string{3: "row 2 has the same e-mail, and is the one that counts"}},
		"hidden e-mail of a good row below": {[]string{row("", "\u200ba@b.de", "TRUE"), row("", "a@b.de", "TRUE")}, map[int]string{2: "row 3 has the same e-mail, and is the one that counts"}},
		"hidden e-mail of a bad row": {[]string{row("", "\u200ba@b.de", "TRUE"), row("", "a@b.de", "nein")},
			map[int]string{2: "row 3 has the same e-mail. Only one row", 3: "row 2 has the same e-mail. Only one row"}},
		"number of a good row above": {[]string{row("7", "a@b.de", "TRUE"), row("7", "b@b.de", "ja")}, map[int]string{3: "row 2 has the same customer number"}},
		"number of a good row below": {[]string{row("7", "a@b.de", "ja"), row("7", "b@b.de", "TRUE")}, map[int]string{2: "row 3 has the same customer number"}},
		"e-mail and number of two rows below": {[]string{row("7", "a@b.de", "ja"), row("", "a@b.de", "TRUE"), row("7", "b@b.de", "TRUE")},
			map[int]string{2: "row 3 has the same e-mail, and is the one that counts. Give this row an e-mail of its own, or delete it. Also: row 4 has the same customer number"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "list.csv")
			if err := os.WriteFile(path, []byte(head+strings.Join(tt.rows, "")), 0o600); err != nil {
				t.Fatal(err)
			}
			in, err := Open(t.Context(), []string{path}, nil, source.Options{ID: "No"})
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			said := map[int]string{}
			_, err = pipeline.Check(t.Context(), pipeline.Config{Input: in, Environment: "check", Rules: &validate.Rules{}}, func(r ledger.Row) error {
				for _, f := range r.Findings {
					said[r.Number] += f.Message + "\n"
				}
				return nil
			}, func(n ledger.RowNote) {
				said[n.Position.Number] += n.Finding.Message + "\n"
				if strings.HasPrefix(tt.rows[n.Ordinal], ",Jane,Doe,\u200b") && n.Repeats >= 0 {
					t.Error("a row without an e-mail of its own shows another row's customer")
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			for number, want := range tt.said {
				if !strings.Contains(said[number], want) {
					t.Errorf("row %d: %q, want %q", number, said[number], want)
				}
			}
		})
	}
}
