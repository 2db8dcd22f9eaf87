package row

// judge decides which {"@obj":…} objects are stored sets. Sets nest, and an
// outer set depends on the inner ones, so an object is read ahead once with
// everything in it, and each verdict is kept.
type judge struct {
	verdicts  []site
	next      int // the first verdict that may still be needed
	judged    int // everything before this position was read ahead
	nests     []nest
	outermost int   // keys of the object that was read ahead
	dropped   []int // where quote omits a closing brace
}

// site is an object whose first key is "@obj".
type site struct {
	start, end int
	verdict    verdict
}

type verdict byte

const (
	verdictOther  verdict = iota // not an object of the one key "@obj" over an object
	verdictObject                // a user's object, escaped
	verdictSet                   // a stored set
	verdictFault                 // damaged
)

// forget drops the verdicts before the next document.
func (j *judge) forget() {
	j.verdicts, j.next, j.judged = j.verdicts[:0], 0, 0
}

// verdict returns what the object at i is, whose first key is "@obj", and where
// it ends.
func (j *judge) verdict(s *scanner, src []byte, i int) (verdict, int) {
	if i >= j.judged {
		j.forget()
		if j.judged = j.ahead(s, src, i); j.judged < 0 {
			j.judged = 0
			return verdictFault, -1
		}
	}
	for j.next < len(j.verdicts) && j.verdicts[j.next].start < i {
		j.next++
	}
	if j.next < len(j.verdicts) && j.verdicts[j.next].start == i {
		site := &j.verdicts[j.next]
		return site.verdict, site.end
	}
	return verdictOther, -1
}

// nest is an array or object that is open while reading ahead.
type nest struct {
	array   bool
	bad     bool    // a key that sets don't have, or a repeated one; in an array: an element that is neither ref nor set
	last    keyBit  // the key whose value is being read
	keys    keyBit  // all keys
	count   int     // number of keys
	site    int     // index in verdicts, -1 for none
	operand kindBit // the kind of the value of an operand's key, or of a tag's value
}

// key notes the next key of an object.
func (n *nest) key(quoted []byte) {
	n.count++
	if n.bad { // as most objects are after their first key
		n.last = 0
		return
	}
	n.last = keyBitOf(quoted)
	n.bad = n.last == 0 || n.keys&n.last != 0
	n.keys |= n.last
}

// value notes the kind of a key's value, or of an element.
func (n *nest) value(kind kindBit) {
	switch {
	case n.array:
		n.bad = n.bad || !kind.refOrSet()
	case n.last&operandKeys != 0:
		n.operand = kind
	}
}

// kindBit is the kind of a value, as far as recognizing sets needs it.
type kindBit byte

const (
	kindScalar  kindBit = iota
	kindObject          // any other object
	kindRef             // {"@ref":{…}}
	kindSetKeys         // an object with exactly the keys of a set and a right operand
	kindBareSet         // {"@set":{…}} over such an object
	kindStored          // {"@obj":{"@set":{…}}}
	kindMembers         // an array of refs and sets, at least one
)

func (k kindBit) refOrSet() bool { return k == kindRef || k == kindBareSet || k == kindStored }

// keyBit is a key that matters, as a set of bits.
type keyBit uint32

const (
	keyDocuments keyBit = 1 << iota
	keyMatch
	keyTerms
	keyEvents
	keySingleton
	keyUnion
	keyIntersection
	keyDifference
	keyDistinct
	keyRange
	keyFrom
	keyTo
	keyReverse
	keyFilter
	keyCollection
	keyJoin
	keyWith
	keyRef
	keySet
	keyObj

	operandKeys = keyDocuments | keyMatch | keyEvents | keySingleton | keyUnion | keyIntersection | keyDifference |
		keyDistinct | keyRange | keyReverse | keyCollection | keyJoin | keyRef | keySet | keyObj
)

