package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fauna-export/export/row"
	"fauna-export/tui/text"
)

// A fieldPicker offers the fields found in each collection's first documents as columns.
type fieldPicker struct {
	o          *outputStep
	collection string
	names      []string                // collections to switch between
	found      map[string][]foundField // by collection
	marks      map[string][]pick       // likewise: the rows of those fields
	picker
	loading wait
}

// fieldSample is how many documents are searched for fields.
const fieldSample = 20

// A foundField is a path that occurs in some of the documents.
type foundField struct {
	path   []any
	typ    row.Type
	sample string // an example value, as JSON text
}

func (o *outputStep) pick() {
	names := o.s.readable()
	if len(names) == 0 {
		o.s.say(noteBad, "None of the chosen collections can be read.")
		return
	}
	p := &fieldPicker{o: o, names: names, found: map[string][]foundField{}, marks: map[string][]pick{}}
	p.picker = newPicker(o.s.st, 60, func(pick) {}) // it marks the rows in marks
	o.s.instead = p
	p.turnTo(names[0])
}

func (p *fieldPicker) turnTo(collection string) {
	p.collection = collection
	p.clear()
	p.set(nil)
	p.loading.drop()
	if rows, ok := p.marks[collection]; ok {
		p.set(rows)
		return
	}
	s, srv := p.o.s, p.o.s.server
	await(s, &p.loading, func(ctx context.Context) ([]foundField, error) { return sampleFields(ctx, srv, collection) }, func(fields []foundField, err error) {
		if err != nil {
			return
		}
		p.found[collection] = fields
		p.marks[collection] = mapped(fields, func(f foundField) pick {
			about := text.Pad(string(f.typ), 7) + " " + text.Clean(f.sample)
			return pick{name: text.Clean(row.FormatPath(f.path)), about: about, chosen: s.columnOf(collection, f.path) >= 0}
		})
		p.set(p.marks[collection])
	})
}

// columnOf returns the index of the column with a path, or -1.
func (s *session) columnOf(collection string, path []any) int {
	return slices.IndexFunc(s.columns, func(c column) bool {
		return c.collection == collection && row.FormatPath(c.Path) == row.FormatPath(path)
	})
}

func (p *fieldPicker) busy() bool { return p.loading.busy }

func (p *fieldPicker) title() (string, string) {
	n := 0
	for _, rows := range p.marks {
		for _, r := range rows {
			if r.chosen {
				n++
			}
		}
	}
	return "Which fields of " + text.Clean(p.collection) + " should be columns?", text.Number(int64(n)) + " marked in all"
}

func (p *fieldPicker) actions() []action {
	if p.typing {
		return p.picker.actions()
	}
	turn := func(by int) func() {
		n := len(p.names)
		return func() { p.turnTo(p.names[(slices.Index(p.names, p.collection)+by+n)%n]) }
	}
	return slices.Concat([]action{
		on("enter", "use these columns", p.take).when(!p.loading.busy),
		on("r", "retry", func() { p.turnTo(p.collection) }).when(p.loading.err != nil),
		on("tab", "next collection", turn(1)).when(len(p.names) > 1), on("", "", turn(-1), "shift+tab").when(len(p.names) > 1),
	}, p.picker.actions(), []action{on("", "close", p.o.leave, "esc")})
}

// take adds the marked fields of all collections as columns, and removes those whose
// mark was cleared.
func (p *fieldPicker) take() {
	o := p.o
	added, removed := 0, 0
	for _, collection := range p.names {
		for i, f := range p.found[collection] {
			at, chosen := o.s.columnOf(collection, f.path), p.marks[collection][i].chosen
			switch {
			case at >= 0 && !chosen:
				o.s.columns = slices.Delete(o.s.columns, at, at+1)
				removed++
			case at < 0 && chosen:
				if err := o.s.addField(collection, f); err != nil {
					o.s.fail(err)
					return
				}
				added++
			}
		}
	}
	o.leave()
	o.focus = o.last()
	message := text.Count(int64(added), "column") + " added"
	if removed > 0 {
		message += ", " + text.Number(int64(removed)) + " removed"
	}
	o.s.say(noteGood, "%s.", message)
	o.preview.refresh()
}

