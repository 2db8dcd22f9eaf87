package fauna

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"
)

// pageServerVariable turns the test binary into a server of one page, over http or
// https and with a latency, until stdin ends. It prints its address, and its
// certificate in hexadecimal.
const pageServerVariable = "FAUNA_EXPORT_PAGE_SERVER"

const (
	pageBytes     = 1_300_000
	pageDocuments = pageBytes / 640
)

func servePages(how string) int {
	var scheme, wait string
	if _, err := fmt.Sscan(how, &scheme, &wait); err != nil {
		return 2
	}
	latency, err := time.ParseDuration(wait)
	if err != nil {
		return 2
	}
	page := []byte(`{"resource":{"data":["` + strings.Repeat("x", pageBytes-30) + `"]}}`)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(latency)
		w.Header().Set("Content-Length", fmt.Sprint(len(page)))
		_, _ = w.Write(page)
	}))
	defer s.Close()
	if scheme == "https" {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetHTTP1(true)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
	}
	var certificate []byte
	if s.Certificate() != nil {
		certificate = s.Certificate().Raw
	}
	fmt.Printf("%s %x\n", s.URL, certificate)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}
