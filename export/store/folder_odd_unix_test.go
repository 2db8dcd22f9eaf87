//go:build unix

package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What is no folder is refused by name, whatever is done in it, and never waited for.
func TestFolder_refusesWhatIsNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.WriteFile(in("file"), nil, 0o600), syscall.Mkfifo(in("pipe"), 0o600),
		os.Symlink("nowhere", in("dangling")), os.Symlink("loop", in("loop")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"file", "file/below", "pipe", "dangling", "dangling/below", "loop", "loop/below", strings.Repeat("x", 300)} {
		s := NewFolder(in(name))
		_, listed := s.List()
		_, read := s.Read("manifest.json")
		_, locked := s.Lock()
		for what, err := range map[string]error{"list": listed, "read": read, "lock": locked} {
			if strings.HasPrefix(name, "dangling") && what != "lock" {
				continue // as good as not there
			}
			if bad, ok := errors.AsType[*Error](err); !ok || bad.Store != in(name) {
				t.Errorf("%s %s: %v", what, name, err)
			}
		}
	}
}

func TestS3_refusesCredentialsInWhatIsNoFile(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	pipe := filepath.Join(home, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"} {
		for _, path := range []string{pipe, "/dev/zero"} {
			set := map[string]string{"HOME": home, "AWS_EC2_METADATA_DISABLED": "true", name: path}
			c := &credentialChain{getenv: func(name string) string { return set[name] }, profile: "default"}
			_, err := c.Retrieve()
			if none, ok := errors.AsType[*NoCredentials](err); !ok || !strings.Contains(none.Error(), name+": "+path+" is a") {
				t.Errorf("%s=%s: %v", name, path, err)
			}
		}
	}
}

// People name the null device for a file that they do not have.
func TestS3_takesTheNullDeviceForNoCredentials(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := filepath.Join(home, "credentials")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	set := map[string]string{"HOME": home, "AWS_SHARED_CREDENTIALS_FILE": file, "AWS_CONFIG_FILE": os.DevNull, "AWS_WEB_IDENTITY_TOKEN_FILE": os.DevNull}
	c := &credentialChain{getenv: func(name string) string { return set[name] }, profile: "default"}
	if err := c.checkFiles(); err != nil {
		t.Error(err)
	}
	set["AWS_SHARED_CREDENTIALS_FILE"] = os.DevNull
	if err := c.checkFiles(); err != nil {
		t.Error(err)
	}
}

func TestS3_looksForNoCredentialsWhereItWorks(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.Mkdir(".aws", 0o700), syscall.Mkfifo(".aws/credentials", 0o600)); err != nil {
		t.Fatal(err)
	}
	c := &credentialChain{getenv: func(string) string { return "" }, profile: "default"} // also no HOME
	if err := c.checkFiles(); err != nil {
		t.Error(err)
	}
}
