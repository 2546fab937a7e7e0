package sandbox

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// deliverReply sends a reply, changed as the fault says. It returns the status that was
// sent, 0 if none. If nothing is to be answered it panics with http.ErrAbortHandler, by
// which net/http closes the connection.
func (s *Server) deliverReply(w http.ResponseWriter, r *http.Request, rep reply, picked chosen) int {
	f := &picked.answer
	if f.Name == "" {
		return s.writeReply(w, r, rep, picked)
	}
	switch f.Name {
	case "drop-before", "drop-before-burnt", "drop-after":
		s.hijackConn(w, func(net.Conn) error { return nil })
		return 0
	case "late", "late-gone", "hang":
		s.stopped.waitUntilGone(r)
		panic(http.ErrAbortHandler)
	case "reset-before", "reset-after":
		s.hijackConn(w, func(conn net.Conn) error {
			if tcp, ok := conn.(*net.TCPConn); ok {
				return tcp.SetLinger(0) // closing it then sends RST
			}
			return nil
		})
		return 0
	case "cut-after", "slow-headers", "drip", "endless", "huge-headers", "many-1xx", "gzip-bomb":
		s.hijackConn(w, func(conn net.Conn) error { return s.writeMangled(conn, f, rep, picked) })
		return rep.status
	default:
		return s.writeReply(w, r, f.rewordReply(rep, r), picked)
	}
}

// writeReply sends a reply and returns its status. A failed write means that the
// client has hung up.
func (s *Server) writeReply(w http.ResponseWriter, r *http.Request, rep reply, picked chosen) int {
	rep = rep.inForm(picked, s.cfg.now())
	header, body := s.renderReply(rep, picked)
	if form := picked.faultNamed(faultCompressed).text; form == "always" || form != "" && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body = compressBody(header, body)
	}
	maps.Copy(w.Header(), header)
	w.WriteHeader(rep.status)
	if len(body) > 0 {
		_, _ = w.Write(body)
	}
	if f := picked.faultNamed(faultAnswersTwice); f.Name != "" {
		_ = http.NewResponseController(w).Flush() // the first answer is out before the second; fails where the client has hung up
		s.repeatAnswer(r, answerBytes(rep.status, header, body), f.wait)
	}
	return rep.status
}

// answerBytes returns an answer as its bytes on the connection.
func answerBytes(status int, header http.Header, body []byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	_ = header.Write(&out) // a buffer returns no error
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes()
}

// compressBody compresses a body and says so in its headers.
func compressBody(header http.Header, body []byte) []byte {
	small, err := compressBytes(body)
	if err != nil || len(body) == 0 {
		return body
	}
	header.Set("Content-Encoding", "gzip")
	header.Set("Content-Length", strconv.Itoa(len(small)))
	return small
}

// renderReply returns the headers and the body of a reply.
func (s *Server) renderReply(rep reply, picked chosen) (http.Header, []byte) {
	now := s.cfg.now().Add(-rep.age).Add(picked.faultNamed(faultDateOffset).wait)
	kind, body, err := rep.renderBody(picked)
	if err != nil { // replies are made of texts and numbers
		panic(fmt.Sprintf("sandbox: reply cannot be encoded: %v", err))
	}
	body = picked.answer.garbleBody(rep, body)
	header := http.Header{
		"Date":           {now.UTC().Format(http.TimeFormat)},
		"Content-Length": {strconv.Itoa(len(body))},
	}
	if picked.hasFault(faultDateUTC) {
		header["Date"][0] = strings.Replace(header["Date"][0], "GMT", "UTC", 1)
	}
	for left := picked.faultNamed(faultBigHeaders).count; left > 0; left -= 4000 {
		header.Add("X-Padding", strings.Repeat("x", min(left, 4000)))
	}
	if f := picked.faultNamed(faultKeepAlive); f.Name != "" {
		header.Set("Keep-Alive", fmt.Sprintf("timeout=%.0f", f.wait.Seconds()))
	}
	if rep.age > 0 {
		header.Set("Age", fmt.Sprintf("%.0f", rep.age.Seconds()))
	}
	if picked.hasFault(faultNoDate) {
		header["Date"] = nil // present and nil: net/http adds none
	}
	for name, value := range map[string]string{"Content-Type": kind, "Location": rep.location, "Retry-After": rep.retryAfter.headerValue(now)} {
		if value != "" {
			header.Set(name, value)
		}
	}
	return header, body
}

