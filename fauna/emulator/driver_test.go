package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	f "github.com/fauna/faunadb-go/v4/faunadb"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

// A text is FQL as people paste it, sent unchanged through the Go driver.
type text struct {
	f.Expr
	fql string
}

func (e text) MarshalJSON() ([]byte, error) { return fql.Parse(e.fql) }

// serve starts an empty server and returns an admin client of the Go driver, and a
// function that creates clients for other secrets. They use the driver's own transport:
// HTTP/2 without TLS, with prior knowledge.
func serve(t *testing.T) (s *emulator.Server, admin *f.FaunaClient, client func(secret string) *f.FaunaClient) {
	t.Helper()
	s = emulator.New(emulator.Options{})
	endpoint, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	client = func(secret string) *f.FaunaClient {
		return f.NewFaunaClient(secret, f.Endpoint(endpoint), f.QueryTimeoutMS(20_000))
	}
	return s, client(s.Secret()), client
}

// run sends a query that must succeed.
func run(t *testing.T, client *f.FaunaClient, what string, expr f.Expr) f.Value {
	t.Helper()
	value, err := client.Query(expr)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return value
}

func TestGoDriver_runsTheWholeSetUp(t *testing.T) {
	t.Parallel()
	_, admin, client := serve(t)
	for _, name := range []string{"users", "Ünï-cödé.1"} {
		run(t, admin, name, f.CreateCollection(f.Obj{"name": name}))
	}
	for n := range 200 {
		ref := f.RefCollection(f.Collection("users"), fmt.Sprint(n))
		run(t, admin, "create", f.Create(ref, f.Obj{"data": f.Obj{"n": n}}))
	}
	setup := fql.Setup{
		Role:        "connect-readonly",
		Collections: []string{"users", "Ünï-cödé.1"},
		Indexes:     []string{"users-ts", "Ünï-cödé.1-ts"},
	}
	run(t, admin, "collections", text{fql: fql.CollectionsFQL(fql.V4)})
	run(t, admin, "history", text{fql: fql.HistoryFQL(fql.V4, setup.Collections, 2)})
	var key f.Value
	for _, query := range setup.All() {
		key = run(t, admin, query.Title, text{fql: query.FQL})
	}
	run(t, admin, "update of the role", text{fql: setup.RoleUpdateFQL()})
	var secret string
	if err := key.At(f.ObjKey("secret")).Get(&secret); err != nil {
		t.Fatalf("the key's answer holds no secret: %v", err)
	}
	reader := client(secret)
	var ids []string
	var after f.Value
	for pages := 0; ; pages++ {
		options := []f.OptionalParameter{f.Size(90)}
		if after != nil {
			options = append(options, f.After(after))
		}
		page := run(t, reader, "a page", f.Map(f.Paginate(f.Documents(f.Collection("users")), options...), f.Lambda("x", f.Get(f.Var("x")))))
		var documents []struct {
			Ref  f.RefV `fauna:"ref"`
			TS   int64  `fauna:"ts"`
			Data struct {
				N int `fauna:"n"`
			} `fauna:"data"`
		}
		if err := page.At(f.ObjKey("data")).Get(&documents); err != nil {
			t.Fatal(err)
		}
		for _, d := range documents {
			if d.Ref.ID != fmt.Sprint(d.Data.N) || d.TS == 0 {
				t.Errorf("document %+v", d)
			}
			ids = append(ids, d.Ref.ID)
		}
		var err error
		if after, err = page.At(f.ObjKey("after")).GetValue(); err != nil {
			if pages != 2 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
	}
	if len(ids) != 200 || ids[0] != "0" || ids[199] != "199" {
		t.Errorf("read %d ids", len(ids))
	}

	var denied f.PermissionDenied
	if _, err := reader.Query(f.Create(f.Collection("users"), f.Obj{})); !errors.As(err, &denied) {
		t.Errorf("a write by the reader: %v", err)
	}
	var missing f.NotFound
	if _, err := reader.Query(f.Get(f.RefCollection(f.Collection("users"), "777"))); !errors.As(err, &missing) {
		t.Errorf("a missing document: %v", err)
	}
	var bad f.BadRequest
	if _, err := admin.Query(text{fql: setup.RoleFQL()}); !errors.As(err, &bad) || bad.Errors()[0].Code != "instance already exists" {
		t.Errorf("the role again: %v", err)
	}

	run(t, admin, "clean-up", text{fql: setup.Cleanup()[0].FQL})
	var unauthorized f.Unauthorized
	if _, err := reader.Query(f.Now()); !errors.As(err, &unauthorized) {
		t.Errorf("the key after the clean-up: %v", err)
	}
}

func TestGoDriver_readsEveryKindThatItCan(t *testing.T) {
	t.Parallel()
	_, admin, _ := serve(t)
	run(t, admin, "collection", f.CreateCollection(f.Obj{"name": "c"}))
	at := time.Date(2020, 1, 2, 3, 4, 5, 123456789, time.UTC)
	ref := f.RefCollection(f.Collection("c"), "1")
	run(t, admin, "create", f.Create(ref, f.Obj{"data": f.Obj{
		"text": "é \u2028 \x00", "long": int64(1<<62 + 1), "double": 0.1, "yes": true,
		"list": f.Arr{1, "a", f.Obj{"x": f.Arr{}}}, "at": at, "day": f.DateV(at), "bytes": []byte{0xfb, 0xff}, "me": ref,
	}}))
	var got struct {
		Text   string    `fauna:"text"`
		Long   int64     `fauna:"long"`
		Double float64   `fauna:"double"`
		Yes    bool      `fauna:"yes"`
		At     time.Time `fauna:"at"`
		Bytes  []byte    `fauna:"bytes"`
		Me     f.RefV    `fauna:"me"`
	}
	if err := run(t, admin, "get", f.Get(ref)).At(f.ObjKey("data")).Get(&got); err != nil {
		t.Fatal(err)
	}
	if got.Text != "é \u2028 \x00" || got.Long != 1<<62+1 || got.Double != 0.1 || !got.Yes || !got.At.Equal(at) ||
		string(got.Bytes) != "\xfb\xff" || got.Me.ID != "1" || got.Me.Collection.ID != "c" {
		t.Errorf("%+v", got)
	}
}

func TestGoDriver_passesTransactionTimesOn(t *testing.T) {
	t.Parallel()
	_, admin, _ := serve(t)
	run(t, admin, "collection", f.CreateCollection(f.Obj{"name": "c"}))
	before := admin.GetLastTxnTime()
	run(t, admin, "create", f.Create(f.Collection("c"), f.Obj{}))
	if after := admin.GetLastTxnTime(); before == 0 || after <= before {
		t.Errorf("transaction times %d, then %d", before, after)
	}
}

// With an admin's secret, the client creates role and key itself, through the driver.
// The key must then read the chosen collections.
func TestSetup_appliedByTheProgramItself(t *testing.T) {
	t.Parallel()
	s := emulator.New(emulator.Options{})
	if err := s.LoadSample(); err != nil {
		t.Fatal(err)
	}
	endpoint, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	at, err := fauna.ParseEndpoint(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := fauna.NewClient(fauna.Options{Endpoint: at, Secret: fauna.NewSecret(s.Secret())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	names := emulator.SampleCollections()
	secret, err := admin.Apply(ctx, fql.Setup{Role: "reader", Collections: names})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := fauna.NewClient(fauna.Options{Endpoint: at, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	access, err := reader.Access(ctx, names)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range access {
		if !a.Exists || !a.Readable || a.Filtered {
			t.Errorf("%+v", a)
		}
	}
}

// The driver's users first check a server with /ping.
func TestServer_pingNeedsNoSecret(t *testing.T) {
	t.Parallel()
	s := emulator.New(emulator.Options{})
	endpoint, stop, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	answer, err := http.Get(endpoint + "/ping?scope=node")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body struct{ Resource string }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.Resource != "Scope node is OK" {
		t.Errorf("%q, %v", body.Resource, err)
	}
}