func keyBitOf(quoted []byte) keyBit {
	switch string(quoted) {
	case `"documents"`:
		return keyDocuments
	case `"match"`:
		return keyMatch
	case `"terms"`:
		return keyTerms
	case `"events"`:
		return keyEvents
	case `"singleton"`:
		return keySingleton
	case `"union"`:
		return keyUnion
	case `"intersection"`:
		return keyIntersection
	case `"difference"`:
		return keyDifference
	case `"distinct"`:
		return keyDistinct
	case `"range"`:
		return keyRange
	case `"from"`:
		return keyFrom
	case `"to"`:
		return keyTo
	case `"reverse"`:
		return keyReverse
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
	case `"@obj"`:
		return keyObj
	}
	return 0
}

// kind returns what an array or object is once all of it was read.
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
	case keyDocuments, keyMatch, keyMatch | keyTerms, keyEvents, keySingleton, keyDistinct, keyReverse,
		keyRange | keyFrom | keyTo, keyFilter | keyCollection, keyJoin | keyWith:
		ok = one
	case keyUnion, keyIntersection, keyDifference:
		ok = one || n.operand == kindMembers
	}
	if ok {
		return kindSetKeys
	}
	return kindObject
}

// ahead reads the object at i and notes a verdict for each object in it whose
// first key is "@obj". It returns the position after it.
func (j *judge) ahead(s *scanner, src []byte, i int) int {
	open := j.nests[:0]
	defer func() { j.nests = open[:0] }()
	var kind kindBit
	s.spaces = false
value:
	if i < len(src) && isSpace(src[i]) {
		s.spaces = true
		i = space(src, i)
	}
	if i >= len(src) {
		return s.end(src)
	}
	switch c := src[i]; c {
	case '"':
		if i = s.text(src, i+1); i < 0 {
			return -1
		}
		kind = kindScalar
	case '{':
		if hasPrefix(src, i, refStart) {
			if ref, ok := s.usualRef(src, i+len(refStart)); ok && ref.end < len(src) && src[ref.end] == '}' {
				i = ref.end + 1
				kind = kindRef
				goto after
			}
		}
		f := nest{site: -1}
		start := i
		if i++; i < len(src) && isSpace(src[i]) {
			s.spaces = true
			i = space(src, i)
		}
		if i < len(src) && src[i] == '}' {
			i++
			kind = kindObject
			goto after
		}
		if hasPrefix(src, i, `"@obj"`) {
			f.site = len(j.verdicts)
			j.verdicts = append(j.verdicts, site{start: start})
		}
		open = append(open, f)
		goto key
	case '[':
		if i++; i < len(src) && isSpace(src[i]) {
			s.spaces = true
			i = space(src, i)
		}
		if i < len(src) && src[i] == ']' {
			i++
			kind = kindScalar
			goto after
		}
		open = append(open, nest{array: true, site: -1})
		goto value
	default:
		if i = s.skip(src, i); i < 0 {
			return -1
		}
		kind = kindScalar
	}
after:
	if len(open) == 0 {
		return i
	}
	if i < len(src) && isSpace(src[i]) {
		s.spaces = true
		i = space(src, i)
	}
	if i >= len(src) {
		return s.end(src)
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
			j.outermost = top.count
			if top.site >= 0 {
				site := &j.verdicts[top.site]
				site.verdict, site.end = top.verdict(kind), i+1
			}
		default:
			return s.fail(i, "a comma or the end of an array or object is missing")
		}
		i++
		open = open[:len(open)-1]
		goto after
	}
key:
	if i < len(src) && isSpace(src[i]) {
		s.spaces = true
		i = space(src, i)
	}
	{
		keyEnd, value := s.key(src, i)
		if value < 0 {
			return -1
		}
		top := &open[len(open)-1]
		top.key(src[i:keyEnd])
		i = value
		goto value
	}
}

// verdict returns what an object is whose first key is "@obj" and whose kind is
// known.
func (n *nest) verdict(kind kindBit) verdict {
	switch {
	case kind == kindStored:
		return verdictSet
	case n.count == 1 && n.operand != kindScalar && n.operand != kindMembers:
		return verdictObject
	}
	return verdictOther
}
