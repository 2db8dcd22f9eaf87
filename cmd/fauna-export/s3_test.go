package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"fauna-export/export/store/storetest"
)

func TestS3_everyCommandTakesTheURL(t *testing.T) {
	s := serveSmall(t)
	endpoint := storetest.S3(t)
	getenv := storetest.S3Options(endpoint).Getenv
	env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_S3_ENDPOINT=" + endpoint, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=" + getenv("AWS_SECRET_ACCESS_KEY")}
	half := append(env[:len(env):len(env)], "AWS_SECRET_ACCESS_KEY=")
	run := []string{"run", "--domain", s.endpoint, "--collection", s.collections(t)[0], "--out"}
	for _, c := range []struct {
		env  []string
		args []string
		code int
		says string
	}{
		{env, append(run, "s3://bucket/a"), exitDone, "verified: s3://bucket/a"},
		{env, append(run, "s3://bucket/a/"), exitUsage, "contains a finished run"},
		{env, append(run, "s3://no-bucket/a"), exitUsage, "there is no bucket"},
		{env, append(run, "s3://me:hushhush@bucket/a"), exitUsage, "no name or password"},
		{half, append(run, "s3://bucket/b"), exitRefused, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"},
		{env, []string{"verify", "s3://bucket/a"}, exitDone, ""},
		{env, []string{"resume", "s3://bucket/a"}, exitDone, "nothing to do"},
		{env, []string{"resume", "s3://bucket/none"}, exitUsage, "contains no export"},
		{env, []string{"merge", "s3://bucket/a"}, exitDone, ""},
		{env, append(run, "s3://bucket/shared", "--shard", "0/1"), exitDone, "verified"},
		{env, []string{"finish", "s3://bucket/shared"}, exitDone, "verified: s3://bucket/shared"},
	} {
		got := runHere(t, c.env, c.args...)
		if got.code != c.code || !strings.Contains(got.err, c.says) {
			t.Errorf("%s: exit %d: %s", strings.Join(c.args, " "), got.code, got.err)
		}
		for _, secret := range []string{getenv("AWS_SECRET_ACCESS_KEY"), getenv("AWS_ACCESS_KEY_ID"), "hushhush"} {
			if strings.Contains(got.err+got.out, secret) {
				t.Errorf("%s: it prints %s", strings.Join(c.args, " "), secret)
			}
		}
	}
}

// Whichever request is the first with expired credentials, the run reports it, and
// resumes with new ones to a complete export.
func TestS3_credentialsThatExpireMidwayLoseNothing(t *testing.T) {
	s := serveSmall(t)
	target, err := url.Parse(storetest.S3(t))
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	for _, requests := range []int64{0, 4, 8, 12, 16, 20, 24, 28} {
		t.Run(fmt.Sprint(requests), func(t *testing.T) {
			t.Parallel()
			var left atomic.Int64 // requests until they expire
			left.Store(requests)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if left.Add(-1) >= 0 {
					proxy.ServeHTTP(w, r)
					return
				}
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>")
			}))
			defer front.Close()
			getenv := storetest.S3Options(front.URL).Getenv
			env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_S3_ENDPOINT=" + front.URL, "AWS_EC2_METADATA_DISABLED=true",
				"AWS_ACCESS_KEY_ID=" + getenv("AWS_ACCESS_KEY_ID"), "AWS_SECRET_ACCESS_KEY=" + getenv("AWS_SECRET_ACCESS_KEY")}
			out := fmt.Sprintf("s3://bucket/%d", requests)
			run := []string{"run", "--domain", s.endpoint, "--all", "--out", out}
			got := runHere(t, env, run...)
			if got.code != exitRefused || !strings.Contains(got.err, "expired: get new ones") {
				t.Errorf("exit %d: %s", got.code, got.err)
			}
			left.Store(1 << 40)
			again := runHere(t, env, "resume", out)
			if strings.Contains(again.err, "contains no export") {
				again = runHere(t, env, run...)
			}
			if again.code != exitDone {
				t.Errorf("with new ones: exit %d: %s", again.code, again.err)
			}
			if got := runHere(t, env, "verify", out); got.code != exitDone {
				t.Errorf("at the end: exit %d: %s", got.code, got.err)
			}
		})
	}
}

// A proxy that the environment misspells must not be passed over, neither on the
// way to Fauna nor on that to an object store.
func TestProxy_thatIsNoAddressIsRefused(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	t.Setenv("HTTPS_PROXY", "http://me:hushhush@proxy:80x")
	env := []string{"FAUNA_SECRET=x", "AWS_ACCESS_KEY_ID=minioadmin", "AWS_SECRET_ACCESS_KEY=minioadmin"}
	for _, args := range [][]string{
		{"check", "--domain", "https://fauna.example.org", "--collection", "c"},
		{"verify", "s3://bucket/a", "--s3-endpoint", "https://s3.example.org"},
		{"verify", "s3://bucket/a"},
	} {
		got := runHere(t, env, args...)
		if got.code != exitUsage || !strings.Contains(got.err, "HTTPS_PROXY is not the address of a proxy") || strings.Contains(got.err, "hushhush") {
			t.Errorf("%q: exit %d: %s", args, got.code, got.err)
		}
	}
}
