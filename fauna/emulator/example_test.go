package emulator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"fauna-export/fauna/emulator"
)

// A server on a free local port, filled as an admin would in Fauna's shell, and queried
// as any client does: JSON over HTTP.
func Example() {
	server := emulator.New(emulator.Options{})
	endpoint, stop, err := server.Start()
	if err != nil {
		panic(err)
	}
	defer stop()

	ctx := context.Background()
	for _, fql := range []string{
		`CreateCollection({ name: "users" })`,
		`Create(Ref(Collection("users"), "101"), { data: { name: "Ada", born: Date("1815-12-10") } })`,
	} {
		if _, err := server.Shell(ctx, server.Secret(), fql); err != nil {
			panic(err)
		}
	}

	query := `{"select":"data","from":{"get":{"ref":{"collection":"users"},"id":"101"}}}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(query))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+server.Secret())
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(answer.StatusCode, string(body), err)
	// Output:
	// 200 {"resource":{"name":"Ada","born":{"@date":"1815-12-10"}}} <nil>
}
