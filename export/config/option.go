package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"fauna-export/export"
	"fauna-export/export/store"
)

// Option is one option: a flag, an environment variable and, unless Once, a key
// in config files. It reads and sets its field of a Config, and implements the
// flag library's Value.
type Option struct {
	Name    string   // the flag, and the key in config files
	Usage   string   // help, with the value's name in backquotes
	Default string   // "" for the zero value
	Words   []string // the allowed values, nil for any
	Group   Group
	Path    bool // a path: a leading ~ is the home folder
	Number  bool // text that may be a number
	Once    bool // for a single call: not allowed in config files

	to   any                              // *string, *bool, *int or *[]string
	spec func(*export.Spec, string) error // checks one value and sets it in a Spec
}

// Set sets the option, or adds to its list. The error says what the value must
// be.
func (o Option) Set(text string) error {
	if o.Words != nil && !slices.Contains(o.Words, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(o.Words, ", "))
	}
	var err error
	if o.Path {
		if text, err = store.ExpandHome(text); err != nil {
			return err
		}
	}
	if o.Number && text == "" { // a variable that is not set, most likely
		return errors.New("the value is empty")
	}
	wrong := fmt.Errorf("%q is not %s", text, o.Must())
	switch to := o.to.(type) {
	case *bool:
		yes, err := strconv.ParseBool(text)
		if err != nil {
			return wrong
		}
		*to = yes
		return nil
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return wrong
		}
		*to = n
	}
	if o.spec != nil && text != "" {
		if err := o.spec(new(export.Spec), text); err != nil {
			return err
		}
	}
	switch to := o.to.(type) {
	case *string:
		*to = text
	case *[]string:
		*to = append(*to, text)
	}
	return nil
}

// kind returns the flag library's name for the kind of value, and a description
// of valid values.
func (o Option) kind() (name, must string) {
	switch o.to.(type) {
	case *bool:
		return "bool", "true or false"
	case *int:
		return "int", "a whole number, 0 or more"
	case *[]string:
		return "stringArray", "a list of strings"
	}
	return "string", "one text"
}

// Must describes valid values, for messages: "a whole number, 0 or more".
func (o Option) Must() string { _, must := o.kind(); return must }

// Type returns the flag library's name for the type of the value.
func (o Option) Type() string { name, _ := o.kind(); return name }

// value returns what the option's field holds.
func (o Option) value() reflect.Value { return reflect.ValueOf(o.to).Elem() }

// Texts returns the option's values as on a command line; none for the zero
// value.
func (o Option) Texts() []string {
	if list, ok := o.to.(*[]string); ok {
		return *list
	}
	if o.value().IsZero() {
		return nil
	}
	return []string{fmt.Sprint(o.value())}
}

// String returns the value as shown in help.
func (o Option) String() string {
	switch to := o.to.(type) {
	case nil:
		return ""
	case *[]string:
		return strings.Join(*to, ",")
	}
	return fmt.Sprint(o.value())
}

// parseAuto parses a number, or auto as 0.
func parseAuto(text string) (int, error) {
	if text == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, errors.New(strconv.Quote(text) + " must be auto or a number of at least 1")
	}
	return n, nil
}
