package fauna

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// startTLS starts a server with httptest's certificate and returns the name of its
// authority's file.
func startTLS(t *testing.T, config *tls.Config, handler http.HandlerFunc) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.TLS = config
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, file
}

func TestClient_tls(t *testing.T) {
	t.Parallel()
	proto := ""
	s, ca := startTLS(t, nil, func(w http.ResponseWriter, r *http.Request) { proto = r.Proto; _, _ = io.WriteString(w, nowAnswer) })

	if _, err := newTestClient(t, s.URL, Options{CAFile: ca}).Now(t.Context()); err != nil || proto != "HTTP/1.1" {
		t.Errorf("with the authority: %s, %v", proto, err)
	}
	_, err := newTestClient(t, s.URL, Options{}).Now(t.Context())
	if e := wantKind(t, err, KindTLS); e.Retry() || !strings.Contains(e.Error(), "--ca-file") {
		t.Error(e.Error())
	}
	other := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	_, err = newTestClient(t, other, Options{CAFile: ca}).Now(t.Context())
	if e := wantKind(t, err, KindTLS); !strings.Contains(e.Error(), "another name") {
		t.Error(e.Error())
	}

	plain := serve(t, answer(nowAnswer))
	_, err = newTestClient(t, strings.Replace(plain.URL, "http:", "https:", 1), Options{}).Now(t.Context())
	if e := wantKind(t, err, KindTLS); !strings.Contains(e.Error(), "http://") {
		t.Error(e.Error())
	}
	_, err = newTestClient(t, strings.Replace(s.URL, "https:", "http:", 1), Options{}).Now(t.Context())
	if e := wantKind(t, err, KindNotFauna); e.Retry() || !strings.Contains(e.Error(), "start the address with https://") {
		t.Error(e.Error())
	}
}

// HTTP/2 is used for a server or proxy that accepts nothing else.
func TestClient_tlsWithHTTP2Alone(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	protos := map[string]int{}
	var s *httptest.Server
	s, ca := startTLS(t, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, "h2") {
			return nil, nil
		}
		// Otherwise it would also speak HTTP/1.1.
		return &tls.Config{NextProtos: []string{"none"}, Certificates: s.TLS.Certificates}, nil
	}}, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		protos[r.Proto]++
		if body, _ := io.ReadAll(r.Body); !strings.Contains(string(body), "now") {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, nowAnswer)
	})
	c := newTestClient(t, s.URL, Options{CAFile: ca})
	for range 3 {
		if _, err := c.Now(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if protos["HTTP/2.0"] != 3 || len(protos) != 1 {
		t.Errorf("%v", protos)
	}
}

func TestClient_clientCertificate(t *testing.T) {
	t.Parallel()
	s, ca := startTLS(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, answer(nowAnswer))
	_, err := newTestClient(t, s.URL, Options{CAFile: ca}).Now(t.Context())
	if e := wantKind(t, err, KindTLS); !strings.Contains(e.Error(), "--client-cert") {
		t.Error(e.Error())
	}
	cert, key, both := writeCertificate(t)
	for _, o := range []Options{{CAFile: ca, CertFile: cert, KeyFile: key}, {CAFile: ca, CertFile: both}} {
		if _, err := newTestClient(t, s.URL, o).Now(t.Context()); err != nil {
			t.Errorf("with a certificate: %v", err)
		}
	}
}

func TestNewClient_refusesBadFilesAndSecrets(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := ParseEndpoint("localhost")
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]Options{
		"address":              {},
		"missing.pem":          {Endpoint: e, CAFile: "missing.pem"},
		"no certificate":       {Endpoint: e, CAFile: empty},
		"client certificate":   {Endpoint: e, CertFile: empty},
		"client certificate: ": {Endpoint: e, KeyFile: empty},
		"secrets never have":   {Endpoint: e, Secret: NewSecret("fnA\x01" + secretText)},
	} {
		_, err := NewClient(o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
			continue
		}
		checkNoSecret(t, want, err.Error())
	}
}

func TestClient_throughAProxy(t *testing.T) {
	var asked string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		_, _ = io.WriteString(w, nowAnswer)
	})
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("NO_PROXY", "direct.example")
	if _, err := newTestClient(t, "http://core.example:8443", Options{}).Now(t.Context()); err != nil || asked != "http://core.example:8443/" {
		t.Errorf("the proxy was asked for %q, %v", asked, err)
	}
	asked = ""
	s := serve(t, answer(nowAnswer))
	if _, err := newTestClient(t, s.URL, Options{}).Now(t.Context()); err != nil || asked != "" {
		t.Errorf("this machine was asked through the proxy: %q, %v", asked, err)
	}
	c := newTestClient(t, "http://direct.example", Options{})
	req, _ := http.NewRequest("POST", "http://direct.example/", nil)
	if through, err := c.http.Transport.(*http.Transport).Proxy(req); err != nil || through != nil {
		t.Errorf("NO_PROXY is not honoured: %v, %v", through, err)
	}
}

func TestClient_proxyThatIsNone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	t.Setenv("HTTP_PROXY", "http://user:hunter2@"+l.Addr().String())
	_, err = newTestClient(t, "http://core.example:8443", Options{}).Now(t.Context())
	if e := wantKind(t, err, KindUnreachable); !strings.Contains(e.Error(), "proxy") || strings.Contains(e.Error(), "hunter2") {
		t.Error(e.Error())
	}
}

func TestReadBody_withoutALength(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("x"), 300_000)
	for _, limit := range []int64{300_000, 299_999} {
		resp := &http.Response{ContentLength: -1, Body: io.NopCloser(bytes.NewReader(body))}
		got, err := (&Client{room: make(chan struct{}, 1)}).readBody(t.Context(), resp, nil, limit)
		if limit == 300_000 && (err != nil || !bytes.Equal(got, body)) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		var over errOversize
		if limit < 300_000 && !errors.As(err, &over) {
			t.Errorf("over the limit: %v", err)
		}
	}
}
