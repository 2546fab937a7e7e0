package settings

import (
	"errors"
	"fmt"
	"os"

	"go.yaml.in/yaml/v4"

	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/exit"
	"github.com/bulkonboard/bulkonboard/cmd/bulkonboard/internal/term"
	"github.com/bulkonboard/bulkonboard/pipeline/source"
)

// parseMapFile reads a mapping of fields to columns.
func parseMapFile(path string, text []byte) (map[string]string, error) {
	entries, err := parseMapping(path, text, "FIELD: COLUMN")
	if err != nil {
		return nil, fmt.Errorf("--map-file %w", err)
	}
	all := map[string]string{}
	for i := 0; i+1 < len(entries); i += 2 {
		field, column, at := entries[i].Value, entries[i+1], Place{path, entries[i].Line}
		if len(field) > maxName {
			return nil, fmt.Errorf("--map-file %w", at.Locate("", fmt.Errorf("unknown field %q", shortenName(field))))
		}
		if _, twice := all[field]; twice {
			return nil, fmt.Errorf("--map-file %w", at.Locate(field, errors.New("is already set in an earlier line")))
		}
		if entries[i].Kind != yaml.ScalarNode || column.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("--map-file %w", at.Locate("", errors.New("is not of the form FIELD: COLUMN")))
		}
		if all[field] = column.Value; column.ShortTag() == "!!null" {
			all[field] = ""
		}
	}
	return all, nil
}

// SaveMap writes the mapping that was taken, for --map-file.
func SaveMap(path string, in *source.Input) error {
	all := map[string]string{}
	for _, f := range in.Files() {
		for _, m := range f.Mapped {
			if m.Field != "" {
				all[m.Field] = m.Header
			}
		}
	}
	text, err := yaml.Marshal(all)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return exit.UsageErrorf("--save-map %s: %w", path, term.PlainError(err))
	}
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
