package row

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func removalPage(ids ...int64) []byte {
	var docs []string
	for _, id := range ids {
		docs = append(docs, fmt.Sprintf(`{"ref":{"@ref":{"id":"%d","collection":{"@ref":{"id":"docs","collection":{"@ref":{"id":"collections"}}}}}},"ts":%d,"data":{"a":"x,y"}}`, id, id*10))
	}
	return []byte(`{"resource":{"data":[` + strings.Join(docs, ",") + `]}}`)
}

func TestRemoval_rowsReadBack(t *testing.T) {
	t.Parallel()
	const when = 1_659_398_359_360_000
	const live = `{"ref":"1","ts":10,"data":{"a":"x,y"},"ttl":null}` + "\n"
	texts := map[Format]string{
		JSONL:   `{"ref":"2","ts":7,"deleted_at":"2022-08-01T23:59:19.360Z"}` + "\n",
		CSV:     "2,7,,,2022-08-01T23:59:19.360Z\n",
		Wire:    `{"ref":{"@ref":{"id":"2","collection":{"@ref":{"id":"docs","collection":{"@ref":{"id":"collections"}}}}}},"ts":7,"deleted_at":{"@ts":"2022-08-01T23:59:19.360Z"}}` + "\n",
		Parquet: "",
	}
	for format, want := range texts {
		l := Layout{Collection: "docs", Format: format, Deletion: "deleted_at"}
		s, err := NewSerializer(l)
		if err != nil {
			t.Fatal(err)
		}
		var page, b Batch
		if err := s.Page(&page, removalPage(1, 3), nil); err != nil {
			t.Fatal(err)
		}
		b.Take(&page, 0)
		s.Removal(&b, 2, 7, when)
		b.Take(&page, 1)
		if want != "" && string(b.Bytes[b.Ends[0]:b.Ends[1]]) != want {
			t.Errorf("%s: %s, want %s", format, b.Bytes[b.Ends[0]:b.Ends[1]], want)
		}
		f, err := NewFile(l)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		out.Write(f.Begin())
		emit := func(p Piece) error { out.Write(p.Bytes); return nil }
		if err := f.Append(&b, emit); err != nil {
			t.Fatal(err)
		}
		if err := f.Finish(emit); err != nil {
			t.Fatal(err)
		}
		var got []string
		var first string
		file := bytes.NewReader(out.Bytes())
		if sum, err := Read(t.Context(), Source{Layout: l, File: file, Size: file.Size()}, func(Row) error { return nil }); err != nil || sum != (Summary{Rows: 3, FirstID: 1, LastID: 3}) {
			t.Errorf("%s: %+v, %v", format, sum, err)
		}
		_, err = Read(t.Context(), Source{Layout: l, File: file, Size: file.Size(), Text: JSONText}, func(r Row) error {
			if first == "" {
				first = string(r.Text)
			}
			got = append(got, fmt.Sprint(r.ID, r.TS, r.Removed))
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if rows := []string{"1 10 false", "2 7 true", "3 30 false"}; !reflect.DeepEqual(got, rows) {
			t.Errorf("%s: rows %v, want %v", format, got, rows)
		}
		if first != live {
			t.Errorf("%s: a live row is %q, want %q", format, first, live)
		}
	}
}
