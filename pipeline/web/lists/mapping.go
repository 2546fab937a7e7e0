package lists

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// MapFiles reads and writes the map files of the command line. The command implements it.
type MapFiles interface {
	// Read reads a map file.
	Read(path string) (Mapping, error)
	// Write writes a map file for lists like this one, in place of an older one.
	Write(path string, list source.File, m Mapping) error
}

// Mapping is what is kept of how a list is read, for the next list of its kind.
type Mapping struct {
	Columns   map[string]string // field → heading. Write takes them from the list
	Decisions []decisions.Made
	Defaults  map[string]string
	ID        string // heading of the sender's customer number
}

const (
	mappingExtension = ".map.yaml"
	headingsLength   = 12 // hexadecimal digits of the hash of the headings in a file name
	maxMappingName   = 60 // letters of the list's name in a file name
)

// KeepMapping keeps how a list is read, and what was decided about it, for the next list
// with the same headings.
func (s *Store) KeepMapping(e Editor, id string) (api.KeptMapping, error) {
	l, err := s.lockFor(e, id)
	if err != nil {
		return api.KeptMapping{}, err
	}
	defer l.mu.Unlock()
	switch {
	case s.opt.MapFiles == nil:
		return api.KeptMapping{}, api.Refuse(http.StatusNotFound, "not_found")
	case l.isChecking() || l.result == nil:
		l.ensureCheck()
		return api.KeptMapping{}, api.Refuse(http.StatusConflict, "still_checking")
	}
	path, err := s.findMapping(l.outl.file.Header)
	if err != nil {
		return api.KeptMapping{}, err
	}
	if path == "" {
		path = filepath.Join(s.mappings, mappingName(l.name())+"-"+hashHeadings(l.outl.file.Header)+mappingExtension)
	}
	m := Mapping{Defaults: s.defaultsOf(l.state), ID: l.state.settings.ID}
	for _, d := range l.state.decided {
		m.Decisions = append(m.Decisions, d.Made)
	}
	if err := os.MkdirAll(s.mappings, 0o700); err != nil {
		return api.KeptMapping{}, err
	}
	if err := s.opt.MapFiles.Write(path, l.outl.file, m); err != nil {
		for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
			err = inner // the others have the path, which has the name of the list
		}
		s.log.Error("keeping a mapping", "list", l.id, "error", err)
		return api.KeptMapping{}, api.Refuse(http.StatusInternalServerError, "disk_failed")
	}
	return api.KeptMapping{File: path, Command: view{l}.mappedCommand(path)}, nil
}

// UseMapping reads a list as the kept mapping says, and makes its decisions, all as one
// change. The editor decides: the decisions bear their name.
func (s *Store) UseMapping(_ context.Context, e Editor, id string) (api.List, error) {
	l, err := s.lockFor(e, id)
	if err != nil {
		return api.List{}, err
	}
	defer l.mu.Unlock()
	offered := l.offerMapping()
	if offered == nil {
		return api.List{}, api.Refuse(http.StatusNotFound, "no_mapping")
	}
	use := event{Kind: eventMapping, Text: "kept mapping", Settings: &offered.settings}
	for _, d := range offered.decided {
		use.Decisions = append(use.Decisions, d.Decision)
	}
	next := newState(append(slices.Clone(l.history), use))
	if err := s.checkSettings(next); err != nil {
		return api.List{}, err
	}
	if _, err := l.addEvent(e.Name, use); err != nil {
		return api.List{}, err
	}
	if err := l.restart(); err != nil {
		return api.List{}, err
	}
	return view{l}.describe(e.Name), nil
}

// offeredMapping is what a kept mapping would change in a list.
type offeredMapping struct {
	name     string // of the list that it was kept from
	settings api.SettingsPatch
	decided  []decisions.Made
}

