package intake

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// The pipeline reads ahead of the checks, so each row must keep its own cells
// of the carried and of the added columns.
func TestRowsOutliveTheNextRead(t *testing.T) {
	var text strings.Builder
	text.WriteString("firstName,lastName,email,phoneNumber,accountPurpose,ipAddress,isTermsOfServiceAccepted,program,note,tier\n")
	for n := range 1000 {
		fmt.Fprintf(&text, "Ann,Lee,u%d@example.com,+14155552000,savings,203.0.113.7,true,custodial,note %d,tier %d\n", n, n, n)
	}
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := Open(t.Context(), []string{path}, nil, source.Options{Carry: []string{"note"}, Send: []source.SendColumn{{Field: "tier", Column: "tier"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	seen := 0
	in.OnRead = func(rows []validate.Raw, total int) {
		if seen += len(rows); seen != total {
			t.Errorf("%d rows seen, %d reported", seen, total)
		}
	}
	rows, err := in.Rows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []pipeline.Row
	for {
		dst := make([]pipeline.Row, 64)
		n, err := rows.Read(dst)
		all = append(all, dst[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for n, row := range all {
		if want := fmt.Sprint(n); row.Carry[0] != "note "+want || row.Raw.Extra[0] != "tier "+want || row.Raw.Email != "u"+want+"@example.com" {
			t.Fatalf("row %d of %d: %q, %q, %q", n, len(all), row.Raw.Email, row.Carry, row.Raw.Extra)
		}
	}
	if len(all) != 1000 || seen != 1000 {
		t.Errorf("%d rows, %d seen", len(all), seen)
	}
}
