package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"fauna-export/assets"
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

// sampleTag finds the values of the shop that a row shows without a tag.
var sampleTag = regexp.MustCompile(`\{"@(ts|date|bytes)":"([^"]*)"\}|\{"@ref":\{"id":"(\d+)","collection":\{"@ref":\{"id":"([^"]*)","collection":\{"@ref":\{"id":"collections"\}\}\}\}\}\}`)

// sampleLines are the lines that an export writes of a sample collection.
func sampleLines(t *testing.T, name string) []string {
	t.Helper()
	docs, err := SampleDocuments(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := assets.Sample.ReadFile("sample/words.json")
	var words struct{ Kinds []struct{ ID, Row string } }
	if err == nil {
		err = json.Unmarshal(text, &words)
	}
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for d := range docs {
		data := sampleTag.ReplaceAllStringFunc(string(d.Data), func(tagged string) string {
			m := sampleTag.FindStringSubmatch(tagged)
			if m[3] != "" {
				return fmt.Sprintf(`{"id":"%s","collection":"%s","type":"document"}`, m[3], m[4])
			}
			return `"` + strings.NewReplacer("+", "-", "/", "_").Replace(m[2]) + `"`
		})
		if name == "every_kind_of_value" { // their rows were written by hand
			data = words.Kinds[len(lines)].Row
		}
		ttl := "null"
		if d.TTL != 0 {
			ttl = `"` + string(fql.AppendTime(nil, microsTime(d.TTL))) + `"`
		}
		lines = append(lines, fmt.Sprintf(`{"ref":"%d","ts":%d,"data":%s,"ttl":%s}`, d.ID, d.TS, data, ttl))
	}
	return lines
}

func TestSample_isAsLargeAsPromised(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for _, name := range SampleCollections() {
		last := int64(-1)
		docs, err := SampleDocuments(name)
		if err != nil {
			t.Fatal(err)
		}
		for d := range docs {
			counts[name]++
			if d.ID <= last {
				t.Fatalf("%s: id %d follows %d", name, d.ID, last)
			}
			last = d.ID
			if d.Data != nil && !json.Valid(d.Data) {
				t.Fatalf("%s: %s is not JSON", name, d.Data)
			}
			if at := time.UnixMicro(d.TS); at.Before(sampleStart) || at.After(time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)) {
				t.Errorf("%s %d: written at %s", name, d.ID, at)
			}
		}
	}
	for name, want := range map[string]int{"orders": 20_400, "customers": 2_400, "wishlists": 0, "every_kind_of_value": 30, sampleOddName: 12} {
		if counts[name] != want {
			t.Errorf("%s holds %d rows, want %d", name, counts[name], want)
		}
	}
	if _, err := SampleDocuments("nothing"); err == nil {
		t.Error("the sample has a collection of any name")
	}
}

// The sample must never change: demo runs today and in a year give the same files.
// Whoever changes it on purpose updates this hash.
func TestSample_isTheSameEveryTime(t *testing.T) {
	t.Parallel()
	h := sha256.New()
	for _, name := range SampleCollections() {
		fmt.Fprintln(h, name)
		for _, line := range sampleLines(t, name) {
			fmt.Fprintln(h, line)
		}
	}
	const want = "079cd59bd5b0f50f0e7c62b3796ed542261ca88bcfcc06a425942b00aad18f66"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the sample's rows hash to %s, not %s", got, want)
	}
}

// The server must render the sample's rows, apart from the encoding.
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
		docs, err := SampleDocuments(name)
		if err != nil {
			t.Fatal(err)
		}
		for row := range docs {
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
	for _, kind := range readSampleWords().Kinds {
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

func BenchmarkLoadSample(b *testing.B) {
	for b.Loop() {
		loadedSample(b)
	}
}
