package row_test

import (
	"bytes"
	"context"
	"fmt"

	"fauna-export/export/row"
)

const page = `{"resource":{"data":[{"ref":{"@ref":{"id":"101","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},` +
	`"ts":1659398359360000,"data":{"name":"Alice","born":{"@date":"1990-02-28"},"photo":{"@bytes":"+/8="}},"ttl":{"@ts":"2030-01-01T00:00:00Z"}}]}}`

func Example() {
	layout := row.Layout{Collection: "users", Format: row.CSV}
	serializer, err := row.NewSerializer(layout)
	if err != nil {
		panic(err)
	}
	file, err := row.NewFile(layout)
	if err != nil {
		panic(err)
	}
	out := file.Begin()
	var batch row.Batch
	if err := serializer.Page(&batch, []byte(page), []int64{101}); err != nil {
		panic(err)
	}
	write := func(p row.Piece) error {
		out = append(out, p.Bytes...)
		return nil
	}
	if err := file.Append(&batch, write); err != nil {
		panic(err)
	}
	if err := file.Finish(write); err != nil {
		panic(err)
	}
	fmt.Print(string(out))
	fmt.Println(row.Read(context.Background(), row.Source{Layout: layout, File: bytes.NewReader(out), Size: int64(len(out))}, nil))
	// Output:
	// ref,ts,data,ttl
	// 101,1659398359360000,"{""name"":""Alice"",""born"":""1990-02-28"",""photo"":""-_8=""}",2030-01-01T00:00:00Z
	// {1 101 101} <nil>
}

func ExampleSerializer_Page() {
	serializer, err := row.NewSerializer(row.Layout{Collection: "users", Format: row.JSONL})
	if err != nil {
		panic(err)
	}
	var batch row.Batch
	fmt.Println(serializer.Page(&batch, []byte(page), []int64{101}))
	fmt.Print(string(batch.Bytes))
	batch.Reset()
	fmt.Println(serializer.Page(&batch, []byte(page), []int64{101, 102}))
	// Output:
	// <nil>
	// {"ref":"101","ts":1659398359360000,"data":{"name":"Alice","born":"1990-02-28","photo":"-_8="},"ttl":"2030-01-01T00:00:00Z"}
	// the page has 1 documents instead of the 2 planned; they differ starting at document 102
}

func ExampleParseColumn() {
	collection, column, err := row.ParseColumn(`users:parent:string=["data","parents",0,"id"]`)
	fmt.Println(collection, column.Name, column.Type, column.Path, err)
	_, _, err = row.ParseColumn("users:ts=data.ts")
	fmt.Println(err)
	// Output:
	// users parent string [data parents 0 id] <nil>
	// column "users:ts=data.ts": column name "ts" is reserved: every row has ref, ts, data and ttl
}
