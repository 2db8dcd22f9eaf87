//go:build unix

package fauna

import (
	"bufio"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkTransport reads pages of 1.3 MB, 8 in parallel, from a server in its own
// process. It reports MB/s for each protocol, and our CPU time for a million
// documents of 640 bytes.
//
//	go test ./fauna -run '^$' -bench Transport -benchtime 400x -cpu 2
func BenchmarkTransport(b *testing.B) {
	for _, latency := range []string{"0s", "50ms", "200ms"} {
		for _, c := range []struct {
			name, scheme string
			two          bool // HTTP/2
		}{{"http1", "http", false}, {"h2c", "http", true}, {"tls-http1", "https", false}, {"tls-http2", "https", true}} {
			b.Run(c.name+"/"+latency, func(b *testing.B) {
				url, ca := startPageServer(b, c.scheme+" "+latency)
				endpoint, err := ParseEndpoint(url)
				if err != nil {
					b.Fatal(err)
				}
				client, err := NewClient(Options{Endpoint: endpoint, Secret: NewSecret(secretText), CAFile: ca})
				if err != nil {
					b.Fatal(err)
				}
				defer client.Close()
				transport, plain := client.http.Transport.(*http.Transport)
				if !plain {
					transport = client.http.Transport.(*eitherProtocol).one
				}
				transport.Protocols = new(http.Protocols)
				transport.Protocols.SetHTTP1(!c.two)
				transport.Protocols.SetHTTP2(c.two)
				transport.TLSClientConfig.NextProtos = nil
				transport.Protocols.SetUnencryptedHTTP2(c.two)
				before := processorTime(b)
				b.SetBytes(pageBytes)
				b.ResetTimer()
				left := make(chan struct{}, b.N)
				for range b.N {
					left <- struct{}{}
				}
				close(left)
				var all sync.WaitGroup
				for range 8 {
					all.Go(func() {
						var buf []byte
						for range left {
							if buf, err = client.Documents(b.Context(), PageRequest{Collection: "docs", At: 1, From: 1, Size: pageDocuments, Buf: buf}); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				all.Wait()
				b.StopTimer()
				used := processorTime(b) - before
				b.ReportMetric(used.Seconds()/float64(b.N*pageDocuments)*1e6, "cpu-s/million")
			})
		}
	}
}

// startPageServer starts the server, and returns its address and the name of its
// certificate file.
func startPageServer(b *testing.B, how string) (url, ca string) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), pageServerVariable+"="+how)
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	b.Cleanup(func() {
		in.Close()
		_ = cmd.Wait()
	})
	if err != nil {
		b.Fatal(err)
	}
	url, certificate, _ := strings.Cut(strings.TrimSpace(line), " ")
	if certificate == "" {
		return url, ""
	}
	der, err := hex.DecodeString(certificate)
	if err != nil {
		b.Fatal(err)
	}
	ca = filepath.Join(b.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		b.Fatal(err)
	}
	return url, ca
}

// processorTime returns the CPU time of this process so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
