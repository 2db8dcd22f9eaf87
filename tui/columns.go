package tui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export/row"
)

// A picker offers the fields found in a collection's first documents as columns.
type picker struct {
	collection string
	names      []string // collections to turn through
	fields     []foundField
	list       list
	height     int
	loading    bool
	err        error
	gen        int
}

// A foundField is a path that some of the documents have.
type foundField struct {
	path   []any
	typ    row.Type
	sample string // a value, as JSON text
	seen   int    // in how many documents
	chosen bool
}

// sampleMsg is the answer of the picker's question for documents.
type sampleMsg struct {
	gen    int
	fields []foundField
	err    error
}

func (sampleMsg) to() stepID { return outputID }

// pick opens the picker, once documents can be read.
func (o *outputStep) pick() tea.Cmd {
	if o.s.server == nil {
		o.s.say(noteInfo, "Documents can be read once the secret is accepted; until then type the column.")
		return nil
	}
	var names []string
	for _, name := range o.s.chosen() {
		if k := o.s.standing(name); k == noteGood || k == noteWarn {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		o.s.say(noteBad, "None of the chosen collections can be read.")
		return nil
	}
	return o.pickFrom(names[0], names)
}

func (o *outputStep) pickFrom(collection string, names []string) tea.Cmd {
	gen := 1
	if o.picker != nil {
		gen = o.picker.gen + 1
	}
	o.picker = &picker{collection: collection, names: names, loading: true, gen: gen}
	srv := o.s.server
	return o.s.jobs.do(func(ctx context.Context) tea.Msg {
		body, err := samplePage(ctx, srv, row.Layout{Collection: collection}, sampleSize)
		if err != nil {
			return sampleMsg{gen: gen, err: err}
		}
		fields, err := findFields(body)
		return sampleMsg{gen, fields, err}
	})
}

func (p *picker) update(m sampleMsg) {
	if m.gen == p.gen {
		p.loading, p.fields, p.err = false, m.fields, m.err
	}
}

func (o *outputStep) pickerKeys() pickerKeys {
	k := o.s.keys.picker
	k.choose.SetEnabled(o.picker.list.cursor < len(o.picker.fields))
	k.take.SetEnabled(len(o.picker.fields) > 0)
	k.again.SetEnabled(o.picker.err != nil)
	return k
}

func (o *outputStep) pickKey(m tea.KeyMsg) (tea.Cmd, bool) {
	p := o.picker
	if p.list.key(o.s.keys.move, m, len(p.fields), p.height) {
		return nil, true
	}
	switch k := o.pickerKeys(); {
	case pressed(m, k.close):
		o.picker = nil
	case pressed(m, k.choose):
		f := &p.fields[p.list.cursor]
		f.chosen = !f.chosen
	case pressed(m, k.next):
		return o.pickFrom(around(p.names, p.collection, 1), p.names), true
	case pressed(m, k.prev):
		return o.pickFrom(around(p.names, p.collection, -1), p.names), true
	case pressed(m, k.again):
		return o.pickFrom(p.collection, p.names), true
	case pressed(m, k.take):
		return o.takePicked(), true
	}
	return nil, true
}

// takePicked makes columns of the chosen fields, each named by the last name of
// its path, or by more of them where that is taken.
func (o *outputStep) takePicked() tea.Cmd {
	added := 0
	for _, f := range o.picker.fields {
		if !f.chosen {
			continue
		}
		var err error
		for n := 1; n <= len(f.path); n++ {
			c := column{collection: o.picker.collection, Column: row.Column{Name: pathName(f.path, n), Path: f.path, Type: f.typ}}
			c.text = columnText(c)
			if err = o.takeColumn(c); err == nil {
				added++
				break
			}
		}
		if err != nil {
			o.s.fail(err)
		}
	}
	o.picker = nil
	o.focus = columnsRow + len(o.s.columns)
	if added > 0 {
		o.s.say(noteGood, "%s added.", plural(int64(added), "column", "columns"))
	}
	return o.preview.refresh()
}

// columnText writes a column as it can be typed.
func columnText(c column) string {
	return fmt.Sprintf("%s:%s:%s=%s", c.collection, c.Name, c.Type, row.FormatPath(c.Path))
}

// pathName joins the last n steps of a path; positions and what no column name
// should hold are left out.
func pathName(path []any, n int) string {
	var parts []string
	for _, step := range path[max(0, len(path)-n):] {
		parts = append(parts, strings.NewReplacer(":", "_", "=", "_", ".", "_").Replace(fmt.Sprint(step)))
	}
	name := strings.Join(parts, "_")
	if name == "id" && n == 1 && len(path) > 1 {
		return pathName(path, 2)
	}
	return name
}

func (o *outputStep) pickerHints() []key.Binding {
	k := o.pickerKeys()
	k.next.SetEnabled(len(o.picker.names) > 1)
	return []key.Binding{k.again, k.choose, k.take, k.next}
}

func (p *picker) body(st styles, w, h int) []string {
	switch {
	case p.loading:
		return []string{"  reading the first documents …"}
	case p.err != nil:
		var lines []string
		for i, l := range wrap(sentence(p.err), w-4) {
			lines = append(lines, lead(i, st.bad.of("✗ "))+l)
		}
		return lines
	case len(p.fields) == 0:
		return []string{"  no documents, so no fields; type the column instead"}
	}
	n := len(p.fields)
	p.height = h
	if n > h {
		p.height = h - 1
	}
	from, to := p.list.window(n, p.height)
	wide := 0
	for _, f := range p.fields[from:to] {
		wide = max(wide, width(clean(row.FormatPath(f.path))))
	}
	wide = min(wide, w/2)
	var lines []string
	for i := from; i < to; i++ {
		f := p.fields[i]
		mark, box := "  ", "[ ]"
		if i == p.list.cursor {
			mark = st.strong.of("> ")
		}
		if f.chosen {
			box = st.accent.of("[x]")
		}
		lines = append(lines, fit(mark+box+" "+pad(clean(row.FormatPath(f.path)), wide)+"  "+pad(string(f.typ), 7)+" "+st.faint.of(clean(f.sample)), w))
	}
	if n > p.height {
		lines = append(lines, st.faint.of("  "+moreText(from, to-from, n, "fields")))
	}
	return lines
}

// findFields walks the documents of a page in Fauna's wire form and lists the
// paths that FQL's Select takes, with the type that fits all values seen.
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
	found := map[string]*foundField{}
	for _, doc := range page.Resource.Data {
		walkFields([]any{"data"}, doc.Data, found, 0)
	}
	fields := make([]foundField, 0, len(found))
	for _, f := range found {
		fields = append(fields, *f)
	}
	sort.Slice(fields, func(i, j int) bool { return row.FormatPath(fields[i].path) < row.FormatPath(fields[j].path) })
	return fields, nil
}

