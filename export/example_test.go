package export_test

import (
	"context"
	"fmt"
	"os"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
	"fauna-export/fauna"
	"fauna-export/fauna/emulator"
)

// A run from a server to a folder of verified files. The client in package fauna is
// the Source; here it connects to the embedded server with the sample data.
func Example() {
	server := emulator.New(emulator.Options{})
	if err := server.LoadSample(); err != nil {
		panic(err)
	}
	address, stop, err := server.Start()
	if err != nil {
		panic(err)
	}
	defer stop()
	endpoint, err := fauna.ParseEndpoint(address)
	if err != nil {
		panic(err)
	}
	client, err := fauna.NewClient(fauna.Options{Endpoint: endpoint, Secret: fauna.NewSecret(server.Secret())})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	run, err := export.NewRun(export.Spec{
		Endpoint:    endpoint.String(),
		Collections: []string{"customers", "carts"},
		Format:      row.CSV,
		Compress:    row.Gzip,
		Dir:         dir,
	}, client, export.OSEnv(dir))
	if err != nil {
		panic(err)
	}
	manifest, err := run.Do(ctx)
	if err != nil {
		panic(err)
	}
	for _, file := range manifest.Collections {
		fmt.Println(file.File, file.Rows, file.FirstID, file.LastID)
	}
	fmt.Println(manifest.Consistency)

	report, err := archive.Verify(ctx, store.NewFolder(dir), nil)
	fmt.Println(report.OK(), err)
	// Output:
	// customers.csv.gz 2400 100 2499
	// carts.csv.gz 300 7000000000 7000003887
	// snapshot
	// true <nil>
}
