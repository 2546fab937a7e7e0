package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"

	"github.com/bulkonboard/bulkonboard/ledger"
)

// Schema is the version of both JSON forms, the report and the summary.
const Schema = 1

// writeJSON writes the report for programs:
//
//	{"schema":1,"meta":{…},"rows":[{…},…],"kyc":{…}}
//
// A row's members are the columns of the CSV report, in that order, and their
// text is that of its cells without the guard. row, attempts and httpStatus
// are numbers, or null. There is one row on each line. kyc is present if
// Meta.KYC or LinkAges is set.
func writeJSON(w io.Writer, _ string, m Meta, rows Rows) error {
	t := newRowTable(m)
	out := bufio.NewWriterSize(w, 1<<18)
	head, err := json.Marshal(newJSONMeta(m, t.carried))
	if err != nil {
		return err
	}
	names := make([][]byte, len(t.header))
	for i, h := range t.header {
		names[i] = jsonText(h)
	}
	_, _ = fmt.Fprintf(out, `{"schema":%d,"meta":%s,"rows":[`, Schema, head) // a bufio.Writer keeps its first error
	before := "\n{"
	all := newUsers(m)
	for r, err := range rows {
		if err != nil {
			return err
		}
		all.add(&r)
		for i, cell := range t.rowCells(&r) {
			value := []byte(cmp.Or(cell, "null"))
			if !isNumeric(i) {
				value = jsonText(cell)
			}
			_, _ = fmt.Fprintf(out, "%s%s:%s", before, names[i], value)
			before = ","
		}
		if err := out.WriteByte('}'); err != nil {
			return err
		}
		before = ",\n{"
	}
	_, _ = out.WriteString("\n]")
	if m.KYC || m.LinkAges {
		checks, err := json.Marshal(NewChecks(all.Funnel, m.LinkLife))
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, `,"kyc":%s`, checks)
	}
	_, _ = out.WriteString("}\n")
	return out.Flush()
}

// jsonText returns a text as JSON. Unlike json.Marshal it does not escape < > &,
// so that a search finds a link.
func jsonText(s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a text always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// jsonMeta is Meta in the JSON report.
type jsonMeta struct {
	Version     Text        `json:"version"`
	Environment Text        `json:"environment"`
	Ledger      Text        `json:"ledger"`
	Run         *int64      `json:"run"`
	Input       []InputFile `json:"input"`
	Carried     []string    `json:"carried"` // as the rows name them
	StartedAt   Moment      `json:"startedAt"`
	FinishedAt  Moment      `json:"finishedAt"`
	AsOf        Moment      `json:"asOf"` // when the rows were read
	StopReason  Text        `json:"stopReason"`
	Money       Money       `json:"money"`
	Links       bool        `json:"links"` // false: verification links were left out
	Decided     []Decided   `json:"decided,omitempty"`
}

func newJSONMeta(m Meta, carried []string) jsonMeta {
	j := jsonMeta{Version: Text(m.Version), Environment: Text(m.Environment), Ledger: Text(m.Ledger),
		Input: Inputs(m.Batches), Carried: append([]string{}, carried...), StartedAt: Moment{m.Started},
		FinishedAt: Moment{m.Finished}, AsOf: Moment{m.asOf()}, StopReason: Text(m.StopReason), Money: m.Money, Links: !m.NoLinks, Decided: m.Decided}
	if m.Run != 0 {
		j.Run = &m.Run
	}
	return j
}

// Inputs returns the files of batches, in order.
func Inputs(batches []ledger.Batch) []InputFile {
	files := []InputFile{}
	for _, b := range batches {
		for _, f := range b.Files {
			files = append(files, InputFile{File: f.Name, SHA256: f.SHA256, Rows: f.Rows})
		}
	}
	return files
}
