package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"fauna-export/export/row"
	"fauna-export/tui/text"
)

// Rows of the output form: those of forms, the folder, the additional columns, and the
// field that adds one.
const (
	folderRow  = 3
	columnsRow = folderRow + 1
)

// A form is a row with options, of which one is chosen.
type form struct {
	name    string
	options []string
	about   []string // explains each option
	now     int
	set     func(i int)
}

// forms returns the rows with options and their current choice.
func (o *outputStep) forms() []form {
	s := o.s
	into := form{"Load into", nil, nil, s.target, func(i int) { s.target = i }}
	for _, t := range targets {
		into.options, into.about = append(into.options, t.name), append(into.about, t.about)
	}
	all := row.Formats()
	format := form{"Format", nil, nil, slices.Index(all, s.format), func(i int) {
		if s.format = all[i]; !s.format.Can().Compresses {
			s.press = row.None
		}
	}}
	format.options, format.about = mapped(all, row.Format.Title), mapped(all, row.Format.About)
	presses := []row.Compression{row.None, row.Gzip, row.Zstd}
	press := form{"Compress", []string{"none", "gzip", "zstd"}, make([]string, 3), slices.Index(presses, s.press), func(i int) { s.press = presses[i] }}
	if !s.format.Can().Compresses {
		press.options = []string{"inside the file (zstd)"}
	}
	return []form{into, format, press}
}

// outputStep asks how the files should be written.
type outputStep struct {
	s      *session
	focus  int // columnsRow+i is the i-th column; the field comes last
	folder field
	add    field

	looking       wait
	continueAfter bool // continue once the folder is found usable

	preview preview
}

func newOutputStep(s *session) *outputStep {
	o := &outputStep{s: s, focus: folderRow, folder: newField(s.st, ""), add: newField(s.st, ""), preview: preview{s: s}}
	o.folder.set(s.dirText)
	return o
}

func (o *outputStep) enter() {
	o.continueAfter = false
	if o.folder.value() != o.s.dirText {
		o.folder.set(o.s.dirText)
	}
	o.add.in.Placeholder = o.example()
	o.dropColumns()
	o.look()
	o.preview.refresh()
}

// example returns a column as it would be typed.
func (o *outputStep) example() string {
	names := append(o.s.chosen(), "users")
	at := max(0, slices.IndexFunc(names[:len(names)-1], func(x string) bool { return text.ShellWord(x) == x }))
	return text.Clean(names[at]) + ":parent_id:string=data.parent.id"
}

func (o *outputStep) leave() { o.s.instead = nil }

// dropColumns removes columns of collections that are no longer chosen.
func (o *outputStep) dropColumns() {
	chosen, before := set(o.s.chosen()), len(o.s.columns)
	o.s.columns = slices.DeleteFunc(o.s.columns, func(c column) bool { return !chosen[c.collection] })
	if n := before - len(o.s.columns); n > 0 {
		o.s.say(noteWarn, "%s removed: the collection is no longer chosen.", text.Count(int64(n), "column"))
	}
	o.focus = min(o.focus, o.last())
}

// last returns the row of the field that adds a column.
func (o *outputStep) last() int { return columnsRow + len(o.s.columns) }

func (o *outputStep) look() {
	o.s.examine(&o.looking, func() {
		if o.continueAfter {
			o.submit()
		}
	})
}

func (o *outputStep) complete() {
	typed := o.folder.value()
	await(o.s, new(wait), func(context.Context) (string, error) { return complete(typed), nil }, func(path string, _ error) {
		if typed == o.folder.value() && path != typed {
			o.folder.set(path)
			o.s.dirText = path
			o.look()
		}
	})
}

func (o *outputStep) field() *field {
	switch o.focus {
	case folderRow:
		return &o.folder
	case o.last():
		return &o.add
	}
	return nil
}

