package access

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// logName is the name of the log in its folder.
const logName = "log.jsonl"

// Log is the log of who did what and when. Lines are only appended. It has row numbers
// and codes, and no value of any list. It is safe for any number of goroutines.
type Log struct {
	path string
	mu   sync.Mutex
	file *os.File
}

// OpenLog opens the log in a folder, or creates it.
func OpenLog(folder string) (*Log, error) {
	path := filepath.Join(folder, logName)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	l := &Log{path: path, file: file}
	if err := l.endTornLine(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return l, nil
}

// endTornLine ends a line that a kill cut short, so that the next one is whole.
func (l *Log) endTornLine() error {
	info, err := l.file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := l.file.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = l.file.WriteString("\n")
	return err
}

// Add appends what a visitor does. Whoever asks for a secret gets it only once it is
// in the log.
func (l *Log) Add(v Visitor, e api.LogEntry) error {
	e.At, e.User, e.From = time.Now().UTC().Truncate(time.Millisecond), v.Name, v.From
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing the log: %w", err)
	}
	return nil
}

// Read returns the entries that are wanted, newest first, from the one with an index on
// and at most n of them, and how many there are.
func (l *Log) Read(isWanted func(*api.LogEntry) bool, from, n int) (api.Log, error) {
	out := api.Log{Entries: []api.LogEntry{}}
	all, err := l.readAll(isWanted)
	if err != nil {
		return out, err
	}
	slices.Reverse(all)
	out.Total = len(all)
	if from < len(all) {
		out.Entries = append(out.Entries, all[from:min(len(all), from+n)]...)
	}
	return out, nil
}

func (l *Log) readAll(isWanted func(*api.LogEntry) bool) (_ []api.LogEntry, err error) {
	f, err := os.Open(l.path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var all []api.LogEntry
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return all, nil // a line without its end is being written, or was torn
		}
		if err != nil {
			return nil, err
		}
		var e api.LogEntry
		if json.Unmarshal([]byte(strings.TrimSpace(line)), &e) == nil && isWanted(&e) {
			all = append(all, e)
		}
	}
}

// Close closes the log.
func (l *Log) Close() error { return l.file.Close() }
