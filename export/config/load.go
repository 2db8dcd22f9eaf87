package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"fauna-export/export/store"
)

const (
	maxFile = 1 << 20 // size of a config file, in bytes
	maxDeep = 8       // nesting of brackets; an option needs one level
	maxLine = 64      // structural characters on one line
	maxKeys = 256     // keys; there are fewer options
)

// Error is the error of an invalid value or config file.
type Error struct {
	File string
	// Line is the line of the problem, from 1; 0 if unknown.
	Line int
	// Key is the option concerned, or "".
	Key string
	// Item is the position in the option's list, from 1, or 0.
	Item int
	// Unknown means that no option has this key.
	Unknown bool
	Err     error
}

// Error names file, line and key.
func (e *Error) Error() string {
	where := e.File
	if e.Line > 0 {
		where += fmt.Sprintf(":%d", e.Line)
	}
	if e.Key != "" {
		where += ": " + e.Key
	}
	return where + ": " + e.Err.Error()
}

// Unwrap returns the problem.
func (e *Error) Unwrap() error { return e.Err }

var errSecret = errors.New("a config file can't contain the secret: use FAUNA_SECRET, --secret-file or the prompt")

// Load reads a config file. The error is an *Error for a file with an unknown
// key, an invalid value, or a secret. Values are taken literally: 007 is the
// text 007. Errors never repeat a value that could be a secret.
func Load(ctx context.Context, path string) (Config, error) {
	data, err := store.ReadInput(ctx, path, maxFile)
	if err != nil {
		return Config{}, fmt.Errorf("read the config file: %w", err)
	}
	return parse(path, data)
}

func parse(path string, data []byte) (Config, error) {
	r := reader{file: path}
	if err := r.read(bytes.TrimPrefix(data, []byte("\ufeff"))); err != nil {
		return Config{}, err
	}
	return r.config, nil
}

// reader decodes one file into a config.
type reader struct {
	file   string
	config Config
}

func (r *reader) wrong(line int, key, format string, args ...any) *Error {
	return &Error{File: r.file, Line: line, Key: key, Err: fmt.Errorf(format, args...)}
}

func (r *reader) read(data []byte) error {
	if line := secretLine(data); line > 0 {
		return &Error{File: r.file, Line: line, Err: errSecret}
	}
	tokens := lexer.Tokenize(string(data))
	if line := tooDeep(tokens); line > 0 {
		return r.wrong(line, "", "is nested too deeply")
	}
	if tokensOf(tokens, token.MappingValueType) > maxKeys { // the parser's cost grows with their square
		return r.wrong(0, "", "has more keys than there are options")
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return r.notYAML(data, err)
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { // %YAML counts as a document
		return d.Body == nil || d.Body.Type() == ast.NullType || d.Body.Type() == ast.DirectiveType
	})
	if len(docs) > 1 || tokensOf(tokens, token.DocumentHeaderType) > 1 { // the parser drops some
		return r.wrong(0, "", "contains more than one YAML document")
	}
	if len(docs) == 0 {
		return nil
	}
	mapping, ok := docs[0].Body.(*ast.MappingNode)
	if !ok {
		return r.wrong(lineOf(docs[0].Body), "", "is not YAML with a key and a value on each line")
	}
	options := r.config.Options()
	for _, entry := range mapping.Values {
		key, isText := scalar(entry.Key)
		line := lineOf(entry.Key)
		i := slices.IndexFunc(options, func(o Option) bool { return o.Name == key && !o.Once })
		switch {
		case isText && i >= 0:
			if err := r.set(options[i], entry.Value); err != nil {
				return err
			}
		case isText && secretKey(key):
			return &Error{File: r.file, Line: line, Key: key, Err: errSecret}
		case isText:
			return &Error{File: r.file, Line: line, Key: key, Unknown: true, Err: errors.New("is not an option of a run")}
		default:
			return r.wrong(line, "", "has a key that is not plain text")
		}
	}
	return nil
}

