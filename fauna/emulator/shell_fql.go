package emulator

import "strings"

// oddNames are the functions whose names the wire does not write with
// underscores between all words.
var oddNames = map[string]string{
	"containsstrregex": "ContainsStrRegex",
	"containsstr":      "ContainsStr",
	"endswith":         "EndsWith",
	"findstr":          "FindStr",
	"findstrregex":     "FindStrRegex",
	"gt":               "GT",
	"gte":              "GTE",
	"is_nonempty":      "IsNonEmpty",
	"lowercase":        "LowerCase",
	"lt":               "LT",
	"lte":              "LTE",
	"ltrim":            "LTrim",
	"ngram":            "NGram",
	"rtrim":            "RTrim",
	"regexescape":      "RegexEscape",
	"replacestr":       "ReplaceStr",
	"replacestrregex":  "ReplaceStrRegex",
	"startswith":       "StartsWith",
	"substring":        "SubString",
	"titlecase":        "TitleCase",
	"uppercase":        "UpperCase",
}

// spreadNames are the functions whose array of arguments is printed without
// brackets.
var spreadNames = map[string]bool{
	"Do": true, "Call": true, "Union": true, "Intersection": true, "Difference": true, "Equals": true,
	"Add": true, "BitAnd": true, "BitOr": true, "BitXor": true, "Divide": true, "Max": true, "Min": true,
	"Modulo": true, "Multiply": true, "Subtract": true, "LT": true, "LTE": true, "GT": true, "GTE": true,
	"And": true, "Or": true,
}

// fqlText prints an expression of the wire as the driver's toFQL does; caller
// is the function that it is an argument of, or "".
func fqlText(v *jsonValue, caller string) string {
	switch v.kind {
	case jsonString:
		return quoteJSON(v.text)
	case jsonArray:
		text := fqlList(v.items, fqlTextOf)
		if spreadNames[caller] {
			return text
		}
		return "[" + text + "]"
	case jsonObject:
		return fqlForm(v)
	}
	return inspect(plainValue(v), true)
}

func fqlTextOf(v *jsonValue) string { return fqlText(v, "") }

// fqlForm prints an object of the wire: a value with a tag, or a call.
func fqlForm(v *jsonValue) string {
	if value, ok := taggedValue(v); ok {
		if text, ok := value.(jsText); ok {
			return string(text)
		}
		if inner := v.get("@obj"); inner != nil {
			return fqlMembers(inner)
		}
	}
	call := func(name string, keys ...string) string {
		arguments := make([]*jsonValue, 0, len(keys))
		for _, key := range keys {
			if argument := v.get(key); argument != nil {
				arguments = append(arguments, argument)
			}
		}
		return name + "(" + fqlList(arguments, fqlTextOf) + ")"
	}
	switch {
	case v.get("match") != nil:
		terms := v.get("terms")
		if terms == nil || terms.kind == jsonArray && len(terms.items) == 0 {
			return call("Match", "match")
		}
		return call("Match", "match", "terms")
	case v.get("paginate") != nil:
		options := &jsonValue{kind: jsonObject}
		for i, key := range v.keys {
			if key != "paginate" {
				options.keys, options.items = append(options.keys, key), append(options.items, v.items[i])
			}
		}
		if len(options.keys) == 0 {
			return call("Paginate", "paginate")
		}
		return "Paginate(" + fqlTextOf(v.get("paginate")) + ", " + fqlMembers(options) + ")"
	case v.get("let") != nil && v.get("in") != nil:
		bindings := v.get("let")
		text := ""
		if bindings.kind == jsonArray {
			text = "[" + fqlList(bindings.items, fqlMembers) + "]"
		} else {
			text = fqlMembers(bindings)
		}
		return "Let(" + text + ", " + fqlTextOf(v.get("in")) + ")"
	case v.get("object") != nil:
		return fqlMembers(v.get("object"))
	case v.get("merge") != nil:
		return call("Merge", "merge", "with", "lambda")
	case v.get("lambda") != nil:
		return call("Lambda", "lambda", "expr")
	case v.get("filter") != nil:
		return call("Filter", "collection", "filter")
	case v.get("call") != nil:
		return call("Call", "call", "arguments")
	case v.get("map") != nil:
		return call("Map", "collection", "map")
	case v.get("foreach") != nil:
		return call("Foreach", "collection", "foreach")
	case len(v.keys) == 0:
		return "()"
	}
	name := callName(v.keys[0])
	var arguments []string
	for _, argument := range v.items {
		if argument.kind != jsonNull || len(v.items) > 1 {
			arguments = append(arguments, fqlText(argument, name))
		}
	}
	return name + "(" + strings.Join(arguments, ", ") + ")"
}

// callName turns a key of the wire into a function's name.
func callName(key string) string {
	if odd, ok := oddNames[key]; ok {
		return odd
	}
	words := strings.Split(key, "_")
	for i, word := range words {
		if word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}

// fqlMembers prints the members of an object as a literal.
func fqlMembers(v *jsonValue) string {
	if v.kind != jsonObject {
		return fqlTextOf(v)
	}
	members := make([]string, len(v.items))
	for i, item := range v.items {
		members[i] = `"` + v.keys[i] + `": ` + fqlTextOf(item)
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// fqlList prints items with commas between.
func fqlList(items []*jsonValue, print func(*jsonValue) string) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = print(item)
	}
	return strings.Join(texts, ", ")
}
