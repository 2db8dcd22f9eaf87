package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

// shopped serves a collection c with documents 1 to 6, each with a field n.
func shopped(t *testing.T) (s *Server, endpoint string) {
	t.Helper()
	s = New(emulator.Options{Secret: "fnADMIN"})
	endpoint, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	text := `CreateCollection({name: "c"});`
	for n := 1; n <= 6; n++ {
		text += fmt.Sprintf(`Create(Ref(Collection("c"), "%d"), {data: {n: %d, other: [1]}});`, n, n)
	}
	if out, err := s.Shell(context.Background(), s.Secret(), text); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return s, endpoint
}

// clientOf returns a client that speaks HTTP/1.1, or HTTP/2 from its first byte.
func clientOf(t testing.TB, two bool) *http.Client {
	t.Helper()
	var protocols http.Protocols
	protocols.SetHTTP1(!two)
	protocols.SetUnencryptedHTTP2(two)
	transport := &http.Transport{Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// fqlBody returns the JSON for FQL text.
func fqlBody(t testing.TB, text string) string {
	t.Helper()
	body, err := fql.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

const (
	getPage = `Map(Paginate(Documents(Collection("c"))), x => Get(x))`
	idPage  = `Map(Paginate(Documents(Collection("c"))), x => Select("id", x))`
)

// post sends a query and returns the answer or the error.
func post(t *testing.T, client *http.Client, endpoint, text string) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequest("POST", endpoint, strings.NewReader(fqlBody(t, text)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer fnADMIN")
	r.Header.Set("X-FaunaDB-API-Version", "4")
	answer, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(all), err
}

// pageIDs returns the ids in a page of documents or of ids.
func pageIDs(t *testing.T, body string) []string {
	t.Helper()
	var page struct {
		Resource struct{ Data []json.RawMessage }
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil || page.Resource.Data == nil {
		t.Fatalf("no page: %s", body)
	}
	var ids []string
	for _, row := range page.Resource.Data {
		ids = append(ids, rowID(row))
	}
	return ids
}

func TestFaults_statusesHaveTheirExactBodies(t *testing.T) {
	t.Parallel()
	const ticketAt = "java.lang.IllegalStateException. Please create a ticket at https://support.fauna.com"
	for _, c := range []struct {
		fault  Fault
		status int
		want   string
	}{
		{Status(401), 401, `{"errors":[{"code":"unauthorized","description":"Unauthorized"}]}`},
		{Status(403), 403, `{"errors":[{"position":[],"code":"permission denied","description":"Insufficient privileges to perform the action."}]}`},
		{Status(408), 408, `{"error":"request timeout: the request was not read in time"}`},
		{Status(409), 409, `{"errors":[{"code":"contended transaction","description":"Transaction was aborted due to detection of concurrent modification."}]}`},
		{Status(429), 429, `{"errors":[{"code":"too many requests","description":"Rate limit for read exceeded"}]}`},
		{Status(440), 440, `{"errors":[{"code":"processing time limit exceeded","description":"Processing time limit exceeded."}]}`},
		{InternalError(ShapeProtocol), 500, "{\n  \"errors\": [\n    {\n      \"code\": \"internal server error\",\n      \"description\": \"" + ticketAt + "\"\n    }\n  ]\n}\n"},
		{InternalError(ShapeQuery), 500, `{"errors":[{"position":[],"code":"internal server error","description":"` + ticketAt + `"}]}`},
		{InternalError(ShapeChannel), 500, `{"error":"internal server error"}`},
		{Status(502), 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"},
		{Status(503), 503, "{\n  \"errors\": [\n    {\n      \"code\": \"time out\",\n      \"description\": \"Read timed out (Query eval has timed out.)\"\n    }\n  ]\n}\n"},
	} {
		s, endpoint := shopped(t)
		s.Faults().Add(When{}, c.fault)
		for _, two := range []bool{false, true} {
			client := clientOf(t, two)
			if two {
				s.Faults().Add(When{}, c.fault)
			}
			status, body, err := post(t, client, endpoint, getPage)
			if err != nil || status != c.status || body != c.want {
				t.Errorf("%s: %d %q, %v", c.fault.Name, status, body, err)
			}
			if status, _, err = post(t, client, endpoint, getPage); err != nil || status != 200 {
				t.Errorf("%s: the next query got %d, %v", c.fault.Name, status, err)
			}
		}
		served := s.Faults().Served()
		if len(served) != 2 || served[0].Status != c.status || served[0].Fault != c.fault.Name || served[0].Body != fqlBody(t, getPage) {
			t.Errorf("%s: read back as %+v", c.fault.Name, served)
		}
	}
}

func TestFaults_takeQueriesByCountShapeAndChance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		when When
		want string // one letter per query: x is damaged; ids and documents alternate
	}{
		{"the next", When{}, "x......."},
		{"from the third", When{From: 3}, "..x....."},
		{"two from the third", When{From: 3, Times: 2}, "..xx...."},
		{"all from the seventh", When{From: 7, Times: -1}, "......xx"},
		{"documents", When{Match: Fetches("c"), Times: -1}, ".x.x.x.x"},
		{"ids", When{Match: Lists("c"), Times: 2}, "x.x....."},
		{"the second of documents", When{Match: Fetches("c"), From: 2}, "...x...."},
		{"reads", When{Match: Reads("c"), Times: -1}, "xxxxxxxx"},
		{"another collection", When{Match: Reads("d"), Times: -1}, "........"},
		{"a text", When{Match: Contains(`"get"`)}, ".x......"},
		{"chance", When{Chance: 0.5, Seed: 1}, "x...xxxx"},
		{"another chance", When{Chance: 0.5, Seed: 2}, "xxx...xx"},
	} {
		s, endpoint := shopped(t)
		s.Faults().Add(c.when, Status(429))
		client := clientOf(t, false)
		got := ""
		for n := range 8 {
			text := idPage
			if n%2 == 1 {
				text = getPage
			}
			status, _, err := post(t, client, endpoint, text)
			switch {
			case err != nil:
				t.Fatal(err)
			case status == 429:
				got += "x"
			default:
				got += "."
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if served := s.Faults().Served(); len(served) != strings.Count(got, "x") || s.Faults().Queries() != 8 {
			t.Errorf("%s: %d served of %d queries", c.name, len(served), s.Faults().Queries())
		}
		s.Faults().Clear()
		if status, _, _ := post(t, client, endpoint, idPage); status != 200 {
			t.Errorf("%s: %d after Clear", c.name, status)
		}
	}
}

func TestFaults_chanceIsFair(t *testing.T) {
	t.Parallel()
	hits := 0
	for n := range 100_000 {
		if (&faultRule{when: When{Chance: 0.1, Seed: 42}}).takes(Query{Number: n}) {
			hits++
		}
	}
	if hits < 9_500 || hits > 10_500 {
		t.Errorf("%d of 100000 at one in ten", hits)
	}
}

func TestFaults_cutConnections(t *testing.T) {
	t.Parallel()
	for _, two := range []bool{false, true} {
		s, endpoint := shopped(t)
		client := clientOf(t, two)
		_, whole, err := post(t, client, endpoint, getPage)
		if err != nil {
			t.Fatal(err)
		}

		s.Faults().Add(When{}, CutAt(CutBefore, 0))
		if status, body, err := post(t, client, endpoint, getPage); err == nil {
			t.Errorf("cut before: %d %s", status, body)
		}
		s.Faults().Add(When{}, CutAt(CutWithin, 50))
		if status, body, err := post(t, client, endpoint, getPage); status != 200 || err == nil || body != whole[:50] {
			t.Errorf("cut within: %d %q, %v", status, body, err)
		}
		s.Faults().Add(When{}, CutAt(CutAfter, 0))
		if status, body, err := post(t, client, endpoint, getPage); status != 200 || err != nil || body != whole {
			t.Errorf("cut after: %d %q, %v", status, body, err)
		}
		s.Faults().Add(When{}, CutAt(CutShort, 50))
		if status, body, err := post(t, client, endpoint, getPage); status != 200 || err != nil || body != whole[:50] {
			t.Errorf("short body: %d %q, %v", status, body, err)
		}
		if status, body, err := post(t, client, endpoint, getPage); status != 200 || err != nil || body != whole {
			t.Errorf("afterwards: %d %q, %v", status, body, err)
		}
		if served := s.Faults().Served(); len(served) != 4 || served[0].Status != 0 || served[1].Status != 200 {
			t.Errorf("read back as %+v", served)
		}
	}
}

func TestFaults_delayEndsWithTheClient(t *testing.T) {
	t.Parallel()
	s, endpoint := shopped(t)
	s.Faults().Add(When{}, Wait(30*time.Millisecond))
	client := clientOf(t, false)
	begin := time.Now()
	if status, _, err := post(t, client, endpoint, getPage); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	if spent := time.Since(begin); spent < 30*time.Millisecond {
		t.Errorf("answered after %s", spent)
	}
	s.Faults().Add(When{}, Wait(time.Hour))
	client.Timeout = 50 * time.Millisecond
	if _, _, err := post(t, client, endpoint, getPage); err == nil {
		t.Error("an answer came at once")
	}
}

func TestFaults_spoiltPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault Fault
		text  string
		want  []string
	}{
		{"first missing", Missing(""), getPage, []string{"2", "3", "4", "5", "6"}},
		{"missing", Missing("4"), getPage, []string{"1", "2", "3", "5", "6"}},
		{"missing of ids", Missing("4"), idPage, []string{"1", "2", "3", "5", "6"}},
		{"doubled", Doubled("6"), getPage, []string{"1", "2", "3", "4", "5", "6", "6"}},
		{"out of order", OutOfOrder(), getPage, []string{"2", "1", "3", "4", "5", "6"}},
		{"missing of columns", Missing("2"), `Map(Paginate(Documents(Collection("c")), {size: 3}), x => Let({d: Get(x)}, d => [d, Select(["data", "n"], d)]))`, []string{"1", "3"}},
		{"missing of bare columns", Missing("2"), `Map(Paginate(Documents(Collection("c")), {size: 3}), x => Let({d: Get(x)}, d => [Select(["ref", "id"], d), Select("ts", d)]))`, []string{"1", "3"}},
		{"missing of refs", Missing("2"), `Paginate(Documents(Collection("c")), {size: 3})`, []string{"1", "3"}},
	} {
		s, endpoint := shopped(t)
		s.Faults().Add(When{}, c.fault)
		client := clientOf(t, false)
		// An answer without that document keeps the fault for a later one.
		if _, body, err := post(t, client, endpoint, `Now()`); err != nil || !strings.Contains(body, "@ts") {
			t.Fatal(body, err)
		}
		_, body, err := post(t, client, endpoint, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := pageIDs(t, body); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if strings.Contains(c.text, "size") && !strings.HasPrefix(body, `{"resource":{"after":[{"@ref":{"id":"4"`) {
			t.Errorf("%s: the cursor changed: %s", c.name, body)
		}
		if served := s.Faults().Served(); len(served) != 1 || served[0].Status != 200 {
			t.Errorf("%s: read back as %+v", c.name, served)
		}
	}
}

func TestFaults_refToADeletedCollection(t *testing.T) {
	t.Parallel()
	s, endpoint := shopped(t)
	client := clientOf(t, false)
	s.Faults().Add(When{Times: -1}, BreakPage("3"))
	for text, want := range map[string]int{
		getPage: 500,
		`Map(Paginate(Documents(Collection("c")), {size: 2}), x => Get(x))`: 200,
		`Get(Ref(Collection("c"), "3"))`:                                    500,
		`[Get(Ref(Collection("c"), "2")), Get(Ref(Collection("c"), "3"))]`:  500,
	} {
		status, body, err := post(t, client, endpoint, text)
		if err != nil || status != want {
			t.Errorf("%s: %d %s, %v", text, status, body, err)
		}
	}
}

func TestFaults_snapshotExpiresAtAChosenMoment(t *testing.T) {
	t.Parallel()
	s, endpoint := shopped(t)
	client := clientOf(t, false)
	at := time.Now().UnixMicro()
	page := fmt.Sprintf(`At(%d, %s)`, at, getPage)
	s.Faults().Add(When{Match: Fetches("c"), From: 2}, Do("snapshot expired", func() { s.Expire("c") }))
	if status, body, _ := post(t, client, endpoint, page); status != 200 {
		t.Fatalf("before: %d %s", status, body)
	}
	for range 2 { // and it stays like this
		status, body, err := post(t, client, endpoint, page)
		if err != nil || status != 400 || !strings.Contains(body, "less than minimum allowed timestamp") {
			t.Errorf("after: %d %s, %v", status, body, err)
		}
	}
	if status, body, _ := post(t, client, endpoint, fmt.Sprintf(`At(%d, %s)`, time.Now().UnixMicro(), getPage)); status != 200 {
		t.Errorf("a new snapshot: %d %s", status, body)
	}
}

func TestFaults_indexGoesInactive(t *testing.T) {
	t.Parallel()
	s, endpoint := shopped(t)
	client := clientOf(t, false)
	if _, err := s.Shell(context.Background(), s.Secret(), `CreateIndex({name: "i", source: Collection("c")})`); err != nil {
		t.Fatal(err)
	}
	read := `Paginate(Match(Index("i")))`
	s.Faults().Add(When{Match: Contains(`"match"`), From: 2}, Do("index inactive", func() { s.SetIndexActive("i", false) }))
	if status, body, _ := post(t, client, endpoint, read); status != 200 {
		t.Fatalf("before: %d %s", status, body)
	}
	for range 2 {
		if status, body, _ := post(t, client, endpoint, read); status != 400 || !strings.Contains(body, "Index 'i' is not active.") {
			t.Errorf("inactive: %d %s", status, body)
		}
	}
	s.SetIndexActive("i", true)
	if status, body, _ := post(t, client, endpoint, read); status != 200 {
		t.Errorf("active again: %d %s", status, body)
	}
}

func TestFaults_somethingHappensInBetween(t *testing.T) {
	t.Parallel()
	s, endpoint := shopped(t)
	client := clientOf(t, false)
	s.Faults().Add(When{From: 2}, Do("deleted", func() {
		if _, err := s.Shell(context.Background(), s.Secret(), `Delete(Ref(Collection("c"), "2"))`); err != nil {
			t.Error(err)
		}
	}))
	for _, want := range [][]string{{"1", "2", "3", "4", "5", "6"}, {"1", "3", "4", "5", "6"}} {
		_, body, err := post(t, client, endpoint, idPage)
		if err != nil {
			t.Fatal(err)
		}
		if got := pageIDs(t, body); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if served := s.Faults().Served(); len(served) != 1 || served[0].Fault != "deleted" {
		t.Errorf("read back as %+v", served)
	}
}

func TestServer_aClientThatHangsUpDoesNotStopItsQuery(t *testing.T) {
	t.Parallel()
	for _, two := range []bool{false, true} {
		s, endpoint := shopped(t)
		arrived, gone := make(chan struct{}), make(chan struct{})
		s.Faults().Add(When{}, Do("held", func() { close(arrived); <-gone }))
		ctx, hangUp := context.WithCancel(context.Background())
		r, err := http.NewRequestWithContext(ctx, "POST", endpoint, strings.NewReader(fqlBody(t, `Create(Ref(Collection("c"), "7"), {})`)))
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
			out, err := s.Shell(context.Background(), "fnADMIN", `Exists(Ref(Collection("c"), "7"))`)
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
