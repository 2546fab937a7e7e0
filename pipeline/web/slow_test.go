package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener for connections without a buffer, whose time is that of the test.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, isOpen := <-p
	if !isOpen {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error { return nil }

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40913} }

// dial connects to the server.
func (p pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p <- theirs
	return ours
}

// servePipes serves a page to connections without a buffer.
func servePipes(p *page) (pipes, func()) {
	l, server := make(pipes), &http.Server{Handler: p.server, ReadHeaderTimeout: time.Minute}
	ended := make(chan error)
	go func() { ended <- server.Serve(l) }()
	return l, func() {
		close(l)
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			p.t.Error(err)
		}
		if err := server.Close(); err != nil {
			p.t.Error(err)
		}
	}
}

// A stranger who never sends the body of a request is answered, and does not keep the
// connection.
func TestAStalledBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop := servePipes(openPage(t, nil))
		defer stop()
		for _, request := range []string{"POST /api/plans/p1/approve", "PUT /api/lists?name=a.csv", "POST /session"} {
			c := l.dial()
			if _, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n", request, listener); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(c)
			answer, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("%s: %v", request, err)
			}
			_ = answer.Body.Close()
			if _, err := io.ReadAll(in); err != nil || answer.StatusCode < 400 {
				t.Errorf("%s: %s, %v", request, answer.Status, err)
			}
			_ = c.Close()
		}
	})
}

// A browser that stalls in the middle of a download is cut off: the list can be discarded
// all the same, and nothing of it stays. Other requests of a connection have their own time.
func TestAStalledDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := openPage(t, nil)
		p.signIn()
		list := p.dropGood()
		l, stop := servePipes(p)
		defer stop()
		c := l.dial()
		defer func() { _ = c.Close() }()
		get := func(path string) {
			if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n\r\n", path, listener, p.cookie.Name, p.cookie.Value); err != nil {
				t.Fatal(err)
			}
		}
		in := bufio.NewReader(c)
		for range 2 {
			get("/api/lists")
			answer, err := http.ReadResponse(in, nil)
			if err == nil {
				_, err = io.ReadAll(answer.Body)
				_ = answer.Body.Close()
			}
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Fatalf("%+v, %v", answer, err)
			}
			<-time.After(time.Minute) // the limit of this answer is over
		}
		get("/api/lists/" + list.ID + "/corrected.xlsx")
		if _, err := in.ReadByte(); err != nil {
			t.Fatal(err)
		}
		if w := p.do("DELETE", "/api/lists/"+list.ID, ""); w.Code != http.StatusNoContent {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if left := filesBelow(t, p.dir+"/lists"); len(left) > 0 {
			t.Errorf("there is still %v", left)
		}
	})
}
