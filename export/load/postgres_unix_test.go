//go:build unix

package load

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// cluster is a Postgres server on loopback, shared by all tests of the package.
var cluster struct {
	why    string // why there is none
	port   int
	number atomic.Int64
}

func TestMain(m *testing.M) { os.Exit(withCluster(m)) }

// withCluster runs the tests with a Postgres server. Under FAUNA_EXPORT_CI a missing
// one is a failure.
func withCluster(m *testing.M) int {
	stop, err := startCluster()
	if err != nil {
		if os.Getenv("FAUNA_EXPORT_CI") != "" {
			fmt.Println("no Postgres to test with:", err)
			return 1
		}
		cluster.why = err.Error()
		return m.Run()
	}
	defer stop()
	return m.Run()
}

func findProgram(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return slices.Max(found), nil
	}
	return exec.LookPath(name)
}

func startCluster() (stop func(), err error) {
	initdb, err := findProgram("initdb")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "fauna-export-pg")
	if err != nil {
		return nil, err
	}
	attributes := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // Postgres refuses to run as root
		nobody, err := user.Lookup("nobody")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
		attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	data := filepath.Join(dir, "data")
	passwords := filepath.Join(dir, "password")
	if err := os.WriteFile(passwords, []byte(testPassword), 0o644); err != nil {
		return nil, err
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr = dir, attributes
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		return cmd
	}
	if out, err := run(initdb, "-D", data, "-U", "tester", "-A", "scram-sha-256", "--pwfile", passwords, "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	cluster.port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	server := run(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(cluster.port), "-k", dir, "-c", "fsync=off", "-c", "max_wal_size=4GB")
	var log strings.Builder
	server.Stderr = &log
	if err := server.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		server.Process.Signal(syscall.SIGINT)
		server.Wait()
		os.RemoveAll(dir)
	}
	os.Setenv("PGPASSWORD", testPassword)
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(context.Background(), address("postgres"))
		if err == nil {
			conn.Close(context.Background())
			return stop, nil
		}
		if time.Now().After(end) {
			stop()
			return nil, fmt.Errorf("postgres did not start: %w: %s", err, log.String())
		}
	}
}

const testPassword = "s3cret-of-the-test"

func address(database string) string {
	return fmt.Sprintf("postgres://tester@127.0.0.1:%d/%s", cluster.port, database)
}

// database creates a database for one test.
func database(t testing.TB) string {
	t.Helper()
	if cluster.why != "" {
		t.Skip("no Postgres: " + cluster.why)
	}
	name := fmt.Sprintf("test%d", cluster.number.Add(1))
	admin(t, address("postgres"), "CREATE DATABASE "+name)
	return address(name)
}

// connection returns a connection that is closed with the test.
func connection(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), "SET statement_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func admin(t testing.TB, address string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, sql := range statements {
		if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// texts returns the rows of a query as text, one per line.
func texts(t testing.TB, address, sql string) string {
	t.Helper()
	conn := connection(t, address)
	results, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var lines []string
	for _, r := range results[len(results)-1].Rows {
		var fields []string
		for _, f := range r {
			if f == nil {
				f = []byte("∅")
			}
			fields = append(fields, string(f))
		}
		lines = append(lines, strings.Join(fields, "|"))
	}
	return strings.Join(lines, "\n")
}
