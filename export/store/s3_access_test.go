package store

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseS3(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, bucket, prefix, wrong string }{
		{"s3://my-bucket", "my-bucket", "", ""},
		{"s3://my-bucket/", "my-bucket", "", ""},
		{"s3://my-bucket/a/b", "my-bucket", "a/b/", ""},
		{"s3://my-bucket/a/b//", "my-bucket", "a/b/", ""},
		{"s3://my-bucket/Ünï", "my-bucket", "Ünï/", ""},
		{"s3:///a", "", "", "name of a bucket"},
		{"s3://", "", "", "name of a bucket"},
		{"s3://ab", "", "", "3 to 63"},
		{"s3://buc ket/a", "", "", "3 to 63"},
		{"s3://key:hushhush@bucket/a", "", "", "no name or password"},
		{"s3://bucket/a//b", "", "", "empty part"},
		{"s3://bucket/../b", "", "", "empty part"},
		{"s3://bucket/a?versionId=1", "", "", "? #"},
		{"/tmp/x", "", "", "not of the form"},
	} {
		u, err := parseS3(c.in)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "hushhush") {
				t.Errorf("%s: %v", c.in, err)
			}
			continue
		}
		if err != nil || u.Bucket != c.bucket || u.Prefix != c.prefix {
			t.Errorf("%s: %+v, %v", c.in, u, err)
		}
	}
}

func TestS3Endpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, server, wrong string
	}{
		{"", "https://s3.amazonaws.com", ""},
		{"minio.example.org", "https://minio.example.org", ""},
		{"minio.example.org:9000", "https://minio.example.org:9000", ""},
		{"localhost:9000", "http://localhost:9000", ""},
		{"127.0.0.1:9000", "http://127.0.0.1:9000", ""},
		{"[::1]:9000", "http://[::1]:9000", ""},
		{"http://10.0.0.1:9000/", "http://10.0.0.1:9000", ""},
		{"https://a.b", "https://a.b", ""},
		{"https://a.b/bucket", "", "without a path"},
		{"ftp://a.b", "", "neither"},
		{"https://u:hushhush@a.b", "", "no name or password"},
	} {
		server, err := parseS3Endpoint(c.in)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "hushhush") {
				t.Errorf("%s: %v", c.in, err)
			}
		} else if err != nil || server.String() != c.server {
			t.Errorf("%s: %s %v", c.in, server, err)
		}
	}
}

func TestProfileRegion(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	ok(t, os.WriteFile(path, []byte("# mine\n[default]\nregion = eu-west-1\n[profile work]\ns3 =\n  addressing_style = path\nno value\nregion=eu-north-1\n[work-2]\nregion = us-west-2\n"), 0o600))
	for profile, want := range map[string]string{"default": "eu-west-1", "work": "eu-north-1", "work-2": "us-west-2", "other": ""} {
		if got := profileRegion(testEnv(map[string]string{"AWS_CONFIG_FILE": path}), profile); got != want {
			t.Errorf("%s: %q, want %q", profile, got, want)
		}
	}
	if got := profileRegion(testEnv(nil), "default"); got != "" {
		t.Errorf("no file: %q", got)
	}
}

