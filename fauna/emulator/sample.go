package emulator

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"fauna-export/assets"
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
// contain, ascending by id. They are made next to the documents that are
// loaded, independently of the code that exports.
func SampleRows(collection string) iter.Seq[SampleRow] {
	return func(yield func(SampleRow) bool) {
		words, err := readSampleWords()
		all := sampleCollections()
		i := slices.IndexFunc(all, func(c sampleCollection) bool { return c.name == collection })
		if err != nil || i < 0 {
			return // the file is embedded, and a test reads it
		}
		for d := range all[i].documents(words, true) {
			if d.Data == nil {
				d.Data = []byte("{}")
			}
			if !yield(SampleRow{d.ID, d.TS, d.TTL, d.Data}) {
				return
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

// A sampleCollection is one collection of the sample; document makes its n-th
// document, ascending by id.
type sampleCollection struct {
	name     string
	seed     string // of its random numbers; "" is the name
	count    int
	document func(m *sampleMaker, n int64) Document
}

// documents returns the collection's documents. Their data is wire JSON, or with
// rows the JSON that an export writes.
func (c sampleCollection) documents(words *sampleWords, rows bool) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		m := &sampleMaker{sampleWords: words, rows: rows, random: sampleSeed}
		for _, b := range []byte(cmp.Or(c.seed, c.name)) {
			m.random = m.random*1099511628211 + uint64(b)
		}
		for n := range int64(c.count) {
			if !yield(c.document(m, n)) {
				return
			}
		}
	}
}

// sampleWords is the file that the sample is generated from.
type sampleWords struct {
	Given, Family, Reviews []string
	Cities                 []struct{ Name, Country string }
	Goods                  []struct {
		Name, Category string
		Cents          int64
	}
	Kinds []sampleKind
}

// A sampleKind is a document recorded from a real server, with the row that an
// export must write for it.
type sampleKind struct {
	ID   int64  `json:"id,string"`
	Wire string `json:"wire"` // "" for a document without data
	Row  string `json:"row"`
}

func readSampleWords() (*sampleWords, error) {
	text, err := assets.Sample.ReadFile("sample/words.json")
	words := &sampleWords{}
	if err == nil {
		err = json.Unmarshal(text, words)
	}
	if err != nil {
		return nil, fmt.Errorf("read the sample's words: %w", err)
	}
	return words, nil
}

// A sampleMaker makes the documents of one collection. Its random numbers are
// the same on every machine and with every version of Go.
type sampleMaker struct {
	*sampleWords
	rows   bool // their data is in the form of an export
	random uint64
}

// below returns a random number from 0 to n-1. It is SplitMix64.
func (m *sampleMaker) below(n int64) int64 {
	m.random += 0x9e3779b97f4a7c15
	x := m.random
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int64((x ^ x>>31) >> 1 % uint64(n))
}

// chance returns true with a probability of n percent.
func (m *sampleMaker) chance(n int64) bool { return m.below(100) < n }

func pick[T any](m *sampleMaker, from []T) T { return from[m.below(int64(len(from)))] }

// spread returns the n-th of count times between the shop's opening and the
// sample, ascending, with a little jitter.
func (m *sampleMaker) spread(n, count int64) time.Time {
	step := int64(sampleEnd.Sub(sampleStart)) / count
	return sampleStart.Add(time.Duration(step*n + m.below(step))).Truncate(time.Millisecond)
}

// document makes a document that was written at a time.
func (m *sampleMaker) document(id int64, at time.Time, data *object) Document {
	var v value = data
	if m.rows {
		v = rowValue(data)
	}
	return Document{ID: id, TS: at.UnixMicro(), Data: []byte(rendered(v))}
}

// rowValue turns a value into plain JSON as an export writes it.
func rowValue(v value) value {
	switch v := v.(type) {
	case *object:
		out := &object{}
		for i, k := range v.keys {
			out.add(k, rowValue(v.vals[i]))
		}
		return out
	case array:
		out := array{}
		for _, in := range v {
			out = append(out, rowValue(in))
		}
		return out
	case time.Time:
		return string(appendTime(nil, v))
	case dateValue:
		return string(appendDate(nil, v.time()))
	case bytesValue:
		return base64.URLEncoding.EncodeToString([]byte(v))
	case *ref:
		return newObject("id", strconv.FormatInt(v.id, 10), "collection", v.name, "type", "document")
	}
	return v
}
