package emulator

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestServer_neverCompresses(t *testing.T) {
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

func TestServer_aClientThatHangsUpDoesNotStopItsQuery(t *testing.T) {
	for _, two := range []bool{false, true} {
		s, endpoint := started(t)
		if _, err := s.Shell(context.Background(), "fnADMIN", `CreateCollection({name: "c"})`); err != nil {
			t.Fatal(err)
		}
		arrived, gone := make(chan struct{}), make(chan struct{})
		s.Faults().Add(When{}, Do("held", func() { close(arrived); <-gone }))
		ctx, hangUp := context.WithCancel(context.Background())
		r, err := http.NewRequestWithContext(ctx, "POST", endpoint, strings.NewReader(fqlBody(t, `Create(Ref(Collection("c"), "1"), {})`)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer fnADMIN")
		r.Header.Set("X-FaunaDB-API-Version", "4")
		ended := make(chan error, 1)
		client := clientOf(t, two)
		go func() { _, err := client.Do(r); ended <- err }()
		<-arrived
		hangUp()
		if err := <-ended; err == nil {
			t.Fatal("an answer came")
		}
		close(gone)
		deadline := time.Now().Add(10 * time.Second)
		for {
			out, err := s.Shell(context.Background(), "fnADMIN", `Exists(Ref(Collection("c"), "1"))`)
			if err != nil {
				t.Fatal(err)
			}
			if out == "true\n" {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the query was not run to its end")
			}
		}
	}
}

func TestServer_dropsConnectionsThatSendLongHeaders(t *testing.T) {
	_, endpoint := started(t)
	answer, _ := sendTo(t, clientOf(t, false), "GET", endpoint+"/?q="+strings.Repeat("1", 40<<10), "")
	if answer.StatusCode < 400 {
		t.Errorf("status %d", answer.StatusCode)
	}
}
