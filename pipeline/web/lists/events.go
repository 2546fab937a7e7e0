package lists

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/bulkonboard/bulkonboard/pipeline/decisions"
	"github.com/bulkonboard/bulkonboard/pipeline/web/api"
)

// eventsName is the name of the file of a list's events in its folder.
const eventsName = "events.jsonl"

// The kinds of events.
const (
	eventMade     = "made"
	eventSettings = "settings"
	eventCells    = "cells"
	eventDecision = "decision"
	eventLeaveOut = "leave-out"
	eventMapping  = "mapping" // settings and decisions of a kept mapping
	eventUndo     = "undo"
)

// event is something that was done to a list. Which parts it has depends on its kind.
type event struct {
	Kind string    `json:"kind"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`  // what the page says of it; no values
	N    int       `json:"count"` // cells or rows

	Made      *made                `json:"made,omitempty"`
	Settings  *api.SettingsPatch   `json:"settings,omitempty"`
	Cells     []cellChange         `json:"cells,omitempty"`
	Decisions []decisions.Decision `json:"decisions,omitempty"`
	LeaveOut  *leftRows            `json:"leaveOut,omitempty"`
	Undoes    int                  `json:"undoes,omitempty"` // ID of an event
}

// made is the upload that a list begins with.
type made struct {
	Name   string `json:"name"`
	File   string `json:"file"` // name on disk
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Origin int64  `json:"origin,omitempty"` // run that has left these rows to correct; 0 = none
}

// cellChange is a corrected cell. Was is what the file has.
type cellChange struct {
	Row    int    `json:"row"`
	Column int    `json:"column"`
	Was    string `json:"was"`
	To     string `json:"to"`
}

// leftRows are rows that are left out, or back in.
type leftRows struct {
	Rows []int  `json:"rows"`
	Why  string `json:"why"`
	Back bool   `json:"back"`
}

// errUnfinished means that a list has no first event: its upload was never answered for.
var errUnfinished = errors.New("the list was not finished")

// eventFile keeps the events of a list. Lines are only appended, and each is on disk
// before it is answered for.
type eventFile struct {
	file *os.File
	size int64
}

// openEvents opens the events of a list and reads them. A torn last line, which was never
// answered for, is cut off.
func openEvents(path string) (*eventFile, []event, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	var all []event
	whole := int64(0)
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, nil, errors.Join(fmt.Errorf("line %d of the events cannot be read: %w", len(all)+1, err), f.Close())
		}
		all = append(all, e)
		whole += int64(len(line))
	}
	if err := f.Truncate(whole); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return &eventFile{f, whole}, all, nil
}

// add writes an event. After an error the file is as it was.
func (f *eventFile) add(e *event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err = f.file.WriteAt(line, f.size); err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		return errors.Join(err, f.file.Truncate(f.size))
	}
	f.size += int64(len(line))
	return nil
}

func (f *eventFile) close() error { return f.file.Close() }
