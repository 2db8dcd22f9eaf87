package row

// judge decides what the objects are whose first key begins with "@". Sets nest,
// and an outer set depends on the inner ones, so an object is read ahead once
// with everything in it, and each verdict is kept.
type judge struct {
	sites  []site // in the order of their starts
	next   int    // the first site that may still be needed
	judged int    // everything before this position has been read ahead
	nests  []nest
	ends   []int // of the stored sets that are open in quote
}

// site is an object whose first key begins with "@".
type site struct {
	start, end int
	verdict    verdict
}

type verdict byte

const (
	verdictOther  verdict = iota // none of these
	verdictObject                // {"@obj":{…}}: a user's escaped object
	verdictSet                   // {"@obj":{"@set":{…}}}: a stored set
	verdictBare                  // {"@set":{…}} or {"@query":{…}}
	verdictFault                 // damaged
)

// forget drops the verdicts before the next document.
func (j *judge) forget() {
	j.sites, j.next, j.judged = j.sites[:0], 0, 0
}

// verdict returns what the object at i, whose first key begins with "@", is and
// where it ends.
func (r *rewriter) verdict(src []byte, i int) (verdict, int) {
	if i >= r.judged {
		r.forget()
		end := r.ahead(src, i)
		if end < 0 {
			return verdictFault, -1
		}
		r.judged = end
	}
	for r.sites[r.next].start < i {
		r.next++
	}
	return r.sites[r.next].verdict, r.sites[r.next].end
}

// nest is an array or object that is open while reading ahead.
type nest struct {
	array   bool
	bad     bool    // a repeated key, or one that sets don't have; in an array: an element that is neither ref nor set
	last    keyBit  // the key whose value is being read
	keys    keyBit  // all keys so far
	count   int     // number of keys
	site    int     // index in sites, -1 for none
	operand kindBit // the kind of the value of an operand's key, or of a tag's value
}

// key records the next key of an object.
func (n *nest) key(quoted []byte) {
	n.count++
	if n.bad { // like most objects after their first key
		n.last = 0
		return
	}
	n.last = keyBitOf(quoted)
	n.bad = n.last == 0 || n.keys&n.last != 0
	n.keys |= n.last
}

// value records the kind of a key's value, or of an element.
func (n *nest) value(kind kindBit) {
	switch {
	case n.array:
		n.bad = n.bad || !kind.refOrSet()
	case n.last&operandKeys != 0:
		n.operand = kind
	}
}

// kindBit is the kind of a value, as far as it matters for recognizing sets.
type kindBit byte

const (
	kindScalar  kindBit = iota
	kindObject          // any other object
	kindRef             // {"@ref":{…}}
	kindSetKeys         // an object with exactly the keys of a set and a valid operand
	kindBareSet         // {"@set":{…}} with such an object
	kindStored          // {"@obj":{"@set":{…}}}
	kindMembers         // a non-empty array of refs and sets
)

func (k kindBit) refOrSet() bool { return k == kindRef || k == kindBareSet || k == kindStored }

// keyBit is a key that matters, as a bit.
type keyBit uint32

const (
	keyAlone keyBit = 1 << iota // of an operand that is a set's only one
	keyList                     // of one that may be an array too
	keyMatch
	keyTerms
	keyRange
	keyFrom
	keyTo
	keyFilter
	keyCollection
	keyJoin
	keyWith
	keyRef
	keySet
	keyQuery
	keyObj

	operandKeys = keyAlone | keyList | keyMatch | keyRange | keyCollection | keyJoin | keyRef | keySet | keyQuery | keyObj
)

func keyBitOf(quoted []byte) keyBit {
	switch string(quoted) {
	case `"documents"`, `"events"`, `"singleton"`, `"distinct"`, `"reverse"`:
		return keyAlone
	case `"union"`, `"intersection"`, `"difference"`:
		return keyList
	case `"match"`:
		return keyMatch
	case `"terms"`:
		return keyTerms
	case `"range"`:
		return keyRange
	case `"from"`:
		return keyFrom
	case `"to"`:
		return keyTo
	case `"filter"`:
		return keyFilter
	case `"collection"`:
		return keyCollection
	case `"join"`:
		return keyJoin
	case `"with"`:
		return keyWith
	case `"@ref"`:
		return keyRef
	case `"@set"`:
		return keySet
	case `"@query"`:
		return keyQuery
	case `"@obj"`:
		return keyObj
	}
	return 0
}

