package source

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

// gunzip unpacks a gzip file as long as what comes out bears some relation to
// what goes in.
type gunzip struct {
	packed counter
	z      *gzip.Reader
	out    int64
}

func newGunzip(r io.Reader) (*gunzip, error) {
	g := &gunzip{packed: counter{r: r}}
	var err error
	g.z, err = gzip.NewReader(bufio.NewReaderSize(&g.packed, textBuffer))
	return g, err
}

func (g *gunzip) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if g.out += int64(n); g.out > limits.RatioFrom && g.out/limits.Ratio > g.packed.n {
		return 0, &Error{Reason: fmt.Sprintf("the gzip file unpacks to more than %d times its size", limits.Ratio), Hint: "Unpack it and look at what is in it"}
	}
	return n, err
}

// counter counts the bytes that pass.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
