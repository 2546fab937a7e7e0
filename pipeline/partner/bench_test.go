package partner

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
)

// BenchmarkCreate is one request after another over loopback; the server does
// as little as it can.
func BenchmarkCreate(b *testing.B) {
	reply := created201 + "Content-Length: " + strconv.Itoa(len(goodBody)) + "\r\n\r\n" + goodBody
	w := startWire(b, func(_ *wire, c net.Conn, next func() *http.Request) {
		for next() != nil {
			io.WriteString(c, reply)
		}
	})
	c := newClient(b, Config{BaseURL: w.URL})
	u := jane()
	b.ReportAllocs()
	for b.Loop() {
		if a := c.Create(b.Context(), testIdem, u); a.Class != OK {
			b.Fatal(a)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
