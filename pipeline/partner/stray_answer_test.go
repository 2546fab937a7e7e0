package partner

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bulkonboard/bulkonboard/ledger"
)

const (
	strayRefusal = "HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n"
	nothing      = "no more records come, says the server"
	half         = "of the record before, half"
)

// TestStrayRecords: what a server sends beyond its answer never serves as the
// answer to the next request, also where TLS has read it along with the answer.
func TestStrayRecords(t *testing.T) {
	list := `{"status":"success","data":{"users":[],"pagination":{"skip":0,"limit":1,"total":0}}` + strings.Repeat(" ", 6000) + `}`
	page := "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(list)) + "\r\n\r\n" + list
	for _, v := range []struct {
		name string
		most uint16
	}{{"1.2", tls.VersionTLS12}, {"1.3", tls.VersionTLS13}} {
		for name, records := range map[string][]string{
			"a refusal":              {whole201, strayRefusal},
			"another's answer":       {whole201, strings.ReplaceAll(whole201, "abc123", "zzz999")},
			"within the last record": {long201(2048) + strayRefusal},
			"half a record":          {whole201, strayRefusal, half},
			"half an answer":         {whole201, strayRefusal[:10]},
			"after a page":           {page, strayRefusal},
			"that no more comes":     {whole201, nothing},
		} {
			for _, through := range []string{"", "an https proxy that passes it on", "a tunnel in TLS"} {
				t.Run(strings.Join([]string{v.name, name, through}, ", "), func(t *testing.T) {
					s, ca := secured(t, "127.0.0.1", time.Now().Add(time.Hour), http.HandlerFunc(good))
					with := s.TLS.Clone()
					with.NextProtos, with.MaxVersion = []string{"http/1.1"}, v.most
					w := startWire(t, func(w *wire, c net.Conn, _ func() *http.Request) { stray(w, c, with, records) })
					cfg := Config{BaseURL: strings.Replace(w.URL, "http", "https", 1), CAFile: ca}
					switch through {
					case "an https proxy that passes it on":
						cfg.BaseURL, cfg.Proxy = "http://127.0.0.2:80", cfg.BaseURL
					case "a tunnel in TLS":
						p := startWire(t, func(_ *wire, c net.Conn, _ func() *http.Request) {
							within := tls.Server(c, s.TLS.Clone())
							defer within.Close()
							if r, err := http.ReadRequest(bufio.NewReader(within)); err == nil {
								pass(within, r.Host, "HTTP/1.1 200 OK\r\n\r\n")
							}
						})
						cfg.Proxy = strings.Replace(p.URL, "http", "https", 1)
					}
					c := newClient(t, cfg)
					if records[0] == page {
						if _, err := c.ListUsers(t.Context(), 0, 1); err != nil {
							t.Fatal(err)
						}
					} else {
						mustOK(t, c.Create(t.Context(), testIdem, jane()))
					}
					if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.OK || !strings.Contains(a.ServiceID, "abc123") {
						t.Errorf("the next request was answered %v %s", a, a.ServiceID)
					}
					if n := w.conns.Load(); n != 2 {
						t.Errorf("%d connections, want 2", n)
					}
				})
			}
		}
	}
}

// stray answers the first request of all with records that go out in one piece,
// and others as they should be.
func stray(w *wire, raw net.Conn, with *tls.Config, records []string) {
	held := &holding{Conn: raw}
	c := tls.Server(held, with)
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		io.Copy(io.Discard, r.Body)
		if w.posts.Add(1) > 1 {
			io.WriteString(c, whole201)
			continue
		}
		held.on = true
		for _, text := range records {
			switch text {
			case nothing:
				c.CloseWrite()
			case half:
				held.kept = held.kept[:len(held.kept)-len(strayRefusal)/2]
			default:
				io.WriteString(c, text)
			}
		}
		held.on = false
		raw.SetWriteDeadline(time.Time{}) // CloseWrite has set one
		held.Write(held.kept)
	}
}

// holding keeps what is written while it is on.
type holding struct {
	net.Conn
	on   bool
	kept []byte
}

func (h *holding) Write(p []byte) (int, error) {
	if !h.on {
		return h.Conn.Write(p)
	}
	h.kept = append(h.kept, p...)
	return len(p), nil
}

// long201 is a good answer of n bytes.
func long201(n int) string {
	return strings.Replace(whole201, "\r\n", "\r\nX-Pad: "+strings.Repeat("x", n-len(whole201)-len("X-Pad: \r\n"))+"\r\n", 1)
}

// TestNoSuchStatus: a status below 100 is no answer, and not one to wait past.
func TestNoSuchStatus(t *testing.T) {
	for _, status := range []string{"000", "007", "099"} {
		w := startWire(t, always(fmt.Sprintf("HTTP/1.1 %s No\r\nContent-Length: 0\r\n\r\n", status)+whole201))
		c := newClient(t, Config{BaseURL: w.URL})
		if a := c.Create(t.Context(), testIdem, jane()); a.Class != ledger.Unknown {
			t.Errorf("%s: %v", status, a)
		}
	}
}