func TestS3_namedErrors(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	fail := func(status int, code, message string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool { return s3Fail(w, status, code, message) }
	}
	for _, c := range []struct {
		name string
		fail func(http.ResponseWriter, *http.Request) bool
		is   func(error) bool
		says string
	}{
		{"no bucket", fail(404, "NoSuchBucket", "x"), is[*Error], "there is no bucket"},
		{"wrong key", fail(403, "InvalidAccessKeyId", "the key "+testKey+" is unknown"), is[*Refused], "[redacted]"},
		{"wrong secret", fail(403, "SignatureDoesNotMatch", "no"), is[*Refused], "SignatureDoesNotMatch"},
		{"denied", fail(403, "AccessDenied", "no"), is[*Refused], "AccessDenied"},
		{"expired", fail(400, "ExpiredToken", "no"), is[*Refused], "expired: get new ones and resume"},
		{"clock", fail(403, "RequestTimeTooSkewed", "no"), is[*Refused], "this machine's clock"},
		{"down", fail(503, "ServiceUnavailable", "no"), is[*Unreachable], "gave up after"},
	} {
		server.set(c.fail, nil)
		o := server.options()
		o.Patience = 500 * time.Millisecond
		s, err := NewS3(t.Context(), "s3://bucket/run", o)
		ok(t, err)
		for what, call := range map[string]func() error{
			"write": func() error { return s.Write("x", []byte("y")) },
			"list":  func() error { _, err := s.List(); return err },
			"read":  func() error { _, err := s.Read("x"); return err },
			"lock":  func() error { _, err := s.Lock(); return err },
			"open":  func() error { _, _, err := s.Open("x"); return err },
		} {
			err := call()
			if what == "open" && errors.Is(err, fs.ErrNotExist) && c.name == "no bucket" {
				continue // nor is anything in it
			}
			if err == nil || !c.is(err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, %s: %v", c.name, what, err)
			}
			if err != nil && (strings.Contains(err.Error(), testKey) || strings.Contains(err.Error(), testSecret)) {
				t.Errorf("%s, %s: credentials in %v", c.name, what, err)
			}
		}
	}
}

// A server may take credentials of any length, and its messages hold any letter.
func TestS3_scrubsNoCredentialThatIsShorterThanAWord(t *testing.T) {
	server := newS3Server(t)
	for _, c := range []struct{ id, secret, said, shown string }{
		{"e", "c", "the access is denied", "the access is denied"},
		{"minio", "secret", "the secret of minio is denied", "the secret of minio is denied"},
		{"minioadmin", "eightlet", "minioadmin, eightlet and e", "[redacted], [redacted] and e"},
	} {
		server.set(func(w http.ResponseWriter, _ *http.Request) bool { return s3Fail(w, 403, "AccessDenied", c.said) }, nil)
		o := server.options()
		o.Getenv = testEnv(map[string]string{"AWS_ACCESS_KEY_ID": c.id, "AWS_SECRET_ACCESS_KEY": c.secret})
		s, err := NewS3(t.Context(), "s3://bucket/run", o)
		ok(t, err)
		if err := s.Write("x", nil); err == nil || !strings.Contains(err.Error(), c.shown) {
			t.Errorf("%s: %v", c.said, err)
		}
	}
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

func TestS3_credentialsThatAreNotThereOrHalfAreNeverAnonymous(t *testing.T) {
	server := newS3Server(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	t.Setenv("AWS_CONFIG_FILE", "")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "")
	for _, c := range []struct {
		env  map[string]string
		says string
	}{
		{map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_EC2_METADATA_DISABLED": "true"}, "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"},
		{map[string]string{"AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"},
		{map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}, `the environment holds no AWS_ACCESS_KEY_ID; profile "default"`},
	} {
		o := server.options()
		o.Getenv = testEnv(c.env)
		s, err := NewS3(t.Context(), "s3://bucket/run", o)
		ok(t, err)
		err = s.Write("x", nil)
		if !is[*NoCredentials](err) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), testSecret) {
			t.Errorf("%v: %v", c.env, err)
		}
	}
	if n := server.count("", ""); n != 0 {
		t.Errorf("%d requests were made without credentials", n)
	}
}

func TestS3Shelf(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	shelf, err := newS3Shelf(t.Context(), "s3://bucket/backups", server.options())
	ok(t, err)
	for _, name := range []string{"b", "a"} {
		ok(t, shelf.Store(name).Write("f", []byte(name)))
	}
	if got := must(shelf.Names())(t); strings.Join(got, " ") != "a b" {
		t.Errorf("%v", got)
	}
	if err := shelf.Remove("a"); err == nil {
		t.Error("one that holds something was removed")
	}
	ok(t, shelf.Store("a").Remove("f"))
	ok(t, shelf.Remove("a"))
	if got := must(shelf.Names())(t); strings.Join(got, " ") != "b" {
		t.Errorf("%v", got)
	}
	if got := shelf.Store("b").Name(); got != "s3://bucket/backups/b" {
		t.Error(got)
	}
}
