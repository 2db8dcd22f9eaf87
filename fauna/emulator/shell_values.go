package emulator

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The values that the shell prints, as JavaScript has them: nil, bool,
// float64, string, []any, a jsObject, and a jsText for the values that Fauna's
// driver prints by itself.
type (
	// jsObject is an object's members in JavaScript's order.
	jsObject []jsMember
	jsMember struct {
		key   string
		value any
	}
	// jsText is printed as it stands.
	jsText string
)

// plainValue turns JSON into JavaScript's value.
func plainValue(v *jsonValue) any { return jsValue(v, nil) }

// faunaValue turns a query's result into the value that the driver makes of
// it: refs, times, dates, bytes, sets and queries become texts.
func faunaValue(v *jsonValue) any { return jsValue(v, taggedValue) }

// jsValue turns JSON into JavaScript's value; special, if any, may take an
// object for something else.
func jsValue(v *jsonValue, special func(*jsonValue) (any, bool)) any {
	switch v.kind {
	case jsonBool:
		return v.yes
	case jsonLong:
		return float64(v.long)
	case jsonDouble:
		return v.num
	case jsonString:
		return v.text
	case jsonArray:
		items := make([]any, len(v.items))
		for i, item := range v.items {
			items[i] = jsValue(item, special)
		}
		return items
	case jsonObject:
		if special != nil {
			if value, ok := special(v); ok {
				return value
			}
		}
		return jsMembers(v, special)
	}
	return nil
}

// jsMembers turns the members of an object into JavaScript's: keys that are
// array positions come first, by number.
func jsMembers(v *jsonValue, special func(*jsonValue) (any, bool)) jsObject {
	members := make(jsObject, len(v.items))
	for i, item := range v.items {
		members[i] = jsMember{v.keys[i], jsValue(item, special)}
	}
	slices.SortStableFunc(members, func(a, b jsMember) int {
		x, xIs := arrayPosition(a.key)
		y, yIs := arrayPosition(b.key)
		switch {
		case xIs && yIs:
			return cmp.Compare(x, y)
		case xIs:
			return -1
		case yIs:
			return 1
		}
		return 0
	})
	return members
}

// arrayPosition reads a key that JavaScript takes for a position in an array.
func arrayPosition(key string) (uint64, bool) {
	n, err := strconv.ParseUint(key, 10, 32)
	return n, err == nil && n < 1<<32-1 && strconv.FormatUint(n, 10) == key
}

// taggedValue turns an object with one of Fauna's tags into what the driver
// makes of it.
func taggedValue(v *jsonValue) (any, bool) {
	for _, tag := range []string{"@ref", "@obj", "@set", "@ts", "@date", "@bytes", "@query"} {
		content := v.get(tag)
		if content == nil {
			continue
		}
		switch {
		case tag == "@obj":
			if content.kind == jsonObject {
				if set, ok := taggedValue(content); ok {
					return set, true
				}
			}
			return faunaValue(content), true
		case tag == "@set":
			return jsText(fqlText(content, "")), true
		case tag == "@query":
			return jsText("Query(" + fqlText(content, "") + ")"), true
		case tag == "@ref" && content.kind == jsonObject:
			return jsText(refText(content)), true
		case content.kind != jsonString:
			return nil, false
		case tag == "@ts":
			return jsText(`Time("` + content.text + `")`), true
		case tag == "@date":
			return jsText(`Date("` + content.text + `")`), true
		case tag == "@bytes":
			return jsText(`Bytes("` + content.text + `")`), true
		}
		return nil, false
	}
	return nil, false
}

// refText prints a ref as the driver does.
func refText(ref *jsonValue) string {
	inner := func(key string) *jsonValue {
		if v := ref.get(key); v != nil {
			return v.get("@ref")
		}
		return nil
	}
	id, collection, database := "", inner("collection"), ""
	if v := ref.get("id"); v != nil {
		id = v.text
	}
	if scope := inner("database"); scope != nil {
		database = refText(scope)
	}
	if collection == nil {
		if id == "access_providers" {
			return "AccessProviders(" + database + ")"
		}
		if id == "" {
			return "()"
		}
		return strings.ToUpper(id[:1]) + id[1:] + "(" + database + ")"
	}
	if collection.get("collection") == nil {
		constructors := map[string]string{
			"collections": "Collection", "databases": "Database", "indexes": "Index",
			"functions": "Function", "roles": "Role", "access_providers": "AccessProvider",
		}
		if kind := collection.get("id"); kind != nil && constructors[kind.text] != "" {
			if database != "" {
				database = ", " + database
			}
			return constructors[kind.text] + `("` + id + `"` + database + ")"
		}
	}
	return "Ref(" + refText(collection) + `, "` + id + `")`
}
