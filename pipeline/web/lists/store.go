package lists

import (
	"context"
	"io"
	"log/slog"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// MaxRows is how many rows one answer has at most.
const MaxRows = 500

// Options say how all lists are read and checked.
type Options struct {
	Live     bool              // the rules of a target that a real wallet pays for
	Strict   bool              // as --strict
	Defaults map[string]string // as --default
	MaxLists int               // kept at the same time; 0 = 100
	// KeepBytes bounds what all lists together may use on disk; 0 = 4 GiB.
	KeepBytes int64
}

// Editor is who changes which state of a list.
type Editor struct {
	Name     string
	Revision int
}

// Query selects rows, see api.Rows.
type Query struct {
	Filter, Find string
	From, N      int
}

// FileWriter writes a file of a list. begin is called once the size is known, before
// the first byte.
type FileWriter func(ctx context.Context, id string, begin func(size int64) io.Writer) error

// Store keeps all lists. It is safe for any number of goroutines.
type Store struct{}

// Snapshot is a list as a plan and a run read it.
type Snapshot struct {
	ID       string
	Name     string // of the sender's file
	Revision int
	Editors  []string // everyone who had a hand in it, the owner first

	File     string                // the upload
	Rejects  string                // where a run writes the rows to correct, beside the upload
	Flags    []string              // of run: how the list is read and what is decided, without the file
	Change   func(*source.Options) // lays corrections and left out rows over what is read
	IsEdited bool                  // Change changes something

	Columns   []api.Column
	Decisions []api.Decision
}

// Open reads the lists in a folder.
func Open(folder string, opt Options, log *slog.Logger) (*Store, error) { return &Store{}, nil }

// Close ends all checks and waits for them.
func (s *Store) Close() error { return nil }

// IsBusy reports whether a check is under way.
func (s *Store) IsBusy() bool { return false }

func (s *Store) All(reader string) []api.ListSummary { return []api.ListSummary{} }

func (s *Store) Upload(ctx context.Context, owner, name string, body io.Reader) (api.List, error) {
	return api.List{}, api.Refuse(501, "failed")
}

func (s *Store) Find(reader, id string) (api.List, error) {
	return api.List{}, api.Refuse(404, "not_found")
}

func (s *Store) Discard(by, id string) error { return api.Refuse(404, "not_found") }

func (s *Store) ChangeSettings(ctx context.Context, e Editor, id string, p api.SettingsPatch) (api.List, error) {
	return api.List{}, api.Refuse(404, "not_found")
}

func (s *Store) Rows(ctx context.Context, id string, q Query) (api.Rows, error) {
	return api.Rows{}, api.Refuse(404, "not_found")
}

func (s *Store) EditCells(ctx context.Context, e Editor, id string, cells []api.CellEdit) (api.Edited, error) {
	return api.Edited{}, api.Refuse(404, "not_found")
}

func (s *Store) Decide(ctx context.Context, e Editor, id string, d api.Decide) (api.Edited, error) {
	return api.Edited{}, api.Refuse(404, "not_found")
}

func (s *Store) LeaveOut(ctx context.Context, e Editor, id string, o api.LeaveOut) (api.Edited, error) {
	return api.Edited{}, api.Refuse(404, "not_found")
}

func (s *Store) Undo(ctx context.Context, e Editor, id string, change int) (api.Edited, error) {
	return api.Edited{}, api.Refuse(404, "not_found")
}

func (s *Store) WriteMarked(ctx context.Context, id string, begin func(int64) io.Writer) error {
	return api.Refuse(404, "not_found")
}

func (s *Store) WriteCorrected(ctx context.Context, id string, begin func(int64) io.Writer) error {
	return api.Refuse(404, "not_found")
}

// Snapshot returns a list for a plan, in the revision that the editor saw.
func (s *Store) Snapshot(e Editor, id string) (*Snapshot, error) {
	return nil, api.Refuse(404, "not_found")
}

// Current returns a list for a run, whoever asks, as it is now.
func (s *Store) Current(id string) (*Snapshot, error) { return nil, api.Refuse(404, "not_found") }

// InputRefusal returns what the browser is shown of a refused file.
func InputRefusal(e *source.Error) api.Error {
	shown := *e
	shown.Hint = ""
	return api.Error{Code: "input_refused", Sentence: shown.Error() + ".", WhatToDo: e.Hint}
}

// PlainError returns an error without values of a list.
func PlainError(err error) string { return err.Error() }