// offerMapping returns what a kept mapping would change; nil if none has these headings,
// or nothing would change. A mapping that cannot be read is not offered.
func (l *list) offerMapping() *offeredMapping {
	if l.store.opt.MapFiles == nil || l.outl == nil || len(l.outl.file.Header) == 0 {
		return nil
	}
	path, err := l.store.findMapping(l.outl.file.Header)
	if err != nil || path == "" {
		return nil
	}
	m, err := l.store.opt.MapFiles.Read(path)
	if err != nil {
		l.store.log.Warn("a kept mapping cannot be read", "list", l.id)
		return nil
	}
	name, _, _ := strings.Cut(filepath.Base(path), mappingExtension)
	out := &offeredMapping{name: name[:len(name)-headingsLength-1]}
	out.settings.Columns = l.newColumns(m.Columns)
	defaults := l.store.defaultsOf(l.state)
	out.settings.Defaults = differing(m.Defaults, func(field string) string { return defaults[field] })
	if m.ID != "" && m.ID != l.state.settings.ID {
		out.settings.ID = &m.ID
	}
	for _, d := range m.Decisions {
		isMade := slices.ContainsFunc(l.state.decided, func(made madeDecision) bool { return made.Decision.String() == d.Decision.String() })
		if !isMade {
			out.decided = append(out.decided, d)
		}
	}
	if len(out.settings.Columns)+len(out.settings.Defaults)+len(out.decided) == 0 && out.settings.ID == nil {
		return nil
	}
	return out
}

// newColumns returns the columns of a mapping that are read for another field now.
func (l *list) newColumns(columns map[string]string) map[string]string {
	now := map[string]string{}
	for _, m := range l.outl.file.Mapped {
		now[m.Field] = m.Header
	}
	return differing(columns, func(field string) string { return now[field] })
}

// differing returns the entries that have a value other than the present one.
func differing(kept map[string]string, now func(name string) string) map[string]string {
	out := map[string]string{}
	for name, value := range kept {
		if value != "" && value != now(name) {
			out[name] = value
		}
	}
	return out
}

// describe returns the offer for the page.
func (o *offeredMapping) describe(files []source.File) *api.OfferedMapping {
	out := &api.OfferedMapping{Name: o.name, Columns: o.settings.Columns, Defaults: o.settings.Defaults, Decisions: []api.Decision{}}
	if o.settings.ID != nil {
		out.ID = *o.settings.ID
	}
	for _, d := range o.decided {
		shown := describeDecision(d.Decision, files)
		shown.By, shown.At = d.By, d.At
		out.Decisions = append(out.Decisions, shown)
	}
	return out
}

// findMapping returns the map file that is kept for lists with these headings; "" if
// there is none.
func (s *Store) findMapping(headings []string) (string, error) {
	entries, err := os.ReadDir(s.mappings)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	wanted := "-" + hashHeadings(headings) + mappingExtension
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), wanted) {
			return filepath.Join(s.mappings, e.Name()), err
		}
	}
	return "", err
}

// hashHeadings returns the same for the same headings in another order.
func hashHeadings(headings []string) string {
	folded := make([]string, 0, len(headings))
	for _, h := range headings {
		if h = strings.ToLower(strings.TrimSpace(h)); h != "" {
			folded = append(folded, h)
		}
	}
	slices.Sort(folded)
	sum := sha256.Sum256([]byte(strings.Join(folded, "\x00")))
	return hex.EncodeToString(sum[:])[:headingsLength]
}

// mappingName returns the name of a list as a part of a file name.
func mappingName(name string) string {
	letters := []rune(strings.TrimSuffix(name, filepath.Ext(name)))
	for i, r := range letters {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' {
			letters[i] = '-'
		}
	}
	return cmp.Or(string(letters[:min(len(letters), maxMappingName)]), "list")
}

// mappedCommand returns what checks the same by a map file that was just written of the
// list.
func (l view) mappedCommand(path string) string {
	set, words := &l.state.settings, []string{"bulkonboard", "validate", "--map-file", path}
	if l.state.overlay.isEmpty() {
		words = addFlags(words, "--encoding", set.Encoding, "--delimiter", set.Delimiter)
	}
	if l.store.opt.Strict {
		words = append(words, "--strict")
	}
	if l.store.opt.Live {
		words = append(words, "--env", "production")
	}
	return quoteWords(append(words, l.shownName()))
}

// addFlags adds those flags of pairs that have a value.
func addFlags(words []string, pairs ...string) []string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			words = append(words, pairs[i], pairs[i+1])
		}
	}
	return words
}
