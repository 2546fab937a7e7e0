package partner

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
)

// Cause words say why an answer proves little or nothing. The list is complete. They are
// fit for logs, because they hold no personal data.
const (
	CauseCanceled    = "canceled"    // the caller gave up
	CauseTimeout     = "timeout"     // the request's time was over
	CauseReset       = "reset"       // the connection was reset
	CauseEOF         = "eof"         // the connection ended before an answer
	CauseDNS         = "dns"         // the host's name could not be resolved
	CauseRefused     = "refused"     // no server listens there
	CauseUnreachable = "unreachable" // no route to the host or network
	CauseTLS         = "tls"         // no TLS with that server
	CauseCertificate = "certificate" // expired, untrusted, or for another name
	CauseProxy       = "proxy"       // the proxy could not be reached or refused
	CauseLocal       = "local_limit" // this machine has no port or file left for another connection
	CauseRequest     = "request"     // the request cannot be written; a fault of the caller
	CauseNetwork     = "network"     // any other failure without an answer, malformed or endless headers included
	CauseRedirect    = "redirect"    // 3xx
	CauseServer      = "server"      // 5xx
	CauseStatus      = "status"      // a status that this call should not have
	CauseHTML        = "html"        // a gateway's page
	CauseBody        = "body"        // the body was cut off, too long, or not of the documented form
	CauseStray       = "stray"       // a look-up got an answer over a kept connection that is not its own
	CauseEncoding    = "encoding"    // the body has a Content-Encoding other than gzip
	CauseLink        = "link"        // 2xx whose verificationUrl is missing or not absolute https
	CauseServiceID   = "service_id"  // 2xx whose serviceId is missing or no sane token
)

// causeOf names the failure of a request that got no status line. The order
// matters: a certificate error is also a TLS error, a refused proxy a refusal.
func causeOf(err error) string {
	var (
		cert    *tls.CertificateVerificationError
		roots   x509.SystemRootsError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		shake   *tlsError
		dns     *net.DNSError
		connect *proxyError
	)
	switch {
	case errors.As(err, &cert), errors.As(err, &roots):
		return CauseCertificate
	case errors.Is(err, context.Canceled):
		return CauseCanceled
	case isLocalLimit(err):
		return CauseLocal
	case errors.As(err, &connect):
		return CauseProxy
	case errors.As(err, &dns):
		return CauseDNS
	case isTimeout(err):
		return CauseTimeout
	case errors.As(err, &record), errors.As(err, &alert), errors.As(err, &shake):
		return CauseTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return CauseRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return CauseReset
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return CauseUnreachable
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return CauseEOF
	default:
		return CauseNetwork
	}
}

// isLocalLimit reports whether this machine, not the network, had no room for a
// connection: all ports to that address are in use, or all files that the
// process or the system may open.
func isLocalLimit(err error) bool {
	limits := []error{syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS}
	return slices.ContainsFunc(limits, func(limit error) bool { return errors.Is(err, limit) })
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}
