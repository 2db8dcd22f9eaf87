package tui

import (
	"context"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export"
	"fauna-export/export/row"
)

// The rows of the output form that the focus walks through; behind them come
// the additional columns and the field that adds one.
const (
	syncRow = iota
	formatRow
	pressRow
	folderRow
	columnsRow
)

// outputStep asks what the files should be.
type outputStep struct {
	s      *session
	focus  int // columnsRow+i is the i-th column, behind them the field
	folder field
	add    field

	gen    int // of the folder's look that counts
	place  place
	looked bool
	onward bool // go on when the folder is known to be good

	picker  *picker
	preview preview
}

// placeMsg is the answer of look.
type placeMsg struct {
	gen   int
	place place
}

func (placeMsg) to() stepID { return outputID }

func newOutputStep(s *session) *outputStep {
	o := &outputStep{s: s}
	o.folder.set(s.dirText)
	o.folder.bare, o.add.bare = true, true
	o.preview.s = s
	return o
}

func (o *outputStep) enter() tea.Cmd {
	o.onward = false
	o.add.hint = "users:parent_id:string=data.parent.id"
	if names := o.s.chosen(); len(names) > 0 {
		o.add.hint = clean(names[0]) + ":parent_id:string=data.parent.id"
	}
	o.dropColumns()
	return tea.Batch(o.look(), o.preview.refresh())
}

func (o *outputStep) leave() { o.picker = nil }

// dropColumns forgets columns of collections that are no longer chosen.
func (o *outputStep) dropColumns() {
	chosen := map[string]bool{}
	for _, name := range o.s.chosen() {
		chosen[name] = true
	}
	kept := o.s.columns[:0]
	for _, c := range o.s.columns {
		if chosen[c.collection] {
			kept = append(kept, c)
		}
	}
	if n := len(o.s.columns) - len(kept); n > 0 {
		o.s.say(noteWarn, "%s dropped: the collection is no longer chosen", plural(int64(n), "column", "columns"))
	}
	o.s.columns = kept
	o.focus = min(o.focus, columnsRow+len(o.s.columns))
}

// look finds out about the folder.
func (o *outputStep) look() tea.Cmd {
	o.gen++
	o.looked = false
	gen := o.gen
	path, err := fullPath(o.folder.value())
	if err != nil {
		o.place, o.looked = place{err: err, free: -1}, true
		return nil
	}
	look := o.s.look
	return o.s.jobs.do(func(context.Context) tea.Msg { return placeMsg{gen, look(path)} })
}

func (o *outputStep) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case placeMsg:
		if m.gen == o.gen {
			o.place, o.looked = m.place, true
			if o.onward {
				o.onward = false
				return o.submit()
			}
		}
	case previewMsg:
		o.preview.update(m)
	case sampleMsg:
		if o.picker != nil {
			o.picker.update(m)
		}
	}
	return nil
}

// field is the text field that has the focus, nil for none.
func (o *outputStep) field() *field {
	switch {
	case o.focus == folderRow:
		return &o.folder
	case o.focus == columnsRow+len(o.s.columns):
		return &o.add
	}
	return nil
}

func (o *outputStep) keys() outputKeys {
	k := o.s.keys.output
	last := columnsRow + len(o.s.columns)
	adds := o.focus == last && strings.TrimSpace(o.add.value()) != ""
	k.add.SetEnabled(adds)
	k.next.SetEnabled(!adds)
	k.prev.SetEnabled(o.focus > 0)
	k.left.SetEnabled(o.focus < folderRow)
	k.right.SetEnabled(o.focus < folderRow)
	k.drop.SetEnabled(o.focus >= columnsRow && o.focus < last)
	return k
}

func (o *outputStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	if o.picker != nil {
		return o.pickKey(m)
	}
	last := columnsRow + len(o.s.columns)
	switch k := o.keys(); {
	case pressed(m, k.down):
		o.focus = (o.focus + 1) % (last + 1)
		return nil, true
	case pressed(m, k.up):
		o.focus = (o.focus + last) % (last + 1)
		return nil, true
	case pressed(m, k.prev):
		o.focus--
		return nil, true
	case pressed(m, k.pick):
		return o.pick(), true
	case pressed(m, k.add):
		return o.addColumn(o.add.value()), true
	case pressed(m, k.next):
		return o.submit(), true
	}
	if f := o.field(); f != nil {
		return o.fieldKey(f, m)
	}
	return o.rowKey(m)
}

func (o *outputStep) fieldKey(f *field, m tea.KeyMsg) (tea.Cmd, bool) {
	before := f.value()
	if !f.key(m) {
		return nil, false
	}
	if f == &o.folder && f.value() != before {
		o.s.dirText = f.value()
		return o.look(), true
	}
	return nil, true
}

