package storetest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"fauna-export/export/store"
)

// Bucket is the bucket on the S3 servers of this package.
const Bucket = "bucket"

// GatewayVariable names the environment variable with the path of versitygw, a
// real S3 server over a folder. If it is not set, the tests that need it are
// skipped; if it is set and the file is missing, they fail.
const GatewayVariable = "FAUNA_EXPORT_VERSITYGW"

// S3Options returns the options for a store on a server of this package.
func S3Options(endpoint string) store.S3Options {
	return store.S3Options{
		Endpoint: endpoint, PartSize: 5 << 20, Beat: 200 * time.Millisecond, Patience: 20 * time.Second,
		Getenv: func(name string) string {
			return map[string]string{"AWS_ACCESS_KEY_ID": "testaccess", "AWS_SECRET_ACCESS_KEY": "testsecret"}[name]
		},
	}
}

// S3 starts an in-memory S3 server and returns its endpoint.
func S3(t testing.TB) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(s.Close)
	return s.URL
}

// Gateway is a versitygw process that serves a folder.
type Gateway struct {
	Endpoint string
	path     string
	address  string
	dir      string
	cmd      *exec.Cmd
}

// NewGateway starts a versitygw.
func NewGateway(t testing.TB) *Gateway {
	t.Helper()
	path := os.Getenv(GatewayVariable)
	if path == "" {
		t.Skip(GatewayVariable + " names no versitygw")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{path: path, address: free.Addr().String(), dir: t.TempDir()}
	g.Endpoint = "http://" + g.address
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(g.dir, Bucket), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Kill)
	g.Start(t)
	return g
}

// Start starts it, also again after Kill, and waits until it answers.
func (g *Gateway) Start(t testing.TB) {
	t.Helper()
	g.cmd = exec.Command(g.path, "--port", g.address, "--access", "testaccess", "--secret", "testsecret", "--quiet", "posix", g.dir)
	g.cmd.Stderr = os.Stderr
	if err := g.cmd.Start(); err != nil {
		t.Fatalf("start versitygw: %v", err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.Endpoint, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			http.DefaultClient.CloseIdleConnections()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(fmt.Errorf("versitygw does not answer: %w", err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill kills the process.
func (g *Gateway) Kill() {
	if g.cmd != nil {
		_ = g.cmd.Process.Kill()
		_ = g.cmd.Wait()
		g.cmd = nil
	}
}
