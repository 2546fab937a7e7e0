package partner

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"time"
)

// line is a connection which knows whether anything came over it unasked.
type line struct {
	net.Conn
	// still reports that nothing came that has not been read, not even the end,
	// and sets the deadline of what follows. It does not wait.
	still func(until time.Time) bool
}

// above is the line of TLS over another. What came over that one may wait in TLS
// itself, which reads all that there is, also the half of a record.
func above(c *tls.Conn, in *records, below line) line {
	return line{c, func(until time.Time) bool {
		// Under a deadline that is over it reads nothing but what it has. Tickets
		// and other news of TLS itself are done with by that.
		if c.SetReadDeadline(time.Unix(1, 0)) != nil {
			return false
		}
		var b [1]byte
		n, err := c.Read(b[:])
		return n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && in.whole() && below.still(until)
	}}
}

// records follows where the records of TLS end in what is read (RFC 8446, 5.1).
type records struct {
	net.Conn
	head [5]byte // of the record under way; its last two bytes are the length of what follows
	have int     // bytes of the head
	left int     // bytes that follow it
}

// whole reports that what was read ends with a record.
func (r *records) whole() bool { return r.have == 0 && r.left == 0 }

// Read implements io.Reader.
func (r *records) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	for b := p[:n]; len(b) > 0; {
		if r.left > 0 {
			some := min(r.left, len(b))
			r.left, b = r.left-some, b[some:]
			continue
		}
		some := copy(r.head[r.have:], b)
		r.have, b = r.have+some, b[some:]
		if r.have == len(r.head) {
			r.have, r.left = 0, int(binary.BigEndian.Uint16(r.head[3:]))
		}
	}
	return n, err
}
