package patientconn

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// serve accepts connections until the test ends, and gives each to do with its number,
// from 0.
func serve(t *testing.T, do func(n int, c net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer func() { _ = c.Close() }() // the test has read what it wants
			do(n, c)
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-ended })
	return l.Addr().String()
}

func dial(t *testing.T, addr string, patience time.Duration) *patientConn {
	t.Helper()
	c, err := new(Dialer).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	p, _ := c.(*patientConn)
	p.patience = patience
	return p
}

// TestSlowAnswer: a server that answers others is waited for.
func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	slow := make(chan net.Conn, 1)
	addr := serve(t, func(n int, c net.Conn) {
		switch {
		case n == 0:
			slow <- c
		case n < 3:
			_, _ = c.Write([]byte("N"))
		default: // it was asked often enough
			_, _ = c.Write([]byte("N"))
			select {
			case c := <-slow:
				_, _ = c.Write([]byte("done"))
			default:
			}
		}
	})
	c := dial(t, addr, time.Millisecond)
	c.probe = func(network, addr string, _ time.Duration) error { return probeServer(network, addr, time.Minute) }
	b := make([]byte, 4)
	if n, err := c.Read(b); err != nil || n == 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestMuteServer: a server that takes connections and answers nobody is given up.
func TestMuteServer(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, func(int, net.Conn) {}), time.Millisecond)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, ErrMute) {
		t.Errorf("%v", err)
	}
}

// TestDeadline: what waits on the connection may set its own end, and the server is not
// asked then.
func TestDeadline(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, func(int, net.Conn) {}), time.Hour)
	c.probe = func(string, string, time.Duration) error { t.Error("the server was asked"); return nil }
	begun := make(chan struct{})
	go func() {
		<-begun
		_ = c.SetDeadline(time.Now()) // Read tells
	}()
	close(begun)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if err := c.SetDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ErrMute) {
		t.Errorf("%v", err)
	}
}
