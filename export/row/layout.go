package row

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
)

// Layout defines what the rows of one collection's file look like.
type Layout struct {
	Collection string      // the collection's name
	Format     Format      // the kind of file
	Compress   Compression // compression of the whole file; never with Parquet
	Columns    []Column    // additional columns, in order
	NoData     bool        // leave out the "data" column
	Strict     bool        // a value that does not fit its column's type is an error
	Deletion   string      // name of the deletion column, which comes last; "" for none
}

// Validate returns an error for an invalid layout: an unknown format, reserved
// or duplicate column names, compression of Parquet, columns in wire files.
func (l Layout) Validate() error { return l.validate(Fold) }

func (l Layout) validate(fold func(string) string) error {
	if _, err := ParseFormat(string(l.Format)); err != nil {
		return err
	}
	if _, err := ParseCompression(string(l.Compress)); err != nil {
		return err
	}
	can := l.Format.Can()
	if !can.Compresses && !l.Compress.plain() {
		return fmt.Errorf("%s files are compressed internally: leave out --compress", l.Format)
	}
	if !can.Columns && (len(l.Columns) > 0 || l.NoData) {
		return fmt.Errorf("%s files keep each document as the server sent it: leave out --column and --no-data", l.Format)
	}
	seen := make(map[string]bool, len(l.Columns))
	for _, c := range l.Columns {
		if _, err := ParseType(string(c.typ())); err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		if len(c.Path) == 0 {
			return fmt.Errorf("column %q: the path is empty", c.Name)
		}
		for _, step := range c.Path {
			switch step := step.(type) {
			case string:
			case int64:
				if step < 0 {
					return fmt.Errorf("column %q: %d is not an array position", c.Name, step)
				}
			default:
				return fmt.Errorf("column %q: a step of the path must be a name or an array position, not %T", c.Name, step)
			}
		}
		if err := addColumnName(seen, c.Name, fold); err != nil {
			return err
		}
	}
	if l.Deletion != "" {
		if err := addColumnName(seen, l.Deletion, fold); err != nil {
			return fmt.Errorf("deletion column: %w", err)
		}
	}
	return nil
}

// addColumnName notes a name, by what is the same for all that differ in case
// alone.
func addColumnName(seen map[string]bool, name string, fold func(string) string) error {
	if err := checkColumnName(name); err != nil {
		return err
	}
	folded := fold(name)
	if seen[folded] {
		return fmt.Errorf("two columns are named %q", name)
	}
	seen[folded] = true
	return nil
}

// Fold returns the same text for names that strings.EqualFold holds equal.
func Fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, name)
}

func (c Column) typ() Type { return cmp.Or(c.Type, TypeJSON) }

// Paths returns what the server must select from each document, in the order
// that Page expects; the empty path is the document itself. Nil means whole
// documents, not in arrays.
func (l Layout) Paths() [][]any {
	if len(l.Columns) == 0 && !l.NoData {
		return nil
	}
	paths := [][]any{{}}
	if l.NoData {
		paths = [][]any{{"ref"}, {"ts"}, {"ttl"}} // the whole ref, to check the collection
	}
	for _, c := range l.Columns {
		paths = append(paths, c.Path)
	}
	return paths
}

// Extension returns the file name's extension without a leading dot: "jsonl",
// "csv.gz", "wire.zst", "parquet".
func (l Layout) Extension() string {
	return string(l.Format) + map[Compression]string{Gzip: ".gz", Zstd: ".zst"}[l.Compress]
}

// column is a column of a file.
type column struct {
	name     string
	typ      Type
	key      string // `,"name":` in JSON
	optional bool   // may be null
}

// columns returns the file's columns in order. data is null only in the rows of
// removed documents.
func (l Layout) columns() []column {
	all := []column{{name: "ref", typ: TypeString}, {name: "ts", typ: TypeTime}}
	if !l.NoData {
		all = append(all, column{name: "data", typ: TypeJSON, optional: l.Deletion != ""})
	}
	all = append(all, column{name: "ttl", typ: TypeTime, optional: true})
	for _, c := range l.Columns {
		all = append(all, column{name: c.Name, typ: c.typ(), optional: true})
	}
	if l.Deletion != "" {
		all = append(all, column{name: l.Deletion, typ: TypeTime, optional: true})
	}
	for i, c := range all {
		all[i].key = "," + jsonKey(c.name) + ":"
	}
	return all
}

// Names returns the file's columns in order, none for a format without columns.
func (l Layout) Names() []string {
	if !l.Format.Can().Columns {
		return nil
	}
	var names []string
	for _, c := range l.columns() {
		names = append(names, c.name)
	}
	return names
}
