package report

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// piles sorts rows by cause without holding them in memory: each cause has a
// small buffer that runs over into a file of its own in the scratch directory.
type piles struct {
	dir   string
	heaps map[Cause]*pile // Count is 0 in the keys
	files int
}

type pile struct {
	rows int
	buf  bytes.Buffer
	path string // "" while all is in buf
}

const (
	pileBuffer = 64 << 10
	// maxPiles bounds the files: partner codes are not ours to count. Causes
	// beyond it are piled by their status.
	maxPiles = 400
)

func newPiles(dir string) *piles { return &piles{dir: dir, heaps: map[Cause]*pile{}} }

func (p *piles) put(c Cause, cells []string) error {
	h := p.heaps[c]
	if h == nil && len(p.heaps) >= maxPiles {
		c = Cause{Status: c.Status}
		cells[0] = c.title()
		h = p.heaps[c]
	}
	if h == nil {
		h = &pile{}
		p.heaps[c] = h
	}
	h.rows++
	var size []byte
	size = binary.AppendUvarint(size, uint64(len(cells)))
	h.buf.Write(size)
	for _, cell := range cells {
		h.buf.Write(binary.AppendUvarint(size[:0], uint64(len(cell))))
		h.buf.WriteString(cell)
	}
	if h.buf.Len() < pileBuffer {
		return nil
	}
	if h.path == "" {
		p.files++
		h.path = filepath.Join(p.dir, "pile-"+strconv.Itoa(p.files))
	}
	f, err := os.OpenFile(h.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err := h.buf.WriteTo(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// list is the causes with their counts, in the order of a report.
func (p *piles) list() []Cause {
	var list []Cause
	for c, h := range p.heaps {
		c.Count = h.rows
		list = append(list, c)
	}
	slices.SortFunc(list, compareCauses)
	return list
}

// each yields the rows of a cause in the order in which they were put.
func (p *piles) each(c Cause, take func(cells []string) error) error {
	c.Count = 0
	h := p.heaps[c]
	var from io.Reader = &h.buf
	if h.path != "" {
		f, err := os.Open(h.path)
		if err != nil {
			return err
		}
		defer f.Close()
		from = io.MultiReader(f, &h.buf)
	}
	in := bufio.NewReader(from)
	for range h.rows {
		n, err := binary.ReadUvarint(in)
		if err != nil {
			return err
		}
		cells := make([]string, n)
		for i := range cells {
			size, err := binary.ReadUvarint(in)
			if err != nil {
				return err
			}
			cell := make([]byte, size)
			if _, err := io.ReadFull(in, cell); err != nil {
				return err
			}
			cells[i] = string(cell)
		}
		if err := take(cells); err != nil {
			return err
		}
	}
	return nil
}
