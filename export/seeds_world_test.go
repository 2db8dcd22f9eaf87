package export

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
)

// seedEpochs is the number of states of the database that the seeds read.
const seedEpochs = 4

// seedWorld is the database of the seeds in several states, and the keys to it.
// All seeds read it in parallel, and none writes.
type seedWorld struct {
	handlers []http.Handler // one per epoch
	right    string         // may read everything
	wrong    map[string]string
}

// seedCollections returns the collections that the seeds export.
func seedCollections() []string { return []string{"users", "orders", "none"} }

func newSeedWorld(t *testing.T) *seedWorld {
	w := &seedWorld{wrong: map[string]string{}}
	for epoch := range seedEpochs {
		w.handlers = append(w.handlers, w.server(t, epoch).Handler())
	}
	return w
}

// server returns the database after some epochs of writes. The same seed produces
// the same secrets.
func (w *seedWorld) server(t *testing.T, epochs int) *emulator.Server {
	clock := time.Date(1999, 12, 30, 0, 0, 0, 0, time.UTC)
	s := emulator.New(emulator.Options{Clock: func() time.Time { return clock }, Seed: 11, Wait: func(context.Context, time.Duration) {}})
	shell := func(secret, text string) string {
		t.Helper()
		out, err := s.Shell(t.Context(), secret, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return out
	}
	fill := func(secret string, from int) {
		for _, name := range seedCollections() {
			shell(secret, fmt.Sprintf(`CreateCollection({ name: %q, history_days: 30 })`, name))
		}
		for i, n := range []int{90, 40} {
			name := seedCollections()[i]
			var ids []string
			for i := range n {
				ids = append(ids, strconv.Itoa(from+3*i))
			}
			shell(secret, fmt.Sprintf(`Foreach([%s], Lambda("i", Create(Ref(Collection(%q), Var("i")), { data: { n: Var("i"), of: %q, from: %d } })))`, strings.Join(ids, ", "), name, name, from))
		}
		for _, name := range seedCollections() {
			shell(secret, fmt.Sprintf(`CreateIndex({ name: "%s-ts", source: Collection(%q), values: [{ field: "ts" }, { field: "ref" }] })`, name, name))
		}
	}
	admin := s.Secret()
	fill(admin, 100)
	shell(admin, `CreateDatabase({ name: "other" })`)
	clock = clock.Add(time.Hour)
	fill(admin+":other:admin", 103)
	key := func(name, users string) string {
		var list []string
		for _, c := range seedCollections() {
			read := "true"
			if c == "users" {
				read = users
			}
			list = append(list, fmt.Sprintf(`{ resource: Collection(%q), actions: { read: %s } }, { resource: Index("%s-ts"), actions: { read: true } }`, c, read, c))
		}
		shell(admin, fmt.Sprintf(`CreateRole({ name: %q, privileges: [{ resource: Collections(), actions: { read: true } }, { resource: Indexes(), actions: { read: true } }, %s] })`, name, strings.Join(list, ", ")))
		found := regexp.MustCompile(`secret: ['"](fn[\w-]+)['"]`).FindStringSubmatch(shell(admin, fmt.Sprintf(`CreateKey({ role: Role(%q) })`, name)))
		if found == nil {
			t.Fatal("no secret in the answer to CreateKey")
		}
		return found[1]
	}
	w.right = key("all", "true")
	w.wrong["a role that hides documents"] = key("some", `Query(Lambda("ref", LT(Select(["data", "n"], Get(Var("ref")), 0), 300)))`)
	w.wrong["a role without users"] = key("part", "false")
	w.wrong["another database"] = admin + ":other:admin"
	w.wrong["no key"] = "fnAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for e := range epochs {
		clock = clock.Add(time.Hour)
		var text []string
		for i := range 4 {
			id := 100 + 3*(10*i+3*e)
			text = append(text,
				fmt.Sprintf(`Update(Ref(Collection("users"), "%d"), { data: { e: %d } })`, id, e),
				fmt.Sprintf(`Delete(Ref(Collection("users"), "%d"))`, id+3),
				fmt.Sprintf(`Create(Ref(Collection("users"), "%d"), { data: { n: 1, e: %d } })`, id+1, e))
		}
		text = append(text, fmt.Sprintf(`Update(Ref(Collection("orders"), "%d"), { data: { e: %d } })`, 100+3*e, e),
			fmt.Sprintf(`Create(Ref(Collection("none"), "%d"), { data: { e: %d } })`, 7+e, e))
		for _, one := range text {
			clock = clock.Add(time.Second)
			shell(admin, one)
		}
	}
	clock = clock.Add(time.Hour)
	return s
}

// seedServer is the server that one process uses: slow, with small pages,
// sometimes busy, and gone when the process is killed.
type seedServer struct {
	handler http.Handler
	seed    uint64
	page    int     // most ids per page
	chance  float64 // of a fault
	killAt  int     // request at which the process is killed; 0 for never
	kill    func()

	mu    sync.Mutex
	n     int
	times map[uint64]uint64 // how often each query was sent
}

var sizeOfList = regexp.MustCompile(`"size":(\d+)\}`)

// ServeHTTP answers one request. Its behavior depends on the seed and the query,
// so that the order of requests does not matter.
func (s *seedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	hash := fnv.New64a()
	_, _ = hash.Write(binary.LittleEndian.AppendUint64(body, s.seed))
	s.mu.Lock()
	s.n++
	dead := s.killAt > 0 && s.n >= s.killAt
	if s.times == nil {
		s.times = map[uint64]uint64{}
	}
	s.times[hash.Sum64()]++
	random := rand.New(rand.NewPCG(hash.Sum64(), s.times[hash.Sum64()]))
	s.mu.Unlock()
	if dead {
		s.kill()
		panic(http.ErrAbortHandler)
	}
	time.Sleep(time.Duration(random.IntN(400_000)) * time.Microsecond)
	if random.Float64() < s.chance {
		switch random.IntN(6) {
		case 0:
			panic(http.ErrAbortHandler)
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"errors":[{"code":"time out","description":"Read timed out."}]}`)
		case 2:
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"errors":[{"code":"too many requests","description":"Rate limit for read exceeded"}]}`)
		case 3:
			w.WriteHeader(http.StatusConflict)
		case 4:
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"resource":`)
			panic(http.ErrAbortHandler)
		case 5:
			time.Sleep(2 * time.Minute)
		}
		return
	}
	text := string(body)
	if !strings.Contains(text, `{"get":{"var":"x"}}`) {
		text = sizeOfList.ReplaceAllStringFunc(text, func(size string) string {
			if n, _ := strconv.Atoi(sizeOfList.FindStringSubmatch(size)[1]); n <= s.page {
				return size
			}
			return fmt.Sprintf(`"size":%d}`, s.page)
		})
	}
	r.Body = io.NopCloser(strings.NewReader(text))
	r.ContentLength = int64(len(text))
	r.Header.Del("X-Last-Seen-Txn")
	s.handler.ServeHTTP(w, r)
}

// seedClient returns a client of the server, and a function that closes both.
func (s *seedServer) seedClient(secret string) (*fauna.Client, func(), error) {
	e, err := fauna.ParseEndpoint("http://localhost:8443")
	if err != nil {
		return nil, nil, err
	}
	dial, stop := fault.Pipe(s)
	client, err := fauna.NewClient(fauna.Options{Endpoint: e, Secret: fauna.NewSecret(secret), Dial: dial})
	if err != nil {
		stop()
		return nil, nil, err
	}
	return client, func() { client.Close(); stop() }, nil
}

var errKilled = errors.New("the process was killed")
