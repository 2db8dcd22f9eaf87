package emulator

import "slices"

// readIndex reads an index's settings: its sources, each a ref or an object with
// a ref, its terms and its values. bad lists what is wrong.
func readIndex(in *object) (sources []*item, terms, values []fieldSpec, bad []failure) {
	list := asArray(in.get("source"))
	if len(list) == 0 {
		bad = append(bad, missing("source"))
	}
	for _, src := range list {
		r, ok := src.(*ref)
		if o, isObject := src.(*object); isObject {
			if r, ok = o.get("class").(*ref); !ok {
				r, ok = o.get("collection").(*ref)
			}
			if !ok && o.get("class") == nil {
				bad = append(bad, missing("class"))
				break
			}
		}
		if !ok || r.class != clsCollections || r.native {
			bad = append(bad, wrongType(src, "SourceClass", "source"))
			break
		}
		sources = append(sources, r.item)
	}
	terms, unfit := indexFields(in, "terms")
	values, wrong := indexFields(in, "values")
	return sources, terms, values, slices.Concat(bad, unfit, wrong)
}

// indexFields reads an index's terms or values.
func indexFields(in *object, name string) (specs []fieldSpec, bad []failure) {
	for _, spec := range asArray(in.get(name)) {
		o, ok := spec.(*object)
		if !ok {
			return nil, []failure{wrongType(spec, "Map", name)}
		}
		path := asArray(o.get("field"))
		if path == nil {
			return nil, []failure{{array{"field"}, "value required", "Must provide one of the following: field, binding"}}
		}
		if i := slices.IndexFunc(path, func(step value) bool { return !isStep(step) }); i >= 0 {
			return nil, []failure{wrongType(path[i], "Long or String", "field")}
		}
		specs = append(specs, fieldSpec{path: path, reverse: o.get("reverse") == true})
	}
	return specs, nil
}

// newIndex creates an index from checked fields and builds it.
func newIndex(it *item, fields *object, now int64) *index {
	ix := &index{item: it}
	ix.sources, ix.terms, ix.values, _ = readIndex(fields)
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
