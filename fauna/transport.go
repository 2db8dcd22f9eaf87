package fauna

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	// idleTimeout closes idle connections before the server does, after 5
	// seconds; a request on a connection that it has closed would fail.
	idleTimeout = 4 * time.Second
	dialTimeout = 10 * time.Second
	// maxIdle allows an idle connection for each worker, for as many as make sense.
	maxIdle = 64
)

// newTransport returns the HTTP transport for an endpoint, for HTTP/1.1. The proxy
// is that of HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
func newTransport(o Options) (*http.Transport, error) {
	tlsConfig, err := newTLSConfig(o)
	if err != nil {
		return nil, err
	}
	proxy, err := Proxy(&url.URL{Scheme: o.Endpoint.scheme, Host: o.Endpoint.Host()})
	if err != nil {
		return nil, err
	}
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext
	}
	t := &http.Transport{
		Proxy:               proxy,
		DialContext:         dial,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConns:        maxIdle,
		MaxIdleConnsPerHost: maxIdle,
		IdleConnTimeout:     idleTimeout,
		DisableCompression:  true, // the server does not compress; bodies must not be changed
		ReadBufferSize:      32 << 10,
		Protocols:           new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxReadFrameSize:              1 << 20,
			MaxReceiveBufferPerStream:     4 << 20,
			MaxReceiveBufferPerConnection: 16 << 20,
			SendPingTimeout:               15 * time.Second,
			PingTimeout:                   10 * time.Second,
		},
	}
	t.Protocols.SetHTTP1(true)
	return t, nil
}

func newTLSConfig(o Options) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	read := o.ReadFile
	if read == nil {
		read = os.ReadFile
	}
	if o.CAFile != "" {
		pem, err := read(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the CA certificates: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read the CA certificates: %s has no certificate in PEM form", o.CAFile)
		}
		config.RootCAs = pool
	}
	if o.CertFile == "" && o.KeyFile != "" {
		return nil, fmt.Errorf("read the client certificate: only its key is given, %s; the certificate itself is missing", o.KeyFile)
	}
	if o.CertFile != "" {
		name := cmp.Or(o.KeyFile, o.CertFile) // one file may hold both
		pem, err := read(o.CertFile)
		key := pem
		if err == nil && name != o.CertFile {
			key, err = read(name)
		}
		var cert tls.Certificate
		if err == nil {
			cert, err = tls.X509KeyPair(pem, key)
		}
		if err != nil {
			return nil, fmt.Errorf("read the client certificate %s and its key %s: %w", o.CertFile, name, err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config, nil
}

// errTimeout is the cause of a request's context after our own timeout.
var errTimeout = errors.New("no answer within the time allowed")

// errSlowBody is errTimeout if part of the answer had arrived.
var errSlowBody = fmt.Errorf("%w: the answer was incomplete", errTimeout)

// freeLength is how much of a body of unknown length may be read without holding
// Client.room.
const freeLength = 4 << 20

// errOversize is the error of a body over the limit; size is -1 if unknown.
type errOversize struct{ size, limit int64 }

func (e errOversize) Error() string {
	if e.size < 0 {
		return fmt.Sprintf("the answer is over %d MiB", e.limit>>20)
	}
	return fmt.Sprintf("the answer has %d MiB, over the limit of %d MiB", e.size>>20, e.limit>>20)
}

// readBody reads a body into buf's memory, or new memory if that is too small. It does
// not read a body over the limit. Beyond a few MiB, bodies of unknown length are read
// one at a time, as several could exhaust the memory.
func (c *Client) readBody(ctx context.Context, resp *http.Response, buf []byte, limit int64) ([]byte, error) {
	size := resp.ContentLength
	if size > limit {
		return nil, errOversize{size, limit}
	}
	if size >= 0 {
		if int64(cap(buf)) < size {
			buf = make([]byte, size, size+size/8)
		}
		buf = buf[:size]
		if _, err := io.ReadFull(resp.Body, buf); err != nil {
			return nil, err
		}
		// Read to the end, so that the connection can be reused.
		var one [1]byte
		_, _ = resp.Body.Read(one[:])
		return buf, nil
	}
	b := bytes.NewBuffer(buf[:0])
	_, err := io.CopyN(b, resp.Body, min(freeLength, limit+1))
	if err == nil && int64(b.Len()) <= limit { // there may be more
		select {
		case c.room <- struct{}{}:
			defer func() { <-c.room }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		_, err = io.CopyN(b, resp.Body, limit+1-freeLength)
	}
	switch err {
	case nil:
		return nil, errOversize{-1, limit}
	case io.EOF:
		return b.Bytes(), nil
	}
	return nil, err
}

// transportError classifies the error of a request without a complete answer.
func transportError(err error) *Error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // its text repeats method and address
	}
	e := &Error{Kind: KindUnreachable, Err: err}
	text := err.Error()

	oversize, isOversize := errors.AsType[errOversize](err)
	_, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	hostname, isHostname := errors.AsType[x509.HostnameError](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	timeout, isNet := errors.AsType[net.Error](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case isOp && op.Op == "proxyconnect":
		e.Description = "the proxy in HTTP_PROXY or HTTPS_PROXY refuses the connection: " + op.Err.Error()
	case isOversize:
		e.Kind, e.Description = KindTooLarge, oversize.Error()
	case errors.Is(err, errTimeout):
		e.Kind = KindTimeout
	case isUnknown:
		e.Kind, e.Description = KindTLS, "its certificate is signed by an unknown authority; pass that authority's certificate with --ca-file"
	case isHostname:
		e.Kind, e.Description = KindTLS, "its certificate is for another name: "+hostname.Error()
	case isInvalid && invalid.Reason == x509.Expired:
		e.Kind, e.Description = KindTLS, "its certificate has expired, or a clock is wrong"
	case isRecord, strings.Contains(text, "HTTP response to HTTPS client"):
		e.Kind, e.Description = KindTLS, "it does not speak TLS; if it speaks plain http, start the address with http://"
	case strings.Contains(text, "remote error: tls: "):
		_, alert, _ := strings.Cut(text, "remote error: tls: ")
		e.Kind, e.Description = KindTLS, "it ended the handshake ("+alert+"); it may want a client certificate (--client-cert)"
	case strings.Contains(text, "tls: "), strings.Contains(text, "x509: "):
		e.Kind = KindTLS
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "frame too large"):
		e.Kind, e.Description = KindNotFauna, "it does not speak HTTP; if it speaks TLS, start the address with https://"
	case isNet && timeout.Timeout():
		e.Kind = KindTimeout
		if isOp && op.Op == "dial" {
			e.Kind = KindUnreachable
		}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "connection reset"),
		strings.Contains(text, "broken pipe"), strings.Contains(text, "server closed idle connection"):
		e.dropped, e.Description = true, "it closed the connection before the answer was complete"
	}
	return e
}

// contextError wraps the context's own error with what was being done, so that
// callers can distinguish their own cancellation from a failure.
func contextError(ctx context.Context, op string) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) {
		return fmt.Errorf("%s: %w", op, err)
	}
	return fmt.Errorf("%s: %w (%w)", op, err, cause)
}
