package fauna_test

import (
	"context"
	"fmt"

	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
	"fauna-export/fauna/fql"
)

// From an address to the first page: what an admin sets up, and what the key can
// then read. The embedded server replaces a real one.
func ExampleClient() {
	server := emulator.New(emulator.Options{})
	address, stop, err := server.Start()
	if err != nil {
		panic(err)
	}
	defer stop()
	ctx := context.Background()
	shell := func(fql string) string {
		answer, err := server.Shell(ctx, server.Secret(), fql)
		if err != nil {
			panic(err)
		}
		return answer
	}
	shell(`CreateCollection({ name: "users" })`)
	shell(`CreateCollection({ name: "salaries" })`)
	shell(`Create(Ref(Collection("users"), "101"), { data: { name: "Ada" } })`)
	setup := fql.Setup{Role: "connect-readonly", Collections: []string{"users"}}
	shell(setup.RoleFQL())
	secret, _ := fauna.FindSecret(shell(setup.KeyFQL()))

	endpoint, err := fauna.ParseEndpoint(address)
	if err != nil {
		panic(err)
	}
	client, err := fauna.NewClient(fauna.Options{Endpoint: endpoint, Secret: secret})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	access, err := client.Access(ctx, []string{"users", "salaries", "nobody"})
	if err != nil {
		panic(err)
	}
	now, err := client.Now(ctx)
	if err != nil {
		panic(err)
	}
	for _, a := range access {
		fmt.Println(a.Collection, a.Exists, a.Readable, a.Life(now))
	}
	ids, next, err := client.IDs(ctx, fauna.PageRequest{Collection: "users", At: now, Size: 1000})
	fmt.Println(ids, next, err)
	// Output:
	// users true true 15m0s
	// salaries true false 15m0s
	// nobody false false 15m0s
	// [101] -1 <nil>
}
