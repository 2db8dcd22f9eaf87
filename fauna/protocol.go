package fauna

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// eitherProtocol uses HTTP/1.1, and HTTP/2 only if a TLS server accepts nothing
// else. If a client offers both in a handshake most servers choose HTTP/2, which
// costs the client twice the CPU time for large pages (see BenchmarkTransport).
type eitherProtocol struct {
	one, two *http.Transport
	onlyTwo  atomic.Bool
}

func newEitherProtocol(one *http.Transport) *eitherProtocol {
	two := one.Clone()
	two.TLSClientConfig.NextProtos = nil
	one.TLSClientConfig.NextProtos = []string{"http/1.1"}
	two.Protocols = new(http.Protocols)
	two.Protocols.SetHTTP2(true)
	return &eitherProtocol{one: one, two: two}
}

// RoundTrip sends a request with GetBody set.
func (t *eitherProtocol) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.onlyTwo.Load() {
		resp, err := t.one.RoundTrip(req)
		if err == nil || !strings.Contains(err.Error(), "tls: no application protocol") {
			return resp, err
		}
		t.onlyTwo.Store(true)
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = body
	}
	return t.two.RoundTrip(req)
}

// CloseIdleConnections closes idle connections.
func (t *eitherProtocol) CloseIdleConnections() {
	t.one.CloseIdleConnections()
	t.two.CloseIdleConnections()
}