// set sets an option to the value of a node.
func (r *reader) set(o Option, node ast.Node) error {
	if node.Type() == ast.NullType {
		return nil
	}
	nodes := []ast.Node{node}
	list, isList := node.(*ast.SequenceNode)
	if wantsList := o.Type() == "stringArray"; wantsList != isList {
		return r.wrong(lineOf(node), o.Name, "must be %s", o.Must())
	}
	if isList {
		nodes = list.Values
	}
	for i, n := range nodes {
		text, ok := scalar(n)
		var err error
		if ok {
			err = o.Set(text)
		}
		if !ok || err != nil && o.Type() != "string" && !isList {
			return r.wrong(lineOf(n), o.Name, "must be %s", o.Must())
		}
		if err != nil {
			e := &Error{File: r.file, Line: lineOf(n), Key: o.Name, Err: err}
			if isList {
				e.Item = i + 1
			}
			return e
		}
	}
	return nil
}

// scalar returns a plain value as written, and whether the node is one. Tags,
// aliases, lists and objects are not.
func scalar(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func lineOf(node ast.Node) int {
	if t := node.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// tooDeep returns the line at which a text is nested too deeply, 0 if none. The
// parser's cost grows with the square of the depth.
func tooDeep(tokens token.Tokens) int {
	depth, line, marks := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, marks = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
			marks++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			marks++
		}
		if depth > maxDeep || marks > maxLine {
			return line
		}
	}
	return 0
}

// tokensOf counts the tokens of a type.
func tokensOf(tokens token.Tokens, kind token.Type) int {
	n := 0
	for _, t := range tokens {
		if t.Type == kind {
			n++
		}
	}
	return n
}

// notYAML describes what the parser rejects, and where. The parser's own
// message would repeat a value.
func (r *reader) notYAML(data []byte, err error) *Error {
	e := r.wrong(0, "", "is not YAML with a key and a value on each line")
	ye, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return e
	}
	if t := ye.GetToken(); t != nil && t.Position != nil {
		e.Line = t.Position.Line
		e.Key = keyAt(data, e.Line)
	}
	e.Err = errors.New("is not YAML")
	if strings.Contains(ye.GetMessage(), "already defined") {
		e.Err = errors.New("is set twice")
	}
	return e
}

// secretKey reports whether a key looks like one for a secret.
func secretKey(key string) bool {
	words := []string{"secret", "password", "token"}
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(strings.ToLower(key), word) })
}

var secretText = regexp.MustCompile(`(?:^|[^\w-])fn[A-Za-z0-9_-]{38,60}(?:[^\w-]|$)`)

// secretLine returns the first line with text that looks like a secret, even in a
// comment; 0 if there is none.
func secretLine(data []byte) int {
	at := secretText.FindIndex(data)
	if at == nil {
		return 0
	}
	// The match may start at the end of the previous line.
	return 1 + bytes.Count(data[:at[0]+1], []byte("\n"))
}

// keyAt returns the key that a line of YAML starts with or belongs to, "" for
// none.
func keyAt(data []byte, line int) string {
	lines := strings.Split(string(data), "\n")
	for i := min(line, len(lines)) - 1; i >= 0; i-- {
		key, _, ok := strings.Cut(lines[i], ":")
		if ok && key != "" && key[0] != ' ' && key[0] != '-' && key[0] != '#' {
			return strings.Trim(key, "\"' \t")
		}
	}
	return ""
}

// Write writes the options that are set to a config file (0600), atomically
// replacing an old one.
func Write(path string, c Config) error {
	var set yaml.MapSlice
	for _, o := range c.Options() {
		if !o.Once && len(o.Texts()) > 0 {
			set = append(set, yaml.MapItem{Key: o.Name, Value: o.value().Interface()})
		}
	}
	body, err := yaml.Marshal(set)
	if err != nil {
		return fmt.Errorf("encode the config: %w", err)
	}
	if len(set) == 0 {
		body = nil
	}
	head := "# Options of fauna-export run --config. The secret is not here: use FAUNA_SECRET,\n# --secret-file or the prompt. For editors: run --config-schema prints a schema.\n"
	if err := store.WritePrivate(path, append([]byte(head), body...)); err != nil {
		return fmt.Errorf("write the config file: %w", err)
	}
	return nil
}
