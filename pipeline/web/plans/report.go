package plans

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/bulkonboard/bulkonboard/ledger"
	"github.com/bulkonboard/bulkonboard/pipeline"
	"github.com/bulkonboard/bulkonboard/pipeline/messages"
	"github.com/bulkonboard/bulkonboard/pipeline/report"
	"github.com/bulkonboard/bulkonboard/pipeline/report/reporttext"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// Report returns what the page of a run shows.
func (d *Desk) Report(ctx context.Context, id int64) (api.Report, error) {
	run, err := d.Run(ctx, id)
	if err != nil {
		return api.Report{}, err
	}
	found, err := d.Commands.Tally(ctx, id)
	if err != nil {
		return api.Report{}, err
	}
	repeats := found.Code[ledger.StatusCode{Status: ledger.DuplicateInInput, Field: "email", Code: pipeline.CodeRepeatsOther}]
	out := api.Report{Run: run, Causes: causesOf(found), Exports: []api.LogEntry{}, Rejects: found.Status[ledger.Invalid] + found.Status[ledger.Rejected] + repeats}
	out.Kinds, out.Lists, out.Runs = kindsOf(out.Causes), []api.ListSummary{}, []api.Run{}
	if out.Links, err = d.Commands.CountLinks(ctx, id); err != nil {
		return out, err
	}
	if out.KYC, err = d.Commands.Followed(ctx, id); err != nil {
		return out, err
	}
	shown, err := d.Commands.LinksShown(ctx)
	if shown != nil && shown.At.After(run.Started) {
		out.Exported = shown
	}
	return out, err
}

// causesOf returns the causes of a tally, the most frequent first.
func causesOf(t ledger.Tally) []api.Problem {
	all := []api.Problem{}
	for c, n := range t.Code {
		all = append(all, api.Problem{Status: string(c.Status), Field: c.Field, Code: c.Code, Count: n})
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := &all[i], &all[j]
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Code, b.Code)) < 0
	})
	return all
}

// kindsOf words causes.
func kindsOf(causes []api.Problem) []api.Kind {
	words := messages.English()
	all := []api.Kind{}
	for _, c := range causes {
		m := words.Explain(c.Status, c.Code)
		all = append(all, api.Kind{ID: c.Field + "." + c.Code, Group: "correct", Field: c.Field, Code: c.Code, Title: m.Title, Sentence: m.Meaning,
			WhatToDo: messages.Fill(m.Finance, ""), Cells: c.Count, Values: []api.Value{}})
	}
	return all
}

// WriteReport writes the report of a run: "xlsx", "csv", "html" or "json".
func (d *Desk) WriteReport(ctx context.Context, w io.Writer, id int64, format string, hasLinks bool) error {
	return d.Commands.WriteReport(ctx, w, id, report.Kind(format), hasLinks)
}

// Links returns links of a run in the order of its rows, from an index on and at most n
// of them.
func (d *Desk) Links(ctx context.Context, id int64, from, n int) (api.Links, error) {
	out := api.Links{Links: []api.Link{}}
	err := d.Commands.Links(ctx, id, func(r *ledger.Reported) error {
		if out.Total++; out.Total > from && len(out.Links) < n {
			c := &r.Customer
			out.Links = append(out.Links, api.Link{Row: r.Number, Email: c.Email, Name: strings.TrimSpace(c.FirstName + " " + c.LastName), URL: c.UsableURL()})
		}
		return nil
	})
	return out, err
}

// WriteMailMerge writes names, e-mails and links of a run, as CSV.
func (d *Desk) WriteMailMerge(ctx context.Context, w io.Writer, id int64) error {
	header := []string{"row", "id", "email", "firstName", "lastName", "verificationUrl"}
	rows := func(yield func([]string, error) bool) {
		err := d.Commands.Links(ctx, id, func(r *ledger.Reported) error {
			c := &r.Customer
			if !yield([]string{strconv.Itoa(r.Number), r.SenderID, c.Email, c.FirstName, c.LastName, reporttext.LinkCell(c.UsableURL())}, nil) {
				return io.EOF
			}
			return nil
		})
		if err != nil && !errors.Is(err, io.EOF) {
			yield(nil, err)
		}
	}
	return report.WriteTable(ctx, w, report.CSV, "", header, rows)
}
