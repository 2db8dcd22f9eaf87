package emulator

import (
	"context"
	"fmt"
	"iter"
	"path"
	"strings"
	"time"

	"fauna-export/assets"
)

// The sample is a small shop. Its documents, ids and times depend only on this
// code and the files under assets/sample.
const (
	sampleSeed      = 20250530
	sampleCustomers = 2_400
	sampleProducts  = 260
	sampleOrders    = 20_400
	sampleReviews   = 3_000
	sampleCarts     = 300

	// sampleOddName is a legal name that is awkward as a file name.
	sampleOddName = "aux.%2e;Größe@東京~."

	firstCustomer = 100
)

// sampleStart and sampleEnd are when the shop opened and when the sample was
// taken.
var (
	sampleStart = time.Date(2023, 3, 1, 8, 0, 0, 0, time.UTC)
	sampleEnd   = time.Date(2025, 5, 30, 16, 0, 0, 0, time.UTC)
)

// SampleRow is one document of the sample as an export must write it.
type SampleRow struct {
	ID   int64
	TS   int64  // microseconds since 1970
	TTL  int64  // microseconds since 1970; 0 for none
	Data []byte // JSON in the form of an export's data column
}

// JSON returns the row as one line of JSONL without its newline, as a full
// sync without additional columns writes it.
func (r SampleRow) JSON() []byte {
	ttl := "null"
	if r.TTL != 0 {
		ttl = `"` + string(appendTime(nil, microsTime(r.TTL))) + `"`
	}
	return fmt.Appendf(nil, `{"ref":"%d","ts":%d,"data":%s,"ttl":%s}`, r.ID, r.TS, r.Data, ttl)
}

// SampleCollections returns the names of the sample's collections in the order
// in which they were created.
func SampleCollections() []string {
	var names []string
	for _, c := range sampleCollections() {
		names = append(names, c.name)
	}
	return names
}

// SampleRows returns the rows that an export of a sample collection must
// contain, ascending by id. The code that generates the sample writes them next
// to the documents it loads, independently of the code that exports.
func SampleRows(collection string) iter.Seq[SampleRow] {
	return func(yield func(SampleRow) bool) {
		words, err := readSampleWords()
		if err != nil {
			return // cannot fail: the files are embedded, and a test reads them
		}
		for _, c := range sampleCollections() {
			if c.name != collection {
				continue
			}
			for d := range c.documents(words, true) {
				if d.Data == nil {
					d.Data = []byte("{}")
				}
				if !yield(SampleRow{d.ID, d.TS, d.TTL, d.Data}) {
					return
				}
			}
		}
	}
}

// LoadSample loads the sample into the server, once. The documents' times are
// in the past and the same every time; the schema is created now.
func (s *Server) LoadSample() error {
	words, err := readSampleWords()
	if err != nil {
		return err
	}
	schema, err := assets.Sample.ReadFile("sample/schema.fql")
	if err != nil {
		return fmt.Errorf("read the sample's schema: %w", err)
	}
	if _, err := s.Shell(context.Background(), s.secret, string(schema)); err != nil {
		return fmt.Errorf("create the sample's schema: %w", err)
	}
	for _, c := range sampleCollections() {
		if err := s.Load(c.name, c.documents(words, false)); err != nil {
			return fmt.Errorf("load the sample's collection %s: %w", c.name, err)
		}
	}
	return nil
}

// A sampleCollection is one collection of the sample. documents returns its
// documents ascending by id; their data is wire JSON, or with rows the JSON
// that an export writes.
type sampleCollection struct {
	name      string
	documents func(words *sampleWords, rows bool) iter.Seq[Document]
}

func sampleCollections() []sampleCollection {
	return []sampleCollection{
		{"customers", sampleCustomerDocuments},
		{"products", sampleProductDocuments},
		{"orders", sampleOrderDocuments},
		{"reviews", sampleReviewDocuments},
		{"carts", sampleCartDocuments},
		{"every_kind_of_value", sampleKindDocuments},
		{"wishlists", func(*sampleWords, bool) iter.Seq[Document] { return func(func(Document) bool) {} }},
		{sampleOddName, sampleShelfDocuments},
	}
}

// sampleWords holds the files that the sample is generated from.
type sampleWords struct {
	given, family, reviews []string
	cities                 []sampleCity
	goods                  []sampleGood
	kinds                  []sampleKind
}

type sampleCity struct{ name, country string }

type sampleGood struct {
	name, category string
	cents          int64
}

// A sampleKind is a document recorded from a real server, with the row that an
// export must write for it.
type sampleKind struct {
	ID   int64  `json:"id,string"`
	Wire string `json:"wire"` // "" for a document without data
	Row  string `json:"row"`
}

// readSampleWords reads the files.
func readSampleWords() (*sampleWords, error) {
	w := &sampleWords{}
	var err error
	lines := func(name string) []string {
		text, readErr := assets.Sample.ReadFile(path.Join("sample", name))
		if readErr != nil && err == nil {
			err = fmt.Errorf("read the sample's words: %w", readErr)
		}
		return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' })
	}
	w.given, w.family, w.reviews = lines("given.txt"), lines("family.txt"), lines("reviews.txt")
	for _, line := range lines("cities.txt") {
		name, country, _ := strings.Cut(line, "|")
		w.cities = append(w.cities, sampleCity{name, country})
	}
	for _, line := range lines("products.txt") {
		good, parseErr := parseGood(line)
		if parseErr != nil && err == nil {
			err = parseErr
		}
		w.goods = append(w.goods, good)
	}
	for _, line := range lines("kinds.jsonl") {
		kind, parseErr := parseKind(line)
		if parseErr != nil && err == nil {
			err = parseErr
		}
		w.kinds = append(w.kinds, kind)
	}
	return w, err
}
