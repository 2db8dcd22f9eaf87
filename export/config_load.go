package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// ConfigError is a config file that cannot be used.
type ConfigError struct {
	File string
	// Line is where the problem is, from 1; 0 when it is nowhere in
	// particular.
	Line int
	// Key is the key it is about, or empty.
	Key string
	// Item is the element of the key's list that it is about, from 1; else 0.
	Item int
	// Unknown says that no option has this key.
	Unknown bool
	Problem string
}

// Error names file, line and key.
func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	return b.String() + e.Problem
}

// noSecretHere is what is said of a secret in a config file.
const noSecretHere = "a config file holds no secret: give it by FAUNA_SECRET, --secret-file or at the prompt"

// LoadConfig reads a config file. Its error is a *ConfigError for a file
// with an unknown key, a value that cannot be, or a secret; a value is named
// in it only where it can be none.
func LoadConfig(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the config file: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return Config{}, fmt.Errorf("read the config file: %w", err)
	}
	return parseConfig(path, data)
}

func parseConfig(path string, data []byte) (Config, error) {
	if line := secretLine(data); line > 0 {
		return Config{}, &ConfigError{File: path, Line: line, Problem: noSecretHere}
	}
	var c Config
	dec := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	err := dec.Decode(&c)
	if errors.Is(err, io.EOF) {
		return Config{}, nil // an empty file
	}
	if err != nil {
		return Config{}, decodeError(path, data, err)
	}
	if err := dec.Decode(&Config{}); !errors.Is(err, io.EOF) {
		return Config{}, &ConfigError{File: path, Problem: "holds more than one document"}
	}
	_, err = c.Spec()
	if e, ok := errors.AsType[*ConfigError](err); ok {
		e.File, e.Line = path, keyLine(data, e.Key, e.Item)
		return Config{}, e
	}
	return c, err
}

// decodeError says in words what the YAML decoder refuses, and where. Its own
// words would name Go's types, or repeat a value.
func decodeError(path string, data []byte, err error) *ConfigError {
	e := &ConfigError{File: path, Problem: "is not YAML with a key and a value a line"}
	ye, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return e
	}
	if t := ye.GetToken(); t != nil && t.Position != nil {
		e.Line = t.Position.Line
		e.Key = keyAt(data, e.Line)
	}
	var syntax *yaml.SyntaxError
	kind := kindOf(e.Key)
	switch {
	case strings.Contains(ye.GetMessage(), "already defined"):
		e.Problem = "is set twice"
	case errors.As(err, &syntax):
		e.Problem = "is not YAML"
	case kind != "":
		e.Problem = "must be " + kind
	case secretKey(e.Key):
		e.Problem = noSecretHere
	case e.Key != "":
		e.Unknown = true
		e.Problem = "is no option of a run"
	}
	return e
}

// kindOf says in words what the value of a key must be; "" for a key that
// does not exist.
func kindOf(key string) string {
	i := slices.Index(ConfigKeys(), key)
	if i < 0 {
		return ""
	}
	switch reflect.TypeFor[Config]().Field(i).Type.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list of texts"
	}
	return "one text"
}

// secretKey tells whether a key is one that somebody would keep a secret under.
func secretKey(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"secret", "password", "token"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// secretLine is the first line that holds what looks like the secret of a key,
// in a comment too; 0 when there is none.
func secretLine(data []byte) int {
	at := regexp.MustCompile(`(?:^|[^\w-])fn[A-Za-z0-9_-]{38,60}(?:[^\w-]|$)`).FindIndex(data)
	if at == nil {
		return 0
	}
	// The match may begin with the end of the line before.
	return 1 + bytes.Count(data[:at[0]+1], []byte("\n"))
}

// keyAt is the key that a line of YAML begins with, or that it belongs to;
// empty when there is none. The value is never shown: it may be a secret in the
// wrong place.
func keyAt(data []byte, line int) string {
	lines := strings.Split(string(data), "\n")
	for i := min(line, len(lines)) - 1; i >= 0; i-- {
		key, _, ok := strings.Cut(lines[i], ":")
		if ok && key != "" && key[0] != ' ' && key[0] != '-' && key[0] != '#' {
			return strings.Trim(key, `"' `)
		}
	}
	return ""
}

// keyLine is the line of a key, or of an element of its list, from 1; 0 when it
// cannot be told.
func keyLine(data []byte, key string, item int) int {
	text := "$.'" + key + "'"
	if item > 0 {
		text += fmt.Sprintf("[%d]", item-1)
	}
	path, err := yaml.PathString(text)
	if err != nil {
		return 0
	}
	node, err := path.ReadNode(bytes.NewReader(data))
	if err != nil || node.GetToken() == nil {
		return 0
	}
	return node.GetToken().Position.Line
}
