package webcmd

import (
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/settings"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
	"github.com/bulkonboard/bulkonboard/pipeline/web/lists"
)

// MapFiles are the map files of --map-file.
type MapFiles struct{}

var _ lists.MapFiles = MapFiles{}

// Read implements lists.MapFiles.
func (MapFiles) Read(path string) (lists.Mapping, error) {
	m, err := settings.ReadMapFile(path)
	if err != nil {
		return lists.Mapping{}, err
	}
	return lists.Mapping{Columns: m.Columns, Decisions: m.Decisions, Defaults: m.Defaults, ID: m.ID}, nil
}

// Write implements lists.MapFiles.
func (MapFiles) Write(path string, list source.File, kept lists.Mapping) error {
	m := settings.NewMapFile([]source.File{list}, kept.Decisions, kept.Defaults)
	m.ID = kept.ID
	return m.Save(path, true)
}
