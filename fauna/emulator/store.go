package emulator

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"
)

// noExpiry is the expiry of a version without ttl.
const noExpiry = maxMicros

// A version is the state of a document from one time on.
type version struct {
	ts      int64 // microseconds
	deleted bool
	// inserted is the action of the Insert that wrote the version, "" for any
	// other write.
	inserted string
	torn     bool      // an update and a delete were inserted at its time
	expires  int64     // microseconds; noExpiry for never
	ttl      time.Time // as written; zero if there is none
	raw      []byte    // the wire JSON of data, for bulk loads; nil if fields is set
	home     *database // in which raw's refs are resolved
	fields   atomic.Pointer[object]
	tail     atomic.Pointer[renderedTail]
}

// renderedTail is the part of a rendered document after its ts.
type renderedTail struct {
	renames int64 // of the server when it was made
	bytes   []byte
}

func newVersion(ts int64, fields *object) *version {
	v := &version{ts: ts, expires: noExpiry}
	v.fields.Store(fields)
	if t, ok := fields.get("ttl").(time.Time); ok {
		v.ttl, v.expires = t, micros(t)
	}
	return v
}

// content returns the fields other than ref and ts.
func (v *version) content() *object {
	if f := v.fields.Load(); f != nil {
		return f
	}
	f := &object{}
	if v.raw != nil {
		f.add("data", decodeStored(v.home, v.raw))
	}
	if v.expires != noExpiry {
		f.add("ttl", v.ttl)
	}
	v.fields.Store(f)
	return f
}

// A history holds the versions of one document, oldest first, at most one per
// time.
type history struct {
	id       int64
	versions []*version
}

// at returns the version that was valid at ts, or nil.
func (h *history) at(ts int64) *version {
	if h == nil {
		return nil
	}
	for _, v := range slices.Backward(h.versions) {
		if v.ts <= ts {
			if v.deleted {
				return nil
			}
			return v
		}
	}
	return nil
}

// exactly returns the version whose time is ts, or nil.
func (h *history) exactly(ts int64) *version {
	if i := slices.IndexFunc(h.versions, func(v *version) bool { return v.ts == ts }); i >= 0 {
		return h.versions[i]
	}
	return nil
}

// visible is like at, but ignores versions that have expired by now.
func (h *history) visible(ts, now int64) *version {
	if v := h.at(ts); v != nil && v.expires > now {
		return v
	}
	return nil
}

// listed reports whether Documents contains the document at ts. After a delete and an
// update at the same time it does not, although the document exists; a real server does
// the same.
func (h *history) listed(ts int64) bool {
	return !slices.ContainsFunc(h.versions, func(v *version) bool { return v.torn }) ||
		slices.ContainsFunc(h.spans(), func(s span) bool { return s.from <= ts && ts < s.to })
}

// put adds or replaces the version at v's time.
func (h *history) put(v *version) {
	i, found := slices.BinarySearchFunc(h.versions, v.ts, func(a *version, ts int64) int { return cmp.Compare(a.ts, ts) })
	if found {
		h.versions = slices.Clone(h.versions)
		h.versions[i] = v
		return
	}
	h.versions = slices.Insert(slices.Clip(h.versions), i, v)
}

// drop removes the version at ts, if there is one.
func (h *history) drop(ts int64) {
	h.versions = slices.DeleteFunc(slices.Clone(h.versions), func(v *version) bool { return v.ts == ts })
}

// An item is a schema item (a collection, index, role, …) or a key.
type item struct {
	history
	db    *database
	class class
	name  string // the latest one
	seq   int64  // order of creation
	gone  bool
	coll  *collection // of a collection
	index *index      // of an index
	child *database   // of a database
	key   *keyEntry   // of a key
}

func (it *item) ref() *ref {
	if it.class.named() {
		return &ref{class: it.class, item: it}
	}
	return &ref{class: it.class, id: it.id}
}

// current returns the item's latest fields.
func (it *item) current() *object {
	i := len(it.versions) - 1
	for it.versions[i].deleted {
		i--
	}
	return it.versions[i].content()
}

// A classStore holds the items of one class in one database.
type classStore struct {
	items  []*item // in order of creation, including deleted ones
	byName map[string]*item
	byID   map[int64]*item
}

// A database has its own schema, documents and keys.
type database struct {
	server   *Server
	parent   *database
	self     *item // in the parent; nil for the root
	globalID string
	stores   [classes]classStore
}

func newDatabase(s *Server, parent *database) *database {
	db := &database{server: s, parent: parent}
	for c := range db.stores {
		db.stores[c] = classStore{byName: map[string]*item{}, byID: map[int64]*item{}}
	}
	return db
}

// find returns the item that currently has the name.
func (db *database) find(c class, name string) *item { return db.stores[c].byName[name] }

// named returns a ref by name, resolved or not.
func (db *database) named(c class, name string) *ref {
	if it := db.find(c, name); it != nil {
		return &ref{class: c, item: it}
	}
	return &ref{class: c, name: name}
}

// A collection holds documents.
type collection struct {
	item *item
	docs []*history // by id
	byID map[int64]*history
	// floor is the time before which history is lost, whatever history_days is
	// now; 15 minutes before it are still kept.
	floor   int64
	indexes []*index // those with this collection as a source
}

// enter returns the document's history, creating it if needed.
func (c *collection) enter(id int64) *history {
	if h := c.byID[id]; h != nil {
		return h
	}
	h := &history{id: id}
	c.byID[id] = h
	i, _ := slices.BinarySearchFunc(c.docs, h, byID)
	c.docs = slices.Insert(c.docs, i, h)
	return h
}

const (
	graceMicros = 15 * 60 * 1_000_000
	dayMicros   = 24 * 3600 * 1_000_000
	maxDays     = maxMicros / dayMicros / 2
)

// minimum returns the earliest time at which the collection can be read.
func (c *collection) minimum(now int64) int64 {
	from := c.floor
	if days, ok := c.item.historyDays(); ok {
		from = max(from, now-days*dayMicros)
	}
	return from - graceMicros
}

// historyDays returns the days of history; ok is false if it is unlimited.
func (it *item) historyDays() (days int64, ok bool) {
	days, ok = it.current().get("history_days").(int64)
	return min(days, maxDays), ok
}