// kind returns the kind of an array or object that has been read completely.
func (n *nest) kind() kindBit {
	switch {
	case n.array && n.bad:
		return kindScalar
	case n.array:
		return kindMembers
	case n.bad:
		return kindObject
	}
	one := n.operand.refOrSet()
	ok := false
	switch n.keys {
	case keyRef:
		if n.operand != kindScalar && n.operand != kindMembers {
			return kindRef
		}
	case keySet:
		if n.operand == kindSetKeys {
			return kindBareSet
		}
	case keyObj:
		if n.operand == kindBareSet {
			return kindStored
		}
	case keyAlone, keyMatch, keyMatch | keyTerms, keyRange | keyFrom | keyTo, keyFilter | keyCollection, keyJoin | keyWith:
		ok = one
	case keyList:
		ok = one || n.operand == kindMembers
	}
	if ok {
		return kindSetKeys
	}
	return kindObject
}

// ahead reads the object at i, and records a verdict for
// each object in it whose first key begins with "@". It returns the position after
// it.
func (r *rewriter) ahead(src []byte, i int) int {
	open := r.nests[:0]
	defer func() { r.nests = open[:0] }()
	var kind kindBit
value:
	if i >= len(src) {
		return r.end(src)
	}
	switch src[i] {
	case '"':
		kind = kindScalar
		if i = r.text(src, i+1); i < 0 {
			return -1
		}
	case '{':
		if hasPrefix(src, i, refStart) {
			if ref, ok := r.usualRef(src, i+len(refStart)); ok && ref.end < len(src) && src[ref.end] == '}' {
				i = ref.end + 1
				kind = kindRef
				goto after
			}
		}
		f := nest{site: -1}
		if i++; i < len(src) && src[i] == '}' {
			i++
			kind = kindObject
			goto after
		}
		if hasPrefix(src, i, `"@`) {
			f.site = len(r.sites)
			r.sites = append(r.sites, site{start: i - 1})
		}
		open = append(open, f)
		goto key
	case '[':
		if i++; i < len(src) && src[i] == ']' {
			i++
			kind = kindScalar
			goto after
		}
		open = append(open, nest{array: true, site: -1})
		goto value
	default:
		if i = r.skip(src, i); i < 0 {
			return -1
		}
		kind = kindScalar
	}
after:
	if len(open) == 0 {
		return i
	}
	if i >= len(src) {
		return r.end(src)
	}
	{
		top := &open[len(open)-1]
		top.value(kind)
		switch c := src[i]; {
		case c == ',':
			i++
			if top.array {
				goto value
			}
			goto key
		case c == ']' && top.array, c == '}' && !top.array:
			kind = top.kind()
			if top.site >= 0 {
				site := &r.sites[top.site]
				site.verdict, site.end = top.verdict(kind), i+1
			}
		default:
			return r.wrong(src, i, "a comma or the end of an array or object is missing")
		}
		i++
		open = open[:len(open)-1]
		goto after
	}
key:
	{
		keyEnd, value := r.key(src, i)
		if value < 0 {
			return -1
		}
		open[len(open)-1].key(src[i:keyEnd])
		i = value
		goto value
	}
}

// verdict returns the verdict on an object whose first key begins with "@", given
// its kind.
func (n *nest) verdict(kind kindBit) verdict {
	switch {
	case kind == kindStored:
		return verdictSet
	case n.count != 1 || n.operand == kindScalar || n.operand == kindMembers:
		return verdictOther
	case n.keys == keyObj:
		return verdictObject
	case n.keys == keySet, n.keys == keyQuery:
		return verdictBare
	}
	return verdictOther
}
