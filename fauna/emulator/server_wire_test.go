package emulator

import (
	"strings"
	"testing"
)

func TestServer_neverCompresses(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	for _, two := range []bool{false, true} {
		for _, accepted := range []string{"gzip", "br", "zstd", "identity;q=0", "*"} {
			answer, body := sendTo(t, clientOf(t, two), "POST", endpoint, `[1,2,3]`, "Accept-Encoding", accepted, "Content-Encoding", "gzip")
			if answer.Header.Get("Content-Encoding") != "" || answer.Header.Get("Vary") != "" ||
				answer.ContentLength != int64(len(body)) || body != `{"resource":[1,2,3]}` {
				t.Errorf("%s: %v %s", accepted, answer.Header, body)
			}
		}
	}
}

func TestServer_dropsConnectionsThatSendLongHeaders(t *testing.T) {
	t.Parallel()
	_, endpoint := started(t)
	answer, _ := sendTo(t, clientOf(t, false), "GET", endpoint+"/?q="+strings.Repeat("1", 40<<10), "")
	if answer.StatusCode < 400 {
		t.Errorf("status %d", answer.StatusCode)
	}
}
