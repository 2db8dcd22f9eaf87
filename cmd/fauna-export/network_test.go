package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNetwork_onlyTheClientCanSpeakToAServer lists the packages in the program,
// ours and the libraries', that can open connections. A new one must be
// reviewed before it is added here.
func TestNetwork_onlyTheClientCanSpeakToAServer(t *testing.T) {
	t.Parallel()
	readBefore := map[string]string{
		modulePath + "/fauna":                              "the client; its one transport speaks to the endpoint, or to the proxy that the environment names",
		modulePath + "/fauna/emulator":                     "the embedded server, which listens",
		modulePath + "/cmd/fauna-export":                   "serve listens, and prints addresses",
		"github.com/fauna/faunadb-go/v4/faunadb":           "is given the client's transport for every query",
		"golang.org/x/net/http2":                           "of the driver and the embedded server",
		"golang.org/x/net/http/httpguts":                   "judges headers",
		"golang.org/x/net/http/httpproxy":                  "reads HTTPS_PROXY and its kin",
		"github.com/spf13/pflag":                           "flags that are addresses",
		"github.com/google/uuid":                           "reads this machine's hardware addresses",
		"github.com/andybalholm/brotli":                    "a handler for servers",
		"github.com/jackc/pgx/v5/pgconn":                   "of load: speaks to the database that --into names",
		"github.com/jackc/pgx/v5/pgtype":                   "of load: types of addresses",
		"github.com/jackc/pgx/v5/pgconn/internal/bgreader": "of load: reads from that connection",
		modulePath + "/tui":                                "the name of a status",
		modulePath + "/export/store":                       "the S3 store; its one transport speaks to the S3 endpoint of an s3:// URL, or to the proxy that the environment names",
		"github.com/minio/minio-go/v7":                     "is given the store's transport; pings nobody unless asked to",
		"github.com/minio/minio-go/v7/pkg/credentials":     "asks the machine's role for credentials, or AWS for those of a login, only for a store that needs them",
		"github.com/minio/minio-go/v7/pkg/encrypt":         "headers of encryption by the server",
		"github.com/minio/minio-go/v7/pkg/s3utils":         "reads addresses",
		"github.com/minio/minio-go/v7/pkg/signer":          "signs requests",
	}
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports", "./cmd/fauna-export")
	cmd.Dir = moduleRoot(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	linked, found := 0, map[string]bool{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Standard   bool
			Imports    []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		linked++
		if p.Standard || !slices.ContainsFunc(p.Imports, func(path string) bool {
			return path == "net" || path == "net/http" || path == "net/smtp" || path == "net/rpc" || path == "crypto/tls"
		}) {
			continue
		}
		found[p.ImportPath] = true
		if readBefore[p.ImportPath] == "" {
			t.Errorf("%s imports the network: read what it does with it, and name it here", p.ImportPath)
		}
	}
	if linked < 100 {
		t.Errorf("only %d packages were looked at", linked)
	}
	for path := range readBefore {
		if !found[path] {
			t.Errorf("%s does not import the network any more", path)
		}
	}
}

// TestNetwork_theProgramConnectsToItsEndpointOnly traces the real program's
// system calls: what it connects to or sends a datagram to (a DNS query, say)
// in every command.
func TestNetwork_theProgramConnectsToItsEndpointOnly(t *testing.T) {
	t.Parallel()
	needPrograms(t, "strace")
	s, secret := readSample(t)
	endpoint, err := url.Parse(s.endpoint)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	address := regexp.MustCompile(`sa_family=(AF_INET6?), sin6?_port=htons\((\d+)\).*?"([^"]+)"`)
	for _, c := range []struct {
		args string
		asks bool // it uses the endpoint
	}{
		{"check --all", true},
		{"run --all --out backup", true},
		{"run --collection carts --out -", true},
		{"schema", true},
		{"verify backup --domain " + s.endpoint, true},
		{"verify backup", false},
		{"resume backup", false},
		{"fql role --collection users", false},
		{"version", false},
		{"man", false},
		{"completion bash", false},
		{"run --config-schema", false},
	} {
		cmd := exec.CommandContext(t.Context(), "strace", append([]string{"-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", trace, binary}, strings.Fields(c.args)...)...)
		cmd.Dir = dir
		cmd.Env = append(cleanEnvironment(t, nil), "FAUNA_SECRET="+secret)
		if !strings.Contains(c.args, "--domain") && c.asks {
			cmd.Env = append(cmd.Env, "FAUNA_EXPORT_DOMAIN="+s.endpoint)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			if strings.Contains(string(out), "ptrace") || strings.Contains(string(out), "PTRACE") {
				t.Skipf("strace may not trace here: %s", out)
			}
			t.Fatalf("%s: %v\n%s", c.args, err, out)
		}
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		calls := address.FindAllStringSubmatch(string(text), -1)
		if (len(calls) > 0) != c.asks {
			t.Errorf("%s: connects %d times", c.args, len(calls))
		}
		for _, call := range calls {
			if call[2] != endpoint.Port() || call[3] != endpoint.Hostname() {
				t.Errorf("%s: speaks to %s, port %s; the endpoint is %s", c.args, call[3], call[2], endpoint.Host)
			}
		}
	}
}