// walkFields notes each member of an object, and goes into objects and refs.
func walkFields(path []any, object map[string]any, found map[string]*foundField, depth int) {
	for name, v := range object {
		p := append(append([]any{}, path...), name)
		typ, inner := fieldType(v)
		if typ != "" {
			noteField(p, typ, v, found)
		}
		if inner != nil && depth < 8 {
			walkFields(p, inner, found, depth+1)
		}
	}
}

func noteField(path []any, typ row.Type, v any, found map[string]*foundField) {
	key := row.FormatPath(path)
	f := found[key]
	if f == nil {
		text, err := json.Marshal(v)
		if err != nil {
			text = nil
		}
		f = &foundField{path: path, typ: typ, sample: string(text)}
		found[key] = f
	} else if f.typ != typ {
		switch {
		case f.typ == row.TypeInt && typ == row.TypeFloat, f.typ == row.TypeFloat && typ == row.TypeInt:
			f.typ = row.TypeFloat
		default:
			f.typ = row.TypeJSON
		}
	}
	f.seen++
}

// fieldType is the column type of a value in wire form, "" for null, and the
// object whose members Select can reach, nil for none.
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

func objectType(v map[string]any) (row.Type, map[string]any) {
	if len(v) != 1 {
		return row.TypeJSON, v
	}
	for tag, inner := range v {
		switch tag {
		case "@ts":
			return row.TypeTime, nil
		case "@date":
			return row.TypeDate, nil
		case "@bytes", "@set", "@query":
			return row.TypeString, nil
		case "@obj":
			m, _ := inner.(map[string]any)
			return row.TypeJSON, m
		case "@ref":
			m, _ := inner.(map[string]any)
			if id, ok := m["id"]; ok {
				return row.TypeJSON, map[string]any{"id": id}
			}
			return row.TypeJSON, nil
		}
	}
	return row.TypeJSON, v
}
