package lists

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// maxName is how many letters the name of a file has at most.
const maxName = 200

// Upload keeps a file as a new list and begins its check. A file that no setting makes
// readable is refused with what the command line says of it, and nothing of it is kept.
func (s *Store) Upload(ctx context.Context, owner, name string, body io.Reader) (api.List, error) {
	return s.UploadCorrected(ctx, owner, name, 0, body)
}

// UploadCorrected is Upload of the corrected rows that an earlier run has left; origin is
// its number, 0 = none.
func (s *Store) UploadCorrected(ctx context.Context, owner, name string, origin int64, body io.Reader) (api.List, error) {
	name, isName := plainName(name)
	if !isName {
		return api.List{}, api.Refuse(http.StatusUnprocessableEntity, "bad_name")
	}
	id := strings.ToLower(rand.Text()[:16])
	dir := filepath.Join(s.folder, id)
	if err := s.checkRoom(); err != nil {
		return api.List{}, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return api.List{}, s.notKept(id, err)
	}
	l, err := s.keepUpload(ctx, dir, id, owner, &made{Name: name, File: "input" + extensionOf(name), Origin: origin}, body)
	if err != nil {
		return api.List{}, errors.Join(s.notKept(id, err), os.RemoveAll(dir))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isGone {
		return api.List{}, api.Refuse(http.StatusNotFound, "not_found")
	}
	l.startCheck()
	return view{l}.describe(owner), nil
}

// notKept returns an error of the disk as a refusal, and any other as it is.
func (s *Store) notKept(id string, err error) error {
	var disk *fs.PathError
	if !errors.As(err, &disk) {
		return err
	}
	s.log.Error("keeping an upload", "list", id, "error", PlainError(err))
	return api.Refuse(http.StatusInternalServerError, "not_kept")
}

// checkRoom refuses an upload that there is no room for.
func (s *Store) checkRoom() error {
	size := int64(0)
	all := s.allLists()
	for _, l := range all {
		size += l.first.Made.Size
	}
	if len(all) >= s.opt.MaxLists || size >= s.opt.KeepBytes {
		return api.Refuse(http.StatusConflict, "too_many_lists")
	}
	return nil
}

// keepUpload writes the file of a list and its first event.
func (s *Store) keepUpload(ctx context.Context, dir, id, owner string, first *made, body io.Reader) (*list, error) {
	if err := first.write(filepath.Join(dir, first.File), body); err != nil {
		return nil, err
	}
	for _, other := range s.allLists() {
		if other.first.Made.SHA256 == first.SHA256 {
			same := api.Refuse(http.StatusConflict, "already_here")
			same.Body.Open = other.id
			return nil, same
		}
	}
	st := newState(nil)
	if err := s.checkReadable(ctx, filepath.Join(dir, first.File), st); err != nil {
		return nil, nameInput(err, first.Name)
	}
	file, _, err := openEvents(filepath.Join(dir, eventsName))
	if err != nil {
		return nil, err
	}
	dropped := event{Kind: eventMade, By: owner, At: time.Now().UTC().Truncate(time.Second), Made: first}
	if err := file.add(&dropped); err != nil {
		return nil, errors.Join(err, file.close())
	}
	l := &list{id: id, dir: dir, store: s, first: dropped, events: file, history: []event{dropped}, state: st, used: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists[id] = l
	return l, nil
}

// write writes the upload to disk.
func (m *made) write(to string, body io.Reader) (err error) {
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum := sha256.New()
	if m.Size, err = io.Copy(io.MultiWriter(f, sum), body); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) { // the browser went away
			return errors.Join(api.Refuse(http.StatusBadRequest, "bad_request"), err)
		}
		return err
	}
	m.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return f.Sync()
}

// checkReadable refuses a file that no setting makes readable. What is wrong with the
// others is shown with the list.
func (s *Store) checkReadable(ctx context.Context, path string, st *state) error {
	in, err := source.Open(ctx, []string{path}, nil, s.baseOptions(st))
	if err == nil {
		return in.Close()
	}
	var e *source.Error
	if !errors.As(err, &e) {
		return err
	}
	if strings.Contains(e.Hint, "--encoding") || strings.Contains(e.Hint, "--header-row") || strings.Contains(e.Hint, "--delimiter") {
		return nil
	}
	if kindOf(path) == "xlsx" {
		if sheets, _, failed := listSheets(path, ""); failed == nil && len(sheets) > 0 {
			return nil
		}
		return err
	}
	lenient, _, failed := openLeniently(ctx, path, s.baseOptions(st))
	if failed != nil {
		return err
	}
	return lenient.Close()
}

// plainName returns the last part of a name that a browser sent. Spaces of any width are
// common in names; what cannot be seen could hide what a file is.
func plainName(name string) (string, bool) {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	isOdd := func(r rune) bool { return !unicode.IsGraphic(r) }
	return name, name != "." && name != ".." && name != "/" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxName && !strings.ContainsFunc(name, isOdd)
}

// extensionOf returns the extension that a file keeps on disk: the reader looks at it.
func extensionOf(name string) string {
	ext := strings.ToLower(filepath.Ext(name))
	if !regexp.MustCompile(`^\.[a-z0-9]{1,8}$`).MatchString(ext) {
		return ""
	}
	if ext == ".gz" {
		return extensionOf(strings.TrimSuffix(name, filepath.Ext(name))) + ext
	}
	return ext
}