func (o *outputStep) rowKey(m tea.KeyMsg) (tea.Cmd, bool) {
	step := 0
	switch k := o.keys(); {
	case pressed(m, k.left):
		step = -1
	case pressed(m, k.right):
		step = 1
	case pressed(m, k.drop):
		i := o.focus - columnsRow
		o.s.columns = append(o.s.columns[:i], o.s.columns[i+1:]...)
		return o.preview.refresh(), true
	default:
		return nil, false
	}
	switch o.focus {
	case syncRow:
		o.s.mode = around([]export.Mode{export.Full, export.Incremental}, o.s.mode, step)
	case formatRow:
		o.s.format = around(formats, o.s.format, step)
		if o.s.format == row.Parquet {
			o.s.press = row.None
		}
	case pressRow:
		if o.s.format == row.Parquet {
			o.s.say(noteInfo, "Parquet files are compressed inside, with zstd.")
			return nil, true
		}
		o.s.press = around(presses, o.s.press, step)
	}
	return o.preview.refresh(), true
}

var (
	formats = row.Formats()
	presses = []row.Compression{row.None, row.Gzip, row.Zstd}
)

// around is the value step places behind now, around the end.
func around[T comparable](all []T, now T, step int) T {
	for i, v := range all {
		if v == now {
			return all[(i+step+len(all))%len(all)]
		}
	}
	return all[0]
}

// addColumn takes a column as it is typed.
func (o *outputStep) addColumn(text string) tea.Cmd {
	collection, c, err := row.ParseColumn(strings.TrimSpace(text))
	if err != nil {
		o.s.fail(err)
		return nil
	}
	if err := o.takeColumn(column{collection, text, c}); err != nil {
		o.s.fail(err)
		return nil
	}
	o.add.set("")
	o.focus = columnsRow + len(o.s.columns)
	o.s.say(noteGood, "Column %s of %s added.", c.Name, collection)
	return o.preview.refresh()
}

// takeColumn adds a column when the files can hold it.
func (o *outputStep) takeColumn(c column) error {
	found := false
	l := row.Layout{Collection: c.collection, Format: row.JSONL, Columns: []row.Column{c.Column}}
	for _, name := range o.s.chosen() {
		found = found || name == c.collection
	}
	if !found {
		return fmt.Errorf("%s is not one of the chosen collections", clean(c.collection))
	}
	for _, old := range o.s.columns {
		if old.collection == c.collection {
			l.Columns = append(l.Columns, old.Column)
		}
	}
	if err := l.Validate(); err != nil {
		return err
	}
	o.s.columns = append(o.s.columns, c)
	return nil
}

// submit goes on when files of this kind can be written there.
func (o *outputStep) submit() tea.Cmd {
	if !o.looked {
		o.onward = true
		return nil
	}
	if err := o.place.trouble(o.s.mode); err != nil {
		o.focus = folderRow
		o.s.fail(err)
		return nil
	}
	spec, err := o.s.spec()
	if err == nil {
		err = spec.Validate()
	}
	if err != nil {
		o.s.fail(err)
		return nil
	}
	o.s.goTo = setupID
	return nil
}

func (o *outputStep) title() (string, string) {
	if o.picker != nil {
		return "Which fields of " + clean(o.picker.collection) + " should be columns?", clean(o.s.endpoint.Host())
	}
	return "What should the files be?", clean(o.s.endpoint.Host())
}

func (o *outputStep) hints() []key.Binding {
	if o.picker != nil {
		return o.pickerHints()
	}
	k := o.keys()
	hints := []key.Binding{k.next, k.add, both("← →", "change", k.left, k.right), k.drop, both("↑ ↓", "move", k.up, k.down)}
	if o.s.server != nil {
		hints = append(hints, k.pick)
	}
	return hints
}

func (o *outputStep) typing() bool { return o.picker == nil && o.field() != nil }

func (o *outputStep) help() string {
	return "Each collection becomes one file. A row is ref (the document's id), ts (microseconds), data and ttl, then the additional columns." +
		"\n\nJSON lines: one object a line. CSV: Postgres COPY reads it back. Parquet: typed columns. wire: each document exactly as the server sent it, nothing is lost." +
		"\n\nAn additional column is COLLECTION:NAME:TYPE=PATH. The path is dotted, or a JSON array when a name has a dot or for a position in an array: users:city:string=data.address.city. TYPE is json, string, int, float, bool, time or date. Once the secret is accepted, ctrl+o lets you choose from real documents." +
		"\n\nThe folder must be new or empty."
}
