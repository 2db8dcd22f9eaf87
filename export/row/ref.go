package row

// ref is a parsed {"@ref":…} value. Its spans are quoted texts in the page.
type ref struct {
	id         span
	collection span   // for a document ref
	kind       string // "document", "collection", …, "unknown"
	end        int    // after the value of "@ref"
}

type span struct{ start, end int }

func (s span) empty() bool        { return s.end == s.start }
func (s span) of(b []byte) []byte { return b[s.start:s.end] }

// nativeKind returns the type of a ref into the native collection with that
// quoted name, "unknown" for any other.
func nativeKind(name []byte) string {
	for _, n := range nativeKinds {
		if string(name) == n.name {
			return n.kind
		}
	}
	return "unknown"
}

var nativeKinds = [...]struct{ name, kind string }{
	{`"collections"`, "collection"}, {`"databases"`, "database"}, {`"indexes"`, "index"}, {`"functions"`, "function"}, {`"roles"`, "role"},
	{`"access_providers"`, "access_provider"}, {`"keys"`, "key"}, {`"tokens"`, "token"}, {`"credentials"`, "credential"},
}

const (
	refStart    = `{"@ref":`
	refHead     = `{"id":"`
	refParent   = `,"collection":{"@ref":{"id":"`
	refDocument = `,"collection":{"@ref":{"id":"collections"}}}}}`
	refNative   = `}}}`
)

// ref reads the value of "@ref" at i, which may be -1. It is not ok for anything
// without a string id, or that is damaged.
func (s *rewriter) ref(src []byte, i int) (ref, bool) {
	if i < 0 {
		return ref{}, false
	}
	if r, ok := s.usualRef(src, i); ok {
		return r, true
	}
	return s.anyRef(src, i)
}

// usualRef reads the value of "@ref" in the server's usual form: key order and no
// spaces as the server writes them, and no "database".
func (s *scanner) usualRef(src []byte, i int) (ref, bool) {
	if !hasPrefix(src, i, refHead) {
		return ref{}, false
	}
	id := span{start: i + len(refHead) - 1}
	if id.end = s.text(src, id.start+1); id.end < 0 || id.end >= len(src) {
		return ref{}, false
	}
	if src[id.end] == '}' {
		return ref{id: id, kind: "unknown", end: id.end + 1}, true
	}
	if !hasPrefix(src, id.end, refParent) {
		return ref{}, false
	}
	parent := span{start: id.end + len(refParent) - 1}
	if parent.end = s.text(src, parent.start+1); parent.end < 0 {
		return ref{}, false
	}
	if hasPrefix(src, parent.end, refDocument) {
		return ref{id: id, collection: parent, kind: "document", end: parent.end + len(refDocument)}, true
	}
	if !hasPrefix(src, parent.end, refNative) {
		return ref{}, false
	}
	return ref{id: id, kind: nativeKind(parent.of(src)), end: parent.end + len(refNative)}, true
}

// anyRef reads the value of "@ref" with any keys in any order.
func (s *rewriter) anyRef(src []byte, i int) (ref, bool) {
	document := s.refBody(src, i, 0)
	if document.end < 0 || document.id.empty() {
		return ref{}, false
	}
	out := ref{id: document.id, kind: "unknown", end: document.end}
	if document.odd || !document.hasParent {
		return out, true
	}
	if !document.grand.empty() {
		if string(document.grand.of(src)) == `"collections"` {
			out.kind, out.collection = "document", document.parent
		}
		return out, true
	}
	out.kind = nativeKind(document.parent.of(src))
	return out, true
}

// refParts holds the ids of a ref and of its parents.
type refParts struct {
	id, parent, grand span // quoted ids: its own, its collection's, and that collection's collection's
	hasParent         bool
	odd               bool // has keys or a nesting that no typed ref has
	end               int  // -1 after a fault
}

// refBody reads {"id":…,"collection":…,"database":…}, at most three deep.
func (s *rewriter) refBody(src []byte, i, depth int) (p refParts) {
	p.end = s.object(src, i, func(key span, value int) int {
		switch string(key.of(src)) {
		case `"id"`:
			end := s.skip(src, value)
			if end < 0 || src[value] != '"' || !p.id.empty() {
				return -1
			}
			p.id = span{value, end}
			return end
		case `"collection"`:
			if p.hasParent {
				return -1
			}
			if depth < 2 {
				if parent, end := s.parentRef(src, value, depth+1); end >= 0 {
					p.hasParent = true
					p.parent, p.grand = parent.id, parent.parent
					p.odd = p.odd || parent.odd || !parent.grand.empty()
					return end
				}
			}
			p.odd = true
		case `"database"`: // the ref is in a child database, which rows do not name
		default:
			p.odd = true
		}
		return s.skip(src, value)
	})
	return p
}

// parentRef reads {"@ref":{…}} with an id.
func (s *rewriter) parentRef(src []byte, i, depth int) (p refParts, end int) {
	if i = s.refAt(src, i); i < 0 {
		return p, -1
	}
	if p = s.refBody(src, i, depth); p.end < 0 || p.id.empty() {
		return p, -1
	}
	return p, closeOf(src, p.end)
}

// refAt returns the position of the value of "@ref", the first key of the object
// at i, or -1 for anything else.
func (s *scanner) refAt(src []byte, i int) int {
	if i >= len(src) || src[i] != '{' {
		return -1
	}
	keyEnd, value := s.key(src, i+1)
	if value < 0 || string(src[i+1:keyEnd]) != `"@ref"` {
		return -1
	}
	return value
}

// append appends the ref in the form that rows use.
func (r ref) append(src, out []byte) []byte {
	out = append(out, `{"id":`...)
	out = append(out, r.id.of(src)...)
	if r.kind == "document" {
		out = append(out, `,"collection":`...)
		out = append(out, r.collection.of(src)...)
		return append(out, `,"type":"document"}`...)
	}
	out = append(out, `,"type":"`...)
	out = append(out, r.kind...)
	return append(out, `"}`...)
}
