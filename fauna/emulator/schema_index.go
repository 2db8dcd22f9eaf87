package emulator

import "slices"

// indexSources reads the collections that an index is over: a ref, an object
// with a ref under "collection", or an array of these.
func indexSources(in *object) ([]*ref, bool) {
	v, _ := in.field("source")
	var out []*ref
	for _, src := range asArray(v) {
		if o, ok := src.(*object); ok {
			src, _ = o.field("collection")
		}
		r, ok := src.(*ref)
		if !ok || r.class != clsCollections || r.native {
			return nil, false
		}
		out = append(out, r)
	}
	return out, len(out) > 0
}

// indexFields reads an index's terms or values.
func indexFields(in *object, name string) ([]fieldSpec, bool) {
	v, _ := in.field(name)
	var out []fieldSpec
	for _, spec := range asArray(v) {
		o, ok := spec.(*object)
		if !ok {
			return nil, false
		}
		path, ok := o.field("field")
		if !ok {
			return nil, false
		}
		reverse, _ := o.field("reverse")
		steps := asArray(path)
		for _, s := range steps {
			switch s.(type) {
			case string, int64:
			default:
				return nil, false
			}
		}
		out = append(out, fieldSpec{path: steps, reverse: reverse == true})
	}
	return out, true
}

func checkIndex(in *object) []failure {
	var bad []failure
	src, has := in.field("source")
	refs, ok := indexSources(in)
	switch {
	case !has || src == nil:
		bad = append(bad, failure{[]string{"source"}, "value required", "Required value not found."})
	case !ok:
		bad = append(bad, badReference("source"))
	}
	for _, r := range refs {
		if r.item == nil || r.item.gone {
			bad = append(bad, badReference("source"))
		}
	}
	for _, name := range []string{"terms", "values"} {
		if _, ok := indexFields(in, name); !ok {
			bad = append(bad, failure{[]string{name}, "value required", "Required value not found."})
		}
	}
	return bad
}

// newIndex makes an index from checked fields and builds it.
func newIndex(it *item, fields *object, now int64) *index {
	ix := &index{item: it}
	refs, _ := indexSources(fields)
	for _, r := range refs {
		ix.sources = append(ix.sources, r.item)
	}
	ix.terms, _ = indexFields(fields, "terms")
	ix.values, _ = indexFields(fields, "values")
	versions := 0
	for _, src := range ix.sources {
		for _, h := range src.coll.docs {
			versions += len(h.versions)
		}
	}
	if versions > buildAtOnce {
		ix.activeAt = now + buildTime
	}
	ix.build()
	return ix
}

// attach lets the index follow its sources.
func (ix *index) attach() {
	for _, src := range ix.sources {
		src.coll.indexes = append(src.coll.indexes, ix)
	}
}

func (ix *index) detach() {
	for _, src := range ix.sources {
		src.coll.indexes = slices.DeleteFunc(slices.Clone(src.coll.indexes), func(o *index) bool { return o == ix })
	}
}
