package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Document is a document to load.
type Document struct {
	ID   int64  // 0 to 2^63-1
	TS   int64  // microseconds since 1970; 0 is the time of the load
	Data []byte // the data field as in a response, without white space; nil for none. Load keeps it.
	TTL  int64  // microseconds since 1970; 0 for none
}

// Load adds documents to a collection of the root database, which it creates if
// needed. An existing document gets another version. Limits do not apply, and
// it is much faster than queries. Times may be in the past; earlier snapshots
// then contain the documents.
func (s *Server) Load(name string, docs iter.Seq[Document]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &txn{s: s, db: s.root, now: s.writeTime(0), auth: &authority{db: s.root, builtin: "admin"}, write: true, timeout: defaultQueryTimeout, deadline: time.Now().Add(defaultQueryTimeout)}
	it := s.root.find(clsCollections, name)
	if it == nil {
		e := &env{tx: tx, at: tx.now}
		if errs := catch(func() { e.createItem(clsCollections, newObject("name", name), nil) }); errs != nil {
			return fmt.Errorf("load %s: create the collection: %s", name, errorResponse(errs...).Body)
		}
		it = s.root.find(clsCollections, name)
	}
	s.last = tx.now
	c := it.coll
	for d := range docs {
		if d.ID < 0 {
			return fmt.Errorf("load %s: id %d is negative", name, d.ID)
		}
		if d.Data != nil && !json.Valid(d.Data) {
			return fmt.Errorf("load %s: the data of document %d is not JSON", name, d.ID)
		}
		v := &version{ts: d.TS, raw: d.Data, home: s.root, expires: noExpiry}
		if string(d.Data) == "{}" {
			v.raw = nil
		}
		if v.ts == 0 {
			v.ts = tx.now
		}
		if d.TTL != 0 {
			v.ttl, v.expires = microsTime(d.TTL), d.TTL
		}
		h := c.byID[d.ID]
		if h == nil {
			h = &history{id: d.ID}
			c.byID[d.ID] = h
			c.docs = append(c.docs, h)
		}
		h.put(v)
	}
	if !slices.IsSortedFunc(c.docs, byID) {
		slices.SortFunc(c.docs, byID)
	}
	for _, ix := range c.indexes {
		ix.build()
	}
	return nil
}

func byID(a, b *history) int { return cmp.Compare(a.id, b.id) }

// Expire makes all snapshots of the collections up to now unreadable, as if their
// history had expired. The collections are the root database's.
func (s *Server) Expire(collections ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range collections {
		if it := s.root.find(clsCollections, name); it != nil {
			it.coll.floor = s.nowLocked() + graceMicros
		}
	}
}

// SetIndexActive activates or deactivates an index of the root database.
func (s *Server) SetIndexActive(name string, active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if it := s.root.find(clsIndexes, name); it != nil {
		it.index.off = !active
	}
}
