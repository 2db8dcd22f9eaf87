package emulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"fauna-export/fauna/fql"
)

// loadedSample returns a server with the sample.
func loadedSample(t testing.TB) *Server {
	t.Helper()
	s := New(Options{Secret: "fnADMIN"})
	if err := s.LoadSample(); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask runs a text as the admin and returns the resource.
func ask(t testing.TB, s *Server, text string) json.RawMessage {
	t.Helper()
	body, err := fql.Parse(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	r := s.query(context.Background(), request{Secret: s.Secret(), Body: body, APIVersion: "4"})
	if r.Status >= 300 {
		t.Fatalf("%s: %d %s", text, r.Status, r.Body)
	}
	var answer struct{ Resource json.RawMessage }
	if err := json.Unmarshal(r.Body, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Resource
}

func TestSample_isAsLargeAsPromised(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for _, name := range SampleCollections() {
		last := int64(-1)
		for row := range SampleRows(name) {
			counts[name]++
			if row.ID <= last {
				t.Fatalf("%s: id %d follows %d", name, row.ID, last)
			}
			last = row.ID
			if !json.Valid(row.JSON()) {
				t.Fatalf("%s: %s is not JSON", name, row.JSON())
			}
			if at := time.UnixMicro(row.TS); at.Before(sampleStart) || at.After(time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("%s %d: written at %s", name, row.ID, at)
			}
		}
	}
	for name, want := range map[string]int{"orders": 20_400, "customers": 2_400, "wishlists": 0, "every_kind_of_value": 30, sampleOddName: 12} {
		if counts[name] != want {
			t.Errorf("%s holds %d rows, want %d", name, counts[name], want)
		}
	}
}

// The sample may never change: two demo runs, today and in a year, give the
// same files. Whoever changes it on purpose changes this hash.
func TestSample_isTheSameEveryTime(t *testing.T) {
	t.Parallel()
	h := sha256.New()
	for _, name := range SampleCollections() {
		fmt.Fprintln(h, name)
		for row := range SampleRows(name) {
			h.Write(append(row.JSON(), '\n'))
		}
	}
	const want = "079cd59bd5b0f50f0e7c62b3796ed542261ca88bcfcc06a425942b00aad18f66"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the sample's rows hash to %s, not %s", got, want)
	}
}

// What the server renders is, but for the encoding, what the sample's rows say.
func TestSample_serverHoldsTheRows(t *testing.T) {
	t.Parallel()
	s := loadedSample(t)
	for _, name := range SampleCollections() {
		var documents struct {
			Data []struct {
				Ref struct {
					Ref struct{ ID string } `json:"@ref"`
				}
				TS   int64
				TTL  *struct{ TS string } `json:"-"`
				Data json.RawMessage
			}
		}
		all := ask(t, s, fmt.Sprintf(`Map(Paginate(Documents(Collection(%q)), {size: 50000}), Lambda("x", Get(Var("x"))))`, name))
		if err := json.Unmarshal(all, &documents); err != nil {
			t.Fatal(err)
		}
		n := 0
		for row := range SampleRows(name) {
			if n >= len(documents.Data) {
				t.Fatalf("%s: the server holds %d documents", name, n)
			}
			d := documents.Data[n]
			n++
			if d.Ref.Ref.ID != fmt.Sprint(row.ID) || d.TS != row.TS {
				t.Fatalf("%s: document %s at %d, want %d at %d", name, d.Ref.Ref.ID, d.TS, row.ID, row.TS)
			}
		}
		if n != len(documents.Data) {
			t.Errorf("%s: the server holds %d documents, want %d", name, len(documents.Data), n)
		}
	}
}

func TestSample_everyKindIsRenderedAsARealServerDid(t *testing.T) {
	t.Parallel()
	s := loadedSample(t)
	words, err := readSampleWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range words.Kinds {
		got := ask(t, s, fmt.Sprintf(`Get(Ref(Collection("every_kind_of_value"), "%d"))`, kind.ID))
		var document struct{ Data json.RawMessage }
		if err := json.Unmarshal(got, &document); err != nil {
			t.Fatal(err)
		}
		if string(document.Data) != kind.Wire {
			t.Errorf("document %d\n got %s\nwant %s", kind.ID, document.Data, kind.Wire)
		}
	}
}

func TestSample_rowsAndWireAgreeButForTheirEncoding(t *testing.T) {
	t.Parallel()
	words, err := readSampleWords()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range sampleCollections() {
		if c.name == "every_kind_of_value" {
			continue // its rows were written by hand
		}
		rows := map[int64][]byte{}
		for d := range c.documents(words, true) {
			rows[d.ID] = d.Data
		}
		for d := range c.documents(words, false) {
			var value any
			if err := json.Unmarshal(d.Data, &value); err != nil {
				t.Fatalf("%s %d: %v in %s", c.name, d.ID, err, d.Data)
			}
			plain, err := json.Marshal(untagged(value))
			if err != nil {
				t.Fatal(err)
			}
			var row any
			if err := json.Unmarshal(rows[d.ID], &row); err != nil {
				t.Fatalf("%s %d: %v in %s", c.name, d.ID, err, rows[d.ID])
			}
			want, err := json.Marshal(row)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(plain, want) {
				t.Fatalf("%s %d\n wire %s\n row  %s", c.name, d.ID, plain, want)
			}
		}
	}
}

// untagged turns the wire's values of the shop into those of its rows.
func untagged(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = untagged(v[i])
		}
	case map[string]any:
		for _, tag := range []string{"@ts", "@date"} {
			if text, ok := v[tag]; ok {
				return text
			}
		}
		if text, ok := v["@bytes"].(string); ok {
			return strings.NewReplacer("+", "-", "/", "_").Replace(text)
		}
		if ref, ok := v["@ref"].(map[string]any); ok {
			collection := ref["collection"].(map[string]any)["@ref"].(map[string]any)["id"]
			return map[string]any{"id": ref["id"], "collection": collection, "type": "document"}
		}
		for key := range v {
			v[key] = untagged(v[key])
		}
	}
	return value
}

func BenchmarkLoadSample(b *testing.B) {
	for b.Loop() {
		loadedSample(b)
	}
}
