package fql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// v10Members are the members of a definition that only FQL v10 can create: FQL
// v4 rejects them or silently drops them.
func v10Members(kind DefinitionKind, document *Node) []string {
	var found []string
	for key, value := range document.Members() {
		switch {
		case kind == CollectionDefinitions && slices.Contains([]string{"fields", "computed_fields", "wildcard", "alias", "indexes", "constraints", "document_ttls"}, key),
			kind == FunctionDefinitions && (key == "alias" || key == "signature"),
			kind == FunctionDefinitions && key == "body" && value.Kind == String,
			kind == RoleDefinitions && (key == "privileges" || key == "membership") && hasTextResource(value):
			found = append(found, key)
		}
	}
	return found
}

// hasTextResource reports whether privileges or memberships name a resource by
// text, as FQL v10 does; FQL v4 holds refs.
func hasTextResource(list *Node) bool {
	return slices.ContainsFunc(list.Elements(), func(n *Node) bool {
		return n.Member("resource").Str() != ""
	})
}

// fsl returns a definition in Fauna's schema language, for v10 shells to push,
// or "" if part of the definition has no known form.
func fsl(kind DefinitionKind, name string, document *Node) string {
	w := &fslWriter{}
	switch kind {
	case CollectionDefinitions:
		w.collection(name, document)
	case FunctionDefinitions:
		w.function(name, document)
	case RoleDefinitions:
		w.role(name, document)
	default:
		w.strange = true
	}
	if w.strange {
		return ""
	}
	return strings.TrimSuffix(w.text.String(), "\n")
}

// fslWriter writes one definition.
type fslWriter struct {
	text    strings.Builder
	strange bool // the definition has an unknown part
}

func (w *fslWriter) line(format string, args ...any) {
	fmt.Fprintf(&w.text, format+"\n", args...)
}

// word returns a name, which must be an identifier.
func (w *fslWriter) word(text string) string {
	if !identifier.MatchString(text) {
		w.strange = true
	}
	return text
}

// str returns the text of a member, "" if there is none.
func (w *fslWriter) str(n *Node, key string) string {
	value := n.Member(key)
	if value == nil || value.Kind == Null {
		return ""
	}
	if value.Kind != String {
		w.strange = true
	}
	return value.Text
}

// alias writes the other name of a collection or function.
func (w *fslWriter) alias(document *Node) {
	if alias := w.str(document, "alias"); alias != "" {
		w.line("@alias(%s)", w.word(alias))
	}
}

func (w *fslWriter) collection(name string, document *Node) {
	w.alias(document)
	w.line("collection %s {", w.word(name))
	for key, field := range document.Member("fields").Members() {
		text := "  " + w.word(key) + ": " + w.str(field, "signature")
		if given := w.str(field, "default"); given != "" {
			text += " = " + given
		}
		w.line("%s", text)
	}
	for key, field := range document.Member("computed_fields").Members() {
		text := "  compute " + w.word(key)
		if signature := w.str(field, "signature"); signature != "" {
			text += ": " + signature
		}
		w.line("%s = %s", text, parenthesized(w.str(field, "body")))
	}
	if wildcard := w.str(document, "wildcard"); wildcard != "" {
		w.line("  *: %s", wildcard)
	}
	for key, index := range document.Member("indexes").Members() {
		w.line("  index %s {", w.word(key))
		for _, part := range []string{"terms", "values"} {
			if list := index.Member(part).Elements(); len(list) > 0 {
				w.line("    %s [%s]", part, w.paths(list))
			}
		}
		w.line("  }")
	}
	for _, constraint := range document.Member("constraints").Elements() {
		check, unique := constraint.Member("check"), constraint.Member("unique")
		switch {
		case unique != nil:
			w.line("  unique [%s]", w.paths(unique.Elements()))
		case check != nil:
			w.line("  check %s %s", w.word(w.str(check, "name")), parenthesized(w.str(check, "body")))
		default:
			w.strange = true
		}
	}
	if document.Member("history_days") == nil {
		w.line("  history_days 9223372036854775807") // forever; without the line it would be 0
	}
	for _, key := range []string{"history_days", "ttl_days", "document_ttls"} {
		if value := document.Member(key); value != nil && value.Kind != Null {
			w.line("  %s %s", key, value.Text)
		}
	}
	w.line("}")
}

