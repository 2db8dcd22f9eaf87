package fault_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"fauna-export/fauna/emulator"
	"fauna-export/fauna/emulator/fault"
)

// Answer a client's second query with 429, to see what the client does.
func ExampleFaults_Add() {
	server := fault.New(emulator.Options{})
	endpoint, stop, err := server.Start()
	if err != nil {
		panic(err)
	}
	defer stop()
	server.Faults().Add(fault.When{From: 2, Times: 1}, fault.Status(http.StatusTooManyRequests))
	for range 3 {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, endpoint, strings.NewReader(`{"add":[1,2]}`))
		if err != nil {
			panic(err)
		}
		request.SetBasicAuth(server.Secret(), "")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			panic(err)
		}
		answer.Body.Close()
		fmt.Println(answer.Status)
	}
	// Output:
	// 200 OK
	// 429 Too Many Requests
	// 200 OK
}
