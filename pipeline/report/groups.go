package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"sort"
)

// groups collects rows by cause. The rows of each cause go to a file of its own
// in the scratch directory.
type groups struct {
	dir     string
	byCause map[Cause]*group // Count is 0 in the keys
}

type group struct {
	rows int
	file *os.File
	out  *bufio.Writer // to file
}

// maxGroups bounds the files: partner codes are not ours to count. Causes
// beyond it are grouped by their status.
const maxGroups = 400

func newGroups(dir string) *groups { return &groups{dir: dir, byCause: map[Cause]*group{}} }

// add adds a row to the group of its cause.
func (g *groups) add(c Cause, cells []string) error {
	to := g.byCause[c]
	if to == nil && len(g.byCause) >= maxGroups {
		c = Cause{Status: c.Status}
		to = g.byCause[c]
	}
	if to == nil {
		f, err := os.CreateTemp(g.dir, "group-")
		if err != nil {
			return err
		}
		to = &group{file: f, out: bufio.NewWriter(f)}
		g.byCause[c] = to
	}
	to.rows++
	return json.NewEncoder(to.out).Encode(cells)
}

// causes returns the causes with their counts, in the order of a report.
func (g *groups) causes() []Cause {
	var list []Cause
	for c, of := range g.byCause {
		c.Count = of.rows
		list = append(list, c)
	}
	sort.Slice(list, func(i, j int) bool { return compareCauses(&list[i], &list[j]) < 0 })
	return list
}

// eachRow calls use with the rows of a cause in the order in which they were
// added.
func (g *groups) eachRow(c Cause, use func(cells []string) error) error {
	c.Count = 0
	from := g.byCause[c]
	if err := from.out.Flush(); err != nil {
		return err
	}
	if _, err := from.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	in := json.NewDecoder(from.file)
	for range from.rows {
		var cells []string
		err := in.Decode(&cells)
		if err == nil {
			err = use(cells)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// close closes the files.
func (g *groups) close() error {
	var errs []error
	for _, of := range g.byCause {
		errs = append(errs, of.file.Close())
	}
	return errors.Join(errs...)
}
