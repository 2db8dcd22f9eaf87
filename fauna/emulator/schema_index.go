package emulator

import "slices"

// indexSources reads the collections that an index is over: a ref, an object
// with a ref under "collection", or an array of these.
func indexSources(in *object) (refs []*ref, bad []failure) {
	v, _ := in.field("source")
	list := asArray(v)
	if len(list) == 0 {
		return nil, []failure{{[]string{"source"}, "value required", "Required value not found."}}
	}
	for _, src := range list {
		if o, ok := src.(*object); ok {
			if src, _ = o.field("collection"); src == nil {
				src, _ = o.field("class")
			}
			if src == nil {
				return nil, []failure{{[]string{"class"}, "value required", "Required value not found."}}
			}
		}
		r, ok := src.(*ref)
		switch {
		case !ok || r.class != clsCollections || r.native:
			return nil, []failure{wrongType(src, "SourceClass", "source")}
		case r.item == nil || r.item.gone:
			return nil, []failure{badReference("source")}
		}
		refs = append(refs, r)
	}
	return refs, nil
}

// indexFields reads an index's terms or values.
func indexFields(in *object, name string) (specs []fieldSpec, bad []failure) {
	v, _ := in.field(name)
	for _, spec := range asArray(v) {
		o, ok := spec.(*object)
		if !ok {
			return nil, []failure{wrongType(spec, "Map", name)}
		}
		path, _ := o.field("field")
		steps := asArray(path)
		if path == nil {
			return nil, []failure{{[]string{"field"}, "value required", "Must provide one of the following: field, binding"}}
		}
		for _, step := range steps {
			switch step.(type) {
			case string, int64:
			default:
				return nil, []failure{wrongType(step, "Long or String", "field")}
			}
		}
		reverse, _ := o.field("reverse")
		specs = append(specs, fieldSpec{path: steps, reverse: reverse == true})
	}
	return specs, nil
}

func checkIndex(in *object) []failure {
	_, bad := indexSources(in)
	for _, name := range []string{"terms", "values"} {
		_, unfit := indexFields(in, name)
		bad = append(bad, unfit...)
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

// attach makes the index follow its sources.
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
