package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/validate"
)

// writeChanges writes every normalisation that the rules apply, as CSV: where,
// and of which kind, never a value. It reads the input once more.
func writeChanges(ctx context.Context, con *term.Console, in *source.Input, rules *validate.Rules) (err error) {
	pass, err := in.Rows(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	files := in.Files()
	count := map[validate.Change]int{}
	err = report.StreamCSV(con.Out.DataWriter(), []string{"file", "row", "field", "change"}, func(line func(...string) error) error {
		rows, raws := make([]source.Row, 256), []validate.Raw(nil)
		for {
			n, failed := pass.Read(rows)
			if n > 0 {
				if err := source.Decode(rows[:n], &raws); err != nil {
					return err
				}
			}
			for i, r := range rows[:n] {
				raws[i].Extra = r.Send
				for _, c := range rules.Check(raws[i]).Changes {
					count[c]++
					if err := line(files[r.File].Name, strconv.Itoa(r.Number), c.Field, c.Kind); err != nil {
						return err
					}
				}
			}
			if errors.Is(failed, io.EOF) {
				return nil
			}
			if failed != nil {
				return failed
			}
		}
	})
	if err == nil {
		reportChanges(con, count)
	}
	return err
}

// reportChanges prints how many there are of each kind.
func reportChanges(con *term.Console, count map[validate.Change]int) {
	if len(count) == 0 {
		con.Sayf("every cell is sent as written")
		return
	}
	con.Sayf("cells sent in another form than written:")
	var all []validate.Change
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(x, y validate.Change) int {
		if d := count[y] - count[x]; d != 0 {
			return d
		}
		return slices.Compare([]string{x.Field, x.Kind}, []string{y.Field, y.Kind})
	})
	for _, c := range all {
		con.Sayf("  %s  %s: %s", term.Number(count[c]), c.Field, changeText(c.Kind))
	}
}

// changeText says what a kind of normalisation does.
func changeText(kind string) string {
	switch kind {
	case "trimmed":
		return "spaces around the value are left out"
	case "nfc":
		return "letters and their accents are joined (Unicode NFC)"
	case "line_ends":
		return "line ends are written in one form"
	case "punycode":
		return "the host of the e-mail is written as DNS has it"
	case "e164":
		return "the phone number is written in international form"
	case "spelling":
		return "written as the partner spells it"
	case "value":
		return "read as --value or the map file says"
	case "default":
		return "filled in by --default"
	}
	return kind
}