// addField adds a field as a column named after the last name of its path, or more of
// them if that is taken.
func (s *session) addField(collection string, f foundField) (err error) {
	for n := 1; n <= len(f.path); n++ {
		c := column{collection: collection, Column: row.Column{Name: pathName(f.path, n), Path: f.path, Type: f.typ}}
		c.text = columnText(c)
		if err = s.takeColumn(c); err == nil {
			break
		}
	}
	return err
}

func (p *fieldPicker) body(w, h int) []string {
	s := p.o.s
	switch {
	case p.loading.busy:
		return []string{s.spinner + " reading the first documents …"}
	case p.loading.err != nil:
		return marked(s.st, noteBad, s.sentence(p.loading.err), w)
	case len(p.rows) == 0:
		return []string{"  no documents, so no fields; type the column instead"}
	}
	return append([]string{p.filterLine(w)}, p.view(w, h-1)...)
}

func columnText(c column) string {
	return fmt.Sprintf("%s:%s:%s=%s", c.collection, c.Name, c.Type, row.FormatPath(c.Path))
}

// pathName joins the last n steps of a path, without characters unfit for a column name.
func pathName(path []any, n int) string {
	parts := mapped(path[max(0, len(path)-n):], func(step any) string { return fmt.Sprint(step) })
	name := strings.NewReplacer(":", "_", "=", "_", ".", "_").Replace(strings.Join(parts, "_"))
	if name == "id" && n == 1 && len(path) > 1 {
		return pathName(path, 2)
	}
	return name
}

func sampleFields(ctx context.Context, srv server, collection string) ([]foundField, error) {
	body, err := samplePage(ctx, srv, row.Layout{Collection: collection}, fieldSample)
	if err != nil {
		return nil, err
	}
	return findFields(body)
}

// findFields lists the paths that FQL's Select takes in the documents of a page in wire
// format, with the type that fits all values seen.
func findFields(body []byte) ([]foundField, error) {
	var page struct {
		Resource struct {
			Data []struct {
				Data map[string]any `json:"data"`
			} `json:"data"`
		} `json:"resource"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&page); err != nil {
		return nil, fmt.Errorf("read documents: %w", err)
	}
	found := foundFields{}
	for _, doc := range page.Resource.Data {
		found.walk([]any{"data"}, doc.Data, 0)
	}
	return mapped(slices.Sorted(maps.Keys(found)), func(path string) foundField { return *found[path] }), nil
}

// foundFields maps paths, as text, to the fields seen.
type foundFields map[string]*foundField

// walk records each member of an object, and descends into objects and refs.
func (found foundFields) walk(path []any, object map[string]any, depth int) {
	for name, v := range object {
		p := append(slices.Clone(path), name)
		typ, inner := fieldType(v)
		if inner != nil && depth < 8 {
			found.walk(p, inner, depth+1)
		}
		key := row.FormatPath(p)
		switch f := found[key]; {
		case typ == "":
		case f == nil:
			sample, _ := json.Marshal(v) // can't fail: it was decoded from JSON
			found[key] = &foundField{path: p, typ: typ, sample: string(sample)}
		case f.typ == typ:
		case numeric[f.typ] && numeric[typ]:
			f.typ = row.TypeFloat
		default:
			f.typ = row.TypeJSON
		}
	}
}

var numeric = map[row.Type]bool{row.TypeInt: true, row.TypeFloat: true}

// fieldType returns the column type of a value in wire format ("" for null), and the
// object whose members Select can reach, or nil.
func fieldType(v any) (row.Type, map[string]any) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return row.TypeString, nil
	case bool:
		return row.TypeBool, nil
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return row.TypeFloat, nil
		}
		return row.TypeInt, nil
	case map[string]any:
		return objectType(v)
	}
	return row.TypeJSON, nil
}

// objectType is fieldType for an object, which may encode another type.
func objectType(v map[string]any) (row.Type, map[string]any) {
	if len(v) != 1 {
		return row.TypeJSON, v
	}
	for tag, inner := range v {
		m, _ := inner.(map[string]any)
		switch tag {
		case "@ts":
			return row.TypeTime, nil
		case "@date":
			return row.TypeDate, nil
		case "@bytes", "@set", "@query":
			return row.TypeString, nil
		case "@obj":
			return row.TypeJSON, m
		case "@ref":
			if id, ok := m["id"]; ok {
				return row.TypeJSON, map[string]any{"id": id}
			}
			return row.TypeJSON, nil
		}
	}
	return row.TypeJSON, v
}
