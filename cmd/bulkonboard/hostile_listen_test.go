//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// The real command: 80 signed events get through while 200 sockets stall, and while
// 700 do, which is more than it takes; then it ends as if nothing was.
func TestHostileListen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"in.csv": customersCSV(80), "secret": "whsec_1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := command(t, dir, "run", "in.csv", "--sandbox", "--ledger", "l.db", "--report", "r.csv", "--rate", "unlimited").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rows := readReport(t, filepath.Join(dir, "r.csv"))

	c := command(t, dir, "kyc", "listen", "--ledger", "l.db", "--addr", "127.0.0.1:0", "--secret-file", "secret", "--partner-id", "ours")
	out, err := c.StdoutPipe()
	var text bytes.Buffer
	c.Stderr = &text
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, &text)
	}
	url := strings.TrimSpace(line)
	address := strings.Trim(strings.TrimPrefix(url, "http:"), "/")

	stalls := []string{"", "POST / HT", "POST / HTTP/1.1\r\nHost: x\r\nX-Long: aaaa", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n{", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"}
	stalled := 0
	stall := func(upTo int) {
		for ; stalled < upTo; stalled++ {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				t.Cleanup(func() { _ = conn.Close() })
				_, err = io.WriteString(conn, stalls[stalled%len(stalls)])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	send := func(status string) {
		t.Helper()
		var senders errgroup.Group
		for _, row := range rows {
			senders.Go(func() error {
				body := fmt.Sprintf(`{"event":"user.kyc-event","timestamp":%q,"data":{"serviceId":%q,"status":%q}}`,
					time.Now().UTC().Format(time.RFC3339Nano), row["serviceId"], status)
				mac := hmac.New(sha256.New, []byte("whsec_1"))
				mac.Write([]byte(body))
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
				if err != nil {
					return err
				}
				r.Header.Set("X-Webhook-Signature", hex.EncodeToString(mac.Sum(nil)))
				r.Close = true
				answer, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					return err
				}
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusNoContent {
					return fmt.Errorf("status %d while %d sockets stall", answer.StatusCode, stalled)
				}
				return nil
			})
		}
		if err := senders.Wait(); err != nil {
			t.Error(err)
		}
	}
	stall(200)
	send("pending")
	stall(700)
	send("approved")
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if code := exitOfProcess(t, c.Wait()); code != 0 {
		t.Errorf("exit %d\n%s", code, &text)
	}
	if out, err := command(t, dir, "report", "--sandbox", "--ledger", "l.db", "--report", "r.csv").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, row := range readReport(t, filepath.Join(dir, "r.csv")) {
		if row["kycStatus"] != "approved" {
			t.Errorf("row %d is %q", i, row["kycStatus"])
		}
	}
}
