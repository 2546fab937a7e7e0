package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

// maxAnswer is how much of an answer is read, so that its connection ends cleanly.
const maxAnswer = 64 << 10

// post sends a message to the URL. Only 2xx is success. Redirects are not followed: the
// URL is a secret of the host that it names.
func (n *Notifier) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return finalError{errors.New("the URL cannot be used")}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", n.cfg.UserAgent)
	answer, err := n.client.Do(req)
	if err != nil {
		return errors.New(causeOf(ctx, err))
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer)) // the status is all that counts
	if answer.StatusCode/100 == 2 {
		return nil
	}
	err = fmt.Errorf("it answered HTTP %d", answer.StatusCode)
	if answer.StatusCode/100 == 5 || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout {
		return err
	}
	return finalError{err}
}

// causeOf says why there was no answer. The errors of net/http quote the URL.
func causeOf(ctx context.Context, err error) string {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	switch {
	case errors.Is(context.Cause(ctx), errTooSlow):
		return errTooSlow.Error()
	case ctx.Err() != nil:
		return "there was no time left for it"
	case errors.As(err, &certificate):
		return "its certificate is not valid for its name"
	case errors.As(err, &name):
		return "its host was not found"
	}
	return "no connection could be made, or it ended without an answer"
}
