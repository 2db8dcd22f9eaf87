package emulator

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"fauna-export/assets"
)

// SampleCollections returns the names of the sample's collections in the order
// in which they were created.
func SampleCollections() []string {
	var names []string
	for _, c := range sampleCollections() {
		names = append(names, c.name)
	}
	return names
}

// SampleDocuments returns the documents of a sample collection, ascending by id.
func SampleDocuments(collection string) (iter.Seq[Document], error) {
	for _, c := range sampleCollections() {
		if c.name == collection {
			return c.documents(), nil
		}
	}
	return nil, fmt.Errorf("the sample has no collection %s", collection)
}

// LoadSample loads the sample into the server, once. The documents' times are
// in the past and the same every time; the schema is created now.
func (s *Server) LoadSample() error {
	if _, err := s.Shell(context.Background(), s.secret, string(readSample("schema.fql"))); err != nil {
		return fmt.Errorf("create the sample's schema: %w", err)
	}
	for _, c := range sampleCollections() {
		if err := s.Load(c.name, c.documents()); err != nil {
			return err
		}
	}
	return nil
}

// readSample returns a file of the sample. The files are embedded and the tests load
// them, so a failure here is a bug.
func readSample(name string) []byte {
	text, err := assets.Sample.ReadFile("sample/" + name)
	if err != nil {
		panic(err)
	}
	return text
}

// A sampleCollection is one collection of the sample; document generates its n-th
// document, ascending by id.
type sampleCollection struct {
	name     string
	seed     string // seeds its random numbers; "" is the name
	count    int
	document func(m *sampleMaker, n int64) Document
}

func (c sampleCollection) documents() iter.Seq[Document] {
	return func(yield func(Document) bool) {
		m := &sampleMaker{sampleWords: readSampleWords(), random: sampleSeed}
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

// A sampleKind is a document recorded from a real server.
type sampleKind struct {
	ID   int64  `json:"id,string"`
	Wire string `json:"wire"` // "" for a document without data
}

func readSampleWords() (words sampleWords) {
	if err := json.Unmarshal(readSample("words.json"), &words); err != nil {
		panic(err)
	}
	return words
}

// A sampleMaker generates the documents of one collection. Its random numbers are the
// same on every machine and with every version of Go.
type sampleMaker struct {
	sampleWords
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

// document returns a document written at a time.
func (m *sampleMaker) document(id int64, at time.Time, data *object) Document {
	return Document{ID: id, TS: at.UnixMicro(), Data: []byte(rendered(data))}
}
