package source

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// unpackText returns the text of a CSV file whose bytes come from r.
func (c *content) unpackText(r io.Reader) (io.Reader, error) {
	if c.kind != kindGzip {
		return r, nil
	}
	z, err := gzip.NewReader(bufio.NewReaderSize(r, sniffed))
	if err != nil {
		return nil, err
	}
	text := bufio.NewReaderSize(&boundedGunzip{Reader: z, packed: c.size}, sniffed)
	head, _ := text.Peek(sniffed) // an error comes back from the next read
	kind, other, err := sniffKind(bytes.NewReader(head), int64(len(head)))
	switch {
	case err != nil:
		return nil, err
	case kind == "":
		return nil, &Error{Reason: "there is " + other.what + " in the gzip file", Hint: other.hint}
	case kind != kindText:
		return nil, &Error{Reason: "there is " + describeKind(kind) + " in the gzip file", Hint: "Unpack it first"}
	}
	return text, nil
}

// boundedGunzip stops at limits.Ratio times the size of the file.
type boundedGunzip struct {
	*gzip.Reader
	packed, unpacked int64
}

func (g *boundedGunzip) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	if g.unpacked += int64(n); g.unpacked > limits.RatioFrom && g.unpacked/limits.Ratio > g.packed {
		return 0, &Error{Reason: fmt.Sprintf("the gzip file unpacks to more than %d times its size", limits.Ratio), Hint: "Unpack it and look at what is in it"}
	}
	return n, err
}