func (o *outputStep) actions() []action {
	last, choice, s := o.last(), o.focus < folderRow, o.s
	enter := on("enter", "continue", o.submit)
	if o.focus == last && strings.TrimSpace(o.add.value()) != "" {
		enter = on("enter", "add the column", func() { o.addColumn() })
	}
	move := func(by int) func() { return func() { o.focus = (o.focus + by + last + 1) % (last + 1) } }
	return []action{
		enter,
		on("tab", "complete", o.complete).when(o.focus == folderRow),
		on("← →", "change", func() { o.change(1) }, "right", "l", " ").when(choice),
		on("", "", func() { o.change(-1) }, "left", "h").when(choice),
		on("d", "remove", func() {
			s.columns = slices.Delete(s.columns, o.focus-columnsRow, o.focus-columnsRow+1)
			o.preview.refresh()
		}, "d", "delete", "backspace").when(o.focus >= columnsRow && o.focus < last),
		on("↑ ↓", "move", move(1), "down"), on("", "", move(1), "tab"), on("", "", move(-1), "up"), on("", "", move(-1), "shift+tab").when(o.focus > 0),
		on("ctrl+o", "columns from documents", o.pick).when(s.server != nil),
		on("e", "collections", func() { s.change(collectionsID, outputID) }).when(o.field() == nil),
		on("d", "domain", func() { s.change(domainID, outputID) }).when(choice),
	}
}

func (o *outputStep) key(m tea.KeyMsg) bool {
	f := o.field()
	if f == nil {
		return false
	}
	before := o.folder.value()
	if !o.s.refusesSecret(m) && !f.key(m) {
		return false
	}
	if o.folder.value() != before {
		o.s.dirText = o.folder.value()
		o.look()
	}
	return true
}

func (o *outputStep) change(by int) {
	f := o.forms()[o.focus]
	if len(f.options) == 1 {
		o.s.say(noteInfo, "Parquet files are compressed inside, with zstd.")
		return
	}
	f.set((f.now + by + len(f.options)) % len(f.options))
	o.preview.refresh()
}

// addColumn adds the typed column. It reports whether it is valid.
func (o *outputStep) addColumn() bool {
	c, err := o.s.typedColumn(o.add.value())
	o.focus = o.last()
	if err != nil {
		o.s.fail(err)
		return false
	}
	o.add.set("")
	o.s.say(noteGood, "Column %s of %s added.", c.Name, c.collection)
	o.preview.refresh()
	return true
}

func (s *session) typedColumn(typed string) (column, error) {
	collection, x, err := row.ParseColumn(strings.TrimSpace(typed))
	if err != nil {
		return column{}, sayError(fmt.Sprintf("Write it like customers:email:string=data.email (%v)", err))
	}
	c := column{collection, typed, x}
	return c, s.takeColumn(c)
}

// takeColumn adds a column if the file format supports it.
func (s *session) takeColumn(c column) error {
	l := row.Layout{Collection: c.collection, Format: row.JSONL, Columns: []row.Column{c.Column}}
	if !slices.Contains(s.chosen(), c.collection) {
		return fmt.Errorf("%s is not one of the chosen collections", text.Clean(c.collection))
	}
	for _, old := range s.columns {
		if old.collection == c.collection {
			l.Columns = append(l.Columns, old.Column)
		}
	}
	if err := l.Validate(); err != nil {
		return err
	}
	s.columns = append(s.columns, c)
	return nil
}

// submit continues if such an export can be written to the folder. It first adds a
// column that is typed but not yet added.
func (o *outputStep) submit() {
	o.continueAfter = o.looking.busy
	if o.continueAfter || strings.TrimSpace(o.add.value()) != "" && !o.addColumn() {
		return
	}
	err := o.s.place.trouble(o.s.mode)
	if err != nil {
		o.focus = folderRow
	} else if spec, wrong := o.s.spec(); wrong != nil {
		err = wrong
	} else {
		err = spec.Validate()
	}
	if err != nil {
		o.s.fail(err)
		return
	}
	o.s.next(outputID)
}

func (o *outputStep) busy() bool { return false }

func (o *outputStep) logValues() []any {
	s := o.s
	return []any{"mode", string(s.mode), "format", string(s.format), "compress", string(s.press), "folder", s.clean(s.dirText), "columns", len(s.columns)}
}
