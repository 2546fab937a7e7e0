package partner

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"github.com/bulkonboard/bulkonboard/pipeline/limits"
)

const (
	maxBody = limits.Answer // of an answer to one create-user, wallet or delete call, decoded, in bytes
	maxPage = limits.Page   // of one page of list-users, decoded: some ten thousand users
)

// readBody reads at most limit bytes of a body, and keeps what it has when the
// rest does not come. A body in gzip is decoded, although none was asked for,
// because some gateways compress whatever they pass on; limit then holds for
// both forms. One in another encoding is left out.
func readBody(body io.Reader, h http.Header, limit int64) (_ []byte, whole, encoded bool) {
	if !isReadable(h.Values("Content-Encoding")) {
		return nil, false, true
	}
	in := bufio.NewReader(io.LimitReader(body, limit+1))
	var from io.Reader = in
	if isGzip(in) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, false, false
		}
		from = z
	}
	b, err := io.ReadAll(io.LimitReader(from, limit+1))
	if int64(len(b)) > limit {
		return b[:limit], false, false
	}
	return b, err == nil, false
}

// isReadable reports whether a body is as it is or in gzip, at most once each.
func isReadable(encodings []string) bool {
	for _, encoding := range strings.Split(strings.ToLower(strings.Join(encodings, ",")), ",") {
		switch strings.TrimSpace(encoding) {
		case "", "identity", "gzip", "x-gzip":
		default:
			return false
		}
	}
	return true
}

// isGzip goes by the first two bytes (RFC 1952), with which no text begins:
// intermediaries decode a body and leave its header, or the other way round.
func isGzip(in *bufio.Reader) bool {
	head, _ := in.Peek(2) // a body that is shorter is none
	return bytes.Equal(head, []byte{0x1f, 0x8b})
}
