package fault

import (
	"bytes"
	"encoding/json"
)

// Contains matches queries whose JSON contains text.
func Contains(text string) func(Query) bool {
	return func(q Query) bool { return bytes.Contains(q.Body, []byte(text)) }
}

// Reads matches queries that page through the documents of a collection,
// whatever they select.
func Reads(collection string) func(Query) bool {
	return func(q Query) bool {
		set, ok := findKey(q.tree(), "documents")
		return ok && namesCollection(set, collection)
	}
}

// Fetches matches queries that page through the documents of a collection and
// return each document.
func Fetches(collection string) func(Query) bool {
	return func(q Query) bool {
		tree := q.tree()
		_, gets := findKey(tree, "get")
		return gets && Reads(collection)(q)
	}
}

// Lists matches queries that page through the documents of a collection and
// return only their refs or ids.
func Lists(collection string) func(Query) bool {
	return func(q Query) bool { return Reads(collection)(q) && !Fetches(collection)(q) }
}

// Any matches the queries that one of the predicates matches.
func Any(predicates ...func(Query) bool) func(Query) bool {
	return func(q Query) bool {
		for _, matches := range predicates {
			if matches(q) {
				return true
			}
		}
		return false
	}
}

// tree is the query's JSON, or nil.
func (q Query) tree() any {
	var tree any
	if json.Unmarshal(q.Body, &tree) != nil {
		return nil
	}
	return tree
}

// findKey returns the first value under a key, at any depth.
func findKey(tree any, key string) (any, bool) {
	switch node := tree.(type) {
	case map[string]any:
		if value, ok := node[key]; ok {
			return value, true
		}
		for _, value := range node {
			if found, ok := findKey(value, key); ok {
				return found, true
			}
		}
	case []any:
		for _, value := range node {
			if found, ok := findKey(value, key); ok {
				return found, true
			}
		}
	}
	return nil, false
}

// namesCollection reports whether an expression is the collection of this name,
// as a call or a ref.
func namesCollection(expression any, collection string) bool {
	node, ok := expression.(map[string]any)
	if !ok {
		return false
	}
	if node["collection"] == collection {
		return true
	}
	ref, ok := node["@ref"].(map[string]any)
	return ok && ref["id"] == collection
}