// paths returns the fields of an index or of a constraint.
func (w *fslWriter) paths(list []*Node) string {
	var texts []string
	for _, n := range list {
		text := n.Text
		if n.Kind == Object {
			text = w.str(n, "field")
			if n.Member("mva").Is("true") {
				text = "mva(" + text + ")"
			}
			if w.str(n, "order") == "desc" {
				text = "desc(" + text + ")"
			}
		}
		if text == "" {
			w.strange = true
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func (w *fslWriter) function(name string, document *Node) {
	w.alias(document)
	if role := w.str(document, "role"); role != "" {
		if !identifier.MatchString(role) { // server-readonly
			role = Quote(role)
		}
		w.line("@role(%s)", role)
	}
	parameters, body := w.arrow(w.str(document, "body"))
	result := ""
	if signature := w.str(document, "signature"); signature != "" {
		types, of := w.arrow(signature)
		if len(types) != len(parameters) {
			w.strange = true
			return
		}
		for i, text := range types {
			if _, named, ok := strings.Cut(text, ":"); ok && !strings.ContainsAny(text[:len(text)-len(named)], "{<[(") {
				text = named // a: Number
			}
			parameters[i] += ": " + strings.TrimSpace(strings.TrimPrefix(text, "..."))
		}
		result = ": " + of
	}
	// The body of a function is a block; a lambda's is an expression or a block.
	if !strings.HasPrefix(body, "{") || objectStart.MatchString(body) || closing(body) != len(body)-1 {
		body = "{\n  " + body + "\n}"
	}
	w.line("function %s(%s)%s %s", w.word(name), strings.Join(parameters, ", "), result, body)
}

// objectStart matches the start of an object literal; no block starts like this.
var objectStart = regexp.MustCompile(`^\{\s*(\}|(\w+|"[^"]*")\s*:)`)

// arrow splits "(a, b) => c", a lambda or its type.
func (w *fslWriter) arrow(text string) (parameters []string, result string) {
	text = strings.TrimSpace(text)
	head, after := text, ""
	if strings.HasPrefix(text, "(") {
		if end := closing(text); end > 0 {
			head, after = text[1:end], strings.TrimSpace(text[end+1:])
		}
	} else if i := strings.Index(text, "=>"); i >= 0 {
		head, after = text[:i], text[i:]
	}
	result, ok := strings.CutPrefix(after, "=>")
	w.strange = w.strange || !ok
	for rest := head; strings.TrimSpace(rest) != ""; {
		end := outside(rest, ',')
		parameters = append(parameters, strings.TrimSpace(rest[:end]))
		rest = rest[min(len(rest), end+1):]
	}
	return parameters, strings.TrimSpace(result)
}

// parenthesized puts a lambda in parentheses, unless it has them. The server stores a
// short one, like (.age > 17), with its parentheses.
func parenthesized(text string) string {
	if strings.HasPrefix(text, "(") && closing(text) == len(text)-1 {
		return text
	}
	return "(" + text + ")"
}

// closing returns the position of the bracket that closes a text's first one, or -1.
func closing(text string) int {
	end := outside(text[1:], rune(map[byte]byte{'(': ')', '{': '}'}[text[0]]))
	if end == len(text)-1 {
		return -1
	}
	return end + 1
}

// compares reports whether the < or > at i is an operator or the end of an arrow,
// unlike the brackets of Set<Order>.
func compares(text string, i int) bool {
	return i == 0 || strings.ContainsRune(" =-", rune(text[i-1])) || text[i] == '<' && i+1 < len(text) && strings.ContainsRune(" =", rune(text[i+1]))
}

// outside returns the position of a text's first want outside brackets and quotes, or
// its length.
func outside(text string, want rune) int {
	depth, quote, escaped := 0, rune(0), false
	for i, r := range text {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && r == '\\':
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case depth == 0 && r == want:
			return i
		case r == '"' || r == '\'':
			quote = r
		case strings.ContainsRune("([{", r), r == '<' && !compares(text, i):
			depth++
		case strings.ContainsRune(")]}", r), r == '>' && !compares(text, i):
			depth--
		}
	}
	return len(text)
}

func (w *fslWriter) role(name string, document *Node) {
	w.line("role %s {", w.word(name))
	for _, privilege := range document.Member("privileges").Elements() {
		w.line("  privileges %s {", w.resource(privilege))
		for action, rule := range privilege.Member("actions").Members() {
			switch {
			case rule.Kind == String:
				w.line("    %s {\n      predicate %s\n    }", w.word(action), parenthesized(rule.Text))
			case rule.Text == "true":
				w.line("    %s", w.word(action))
			case rule.Text != "false":
				w.strange = true // a v4 lambda
			}
		}
		w.line("  }")
	}
	for _, member := range document.Member("membership").Elements() {
		w.line("  membership %s%s", w.resource(member), w.predicate(member))
	}
	w.line("}")
}

func (w *fslWriter) predicate(member *Node) string {
	if text := w.str(member, "predicate"); text != "" {
		return " {\n    predicate " + parenthesized(text) + "\n  }"
	}
	return ""
}

// resource returns the name of a privilege's or membership's resource, given as
// text or as a ref of a collection or function.
func (w *fslWriter) resource(n *Node) string {
	resource := n.Member("resource")
	switch ref := resource.Member("@ref"); ref.Member("collection", "@ref", "id").Str() {
	case "collections", "functions":
		return w.word(ref.Member("id").Str())
	}
	return w.word(resource.Str())
}

// comment writes text as lines of a comment.
func comment(text string) string {
	var b strings.Builder
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n") {
		b.WriteString(strings.TrimRight("// "+lineOf([]byte(line)), " ") + "\n")
	}
	return b.String()
}