// hijackConn calls act with the connection and closes it. A transport without connections, as in a unit test, sees an abort.
func (s *Server) hijackConn(w http.ResponseWriter, act func(net.Conn) error) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	closed := make(chan struct{})
	cancel := s.onStop(func() {
		_ = conn.Close()
		close(closed)
	})
	// From here every failure means that the client, or Close, hung up, which
	// is how these faults end.
	if conn.SetDeadline(time.Time{}) == nil {
		_ = act(conn)
	}
	if !cancel() {
		<-closed
	}
	_ = conn.Close()
}

const (
	hugeHeaders  = 100 << 20 // bytes
	manyHints    = 1000      // times a thousand
	bombMembers  = 4096      // of 1 MiB each
	bombMember   = 1 << 20
	endlessChunk = 32 << 10
)

// writeMangled writes an answer to the bare connection in the way of its fault.
func (s *Server) writeMangled(conn net.Conn, f *Fault, rep reply, picked chosen) error {
	header, body := s.renderReply(rep, picked)
	header.Set("Connection", "close")
	if f.Name == "endless" || f.Name == "gzip-bomb" {
		header.Del("Content-Length")
	}
	if f.Name == "gzip-bomb" {
		header.Set("Content-Encoding", "gzip")
	}
	whole := answerBytes(rep.status, header, body)
	head := whole[:len(whole)-len(body)]

	// Once the client has hung up, each further write fails at once.
	switch f.Name {
	case "cut-after":
		return writeAll(conn, whole[:len(head)+len(body)/2])
	case "slow-headers":
		return errors.Join(s.writeSlowly(conn, head, f.wait), writeAll(conn, body))
	case "drip":
		return errors.Join(writeAll(conn, head), s.writeSlowly(conn, body, f.wait))
	case "endless": // its last brace never comes
		return errors.Join(writeAll(conn, whole[:len(whole)-1]), writeTimes(conn, bytes.Repeat([]byte(" "), endlessChunk), -1))
	case "huge-headers":
		statusLine := bytes.IndexByte(whole, '\n') + 1
		line := []byte("X-Padding: " + strings.Repeat("x", 4000) + "\r\n")
		return errors.Join(writeAll(conn, whole[:statusLine]), writeTimes(conn, line, hugeHeaders/len(line)), writeAll(conn, whole[statusLine:]))
	case "many-1xx":
		hints := bytes.Repeat([]byte("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"), 1000)
		return errors.Join(writeTimes(conn, hints, manyHints), writeAll(conn, whole))
	default: // gzip-bomb: the parts of a gzip stream may simply follow each other
		first, errFirst := compressBytes(body)
		blanks, errBlanks := compressBytes(bytes.Repeat([]byte(" "), bombMember))
		if err := errors.Join(errFirst, errBlanks); err != nil {
			return fmt.Errorf("sandbox: gzip: %w", err)
		}
		return errors.Join(writeAll(conn, head), writeAll(conn, first), writeTimes(conn, blanks, bombMembers))
	}
}

func writeAll(conn io.Writer, data []byte) error {
	_, err := conn.Write(data)
	return err
}

// writeTimes writes data n times, or without end if n is negative.
func writeTimes(conn io.Writer, data []byte, n int) error {
	for i := 0; i != n; i++ {
		if err := writeAll(conn, data); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) writeSlowly(conn io.Writer, data []byte, each time.Duration) error {
	for i := range data {
		if err := writeAll(conn, data[i:i+1]); err != nil {
			return err
		}
		if !s.stopped.waitFor(each, nil) {
			return net.ErrClosed
		}
	}
	return nil
}

func compressBytes(data []byte) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(data)
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}
