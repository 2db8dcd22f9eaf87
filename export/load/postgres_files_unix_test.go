//go:build unix

package load

import (
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// pgx would wait for a pipe, and read a device without end, before a connection that
// could be interrupted.
func TestParseTarget_refusesFilesThatAreNone(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	pipe, service, big := filepath.Join(home, "pipe"), filepath.Join(home, "service"), filepath.Join(home, "big")
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(syscall.Mkfifo(pipe, 0o600))
	check(os.WriteFile(service, []byte("[other]\nsslcert=/dev/zero\n[shop]\nhost = localhost\nsslrootcert = "+pipe+"\n"), 0o600))
	check(os.WriteFile(big, nil, 0o600))
	check(os.Truncate(big, 1<<40))
	for name, of := range connectionFiles {
		refuses(t, "postgres://a@localhost/b?"+name+"="+url.QueryEscape(pipe), name, pipe, "a named pipe")
		refuses(t, "postgres://a@localhost/b?"+name+"=/dev/zero", name, "/dev/zero", "a device")
		refuses(t, "postgres://a@localhost/b?"+name+"="+url.QueryEscape(big), name, big, "larger than the limit")
		t.Run(of[0], func(t *testing.T) {
			t.Setenv(of[0], pipe)
			if err := ParseTarget("postgres://a@localhost/b"); err == nil {
				t.Errorf("%s may name a pipe", of[0])
			}
		})
	}
	refuses(t, "postgres://a@localhost/b?service=shop&servicefile="+url.QueryEscape(service), "sslrootcert", pipe)
	// What the address says comes before the service, whose file is not read then.
	check(os.WriteFile(service, []byte("[shop]\npassfile = "+pipe+"\n"), 0o600))
	refuses(t, "postgres://a@localhost/b?service=shop&servicefile="+url.QueryEscape(service), "passfile", pipe)
	check(ParseTarget("postgres://a@localhost/b?passfile=none&service=shop&servicefile=" + url.QueryEscape(service)))
	check(os.WriteFile(service, []byte("[[shop]]\nsslcert=/dev/zero\n"), 0o600))
	refuses(t, "postgres://a@localhost/b?service=%5Bshop%5D&servicefile="+url.QueryEscape(service), "sslcert", "/dev/zero")
	pass := filepath.Join(home, ".pgpass")
	check(os.Symlink(os.DevNull, pass)) // as people say that they have none
	for _, text := range []string{"postgres://a@localhost/b", "postgres://a@localhost/b?passfile=" + os.DevNull} {
		check(ParseTarget(text))
	}
	check(os.Remove(pass))
	check(syscall.Mkfifo(pass, 0o600))
	refuses(t, "postgres://a@localhost/b", "passfile", ".pgpass", "a named pipe")
}
