package tui

import (
	"context"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"fauna-export/export/row"
	"fauna-export/tui/text"
)

// The rows of the output form that the focus walks through; after them come
// the additional columns and the field that adds one.
const (
	targetRow = iota
	formatRow
	pressRow
	folderRow
	columnsRow
)

// outputStep asks how the files should be written.
type outputStep struct {
	s      *session
	focus  int // columnsRow+i is the i-th column, after them the field
	folder field
	add    field

	gen    int // of the folder's look that counts
	place  place
	looked bool
	onward bool // go on when the folder is known to be good

	picking *fieldPicker
	preview preview
}

// placeMsg is the answer of look.
type placeMsg struct {
	gen   int
	place place
}

func (placeMsg) to() stepID { return outputID }

// completedMsg is a path that was completed.
type completedMsg struct{ from, path string }

func (completedMsg) to() stepID { return outputID }

func newOutputStep(s *session) *outputStep {
	o := &outputStep{s: s, focus: folderRow, folder: newField(s.st, ""), add: newField(s.st, "")}
	o.folder.set(s.dirText)
	o.preview.s = s
	return o
}

func (o *outputStep) enter() tea.Cmd {
	o.onward = false
	if o.folder.value() != o.s.dirText {
		o.folder.set(o.s.dirText)
	}
	o.add.in.Placeholder = o.example()
	o.dropColumns()
	return tea.Batch(o.look(), o.preview.refresh())
}

// example is a column as it can be typed.
func (o *outputStep) example() string {
	name := "users"
	if names := o.s.chosen(); len(names) > 0 {
		name = text.Clean(names[0])
	}
	return name + ":parent_id:string=data.parent.id"
}

func (o *outputStep) leave() { o.picking = nil }

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
		o.s.say(noteWarn, "%s removed: the collection is no longer chosen.", text.Count(int64(n), "column"))
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
	case completedMsg:
		if m.from == o.folder.value() && m.path != m.from {
			o.folder.set(m.path)
			o.s.dirText = m.path
			return o.look()
		}
	case previewMsg:
		o.preview.update(m)
	case sampleMsg:
		if o.picking != nil {
			o.picking.update(o.s, m)
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

type outputKeys struct {
	next, add, complete, up, down, prev, pick, left, right, drop, collections, domain key.Binding
}

func (o *outputStep) keys() outputKeys {
	last := columnsRow + len(o.s.columns)
	adds := o.focus == last && strings.TrimSpace(o.add.value()) != ""
	choice := o.focus < folderRow
	return outputKeys{
		next: when(!adds, bind("enter", "continue", "enter")), add: when(adds, bind("enter", "add the column", "enter")),
		complete: when(o.focus == folderRow, bind("tab", "complete", "tab")),
		up:       bind("", "", "up"), down: bind("", "", "down", "tab"), prev: when(o.focus > 0, bind("", "", "shift+tab")),
		pick: when(o.s.server != nil, bind("ctrl+o", "columns from documents", "ctrl+o")),
		left: when(choice, bind("", "", "left", "h")), right: when(choice, bind("", "", "right", "l", " ")),
		drop:        when(o.focus >= columnsRow && o.focus < last, bind("d", "remove", "d", "delete", "backspace")),
		collections: when(o.field() == nil, bind("e", "collections", "e")),
		domain:      when(choice, bind("d", "domain", "d")),
	}
}

func (o *outputStep) key(m tea.KeyMsg) (tea.Cmd, bool) {
	if o.picking != nil {
		return o.pickKey(m)
	}
	last := columnsRow + len(o.s.columns)
	switch k := o.keys(); {
	case pressed(m, k.complete):
		typed := o.folder.value()
		return o.s.jobs.do(func(context.Context) tea.Msg { return completedMsg{typed, complete(typed)} }), true
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
		return o.addColumn(), true
	case pressed(m, k.next):
		return o.submit(), true
	case pressed(m, k.drop):
		i := o.focus - columnsRow
		o.s.columns = append(o.s.columns[:i:i], o.s.columns[i+1:]...)
		return o.preview.refresh(), true
	case pressed(m, k.collections):
		o.s.open(collectionsID, outputID)
		return nil, true
	case pressed(m, k.domain):
		o.s.open(domainID, outputID)
		return nil, true
	case pressed(m, k.left):
		return o.change(-1), true
	case pressed(m, k.right):
		return o.change(1), true
	}
	f := o.field()
	if f == nil {
		return nil, false
	}
	if m.Paste && looksLikeSecret(string(m.Runes)) {
		o.s.say(noteWarn, "That looks like a secret. It was not kept.")
		return nil, true
	}
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

func (o *outputStep) change(by int) tea.Cmd {
	switch {
	case o.focus == targetRow:
		o.s.target = (o.s.target + by + len(targets)) % len(targets)
		return nil
	case o.focus == formatRow:
		o.s.format = around(formats, o.s.format, by)
		if !o.s.compresses() {
			o.s.press = row.None
		}
	case !o.s.compresses():
		o.s.say(noteInfo, "Parquet files are compressed inside, with zstd.")
		return nil
	default:
		o.s.press = around(presses, o.s.press, by)
	}
	return o.preview.refresh()
}

// compresses reports whether files of the format can be compressed.
func (s *session) compresses() bool { return s.format.Can().Compresses }

var (
	formats = row.Formats()
	presses = []row.Compression{row.None, row.Gzip, row.Zstd}
)

// around is the value step places further on, around the end.
func around[T comparable](all []T, now T, step int) T {
	for i, v := range all {
		if v == now {
			return all[(i+step+len(all))%len(all)]
		}
	}
	return all[0]
}

// addColumn takes the column that is typed.
func (o *outputStep) addColumn() tea.Cmd {
	c, err := o.s.typedColumn(o.add.value())
	if err != nil {
		o.focus = columnsRow + len(o.s.columns)
		o.s.fail(err)
		return nil
	}
	o.add.set("")
	o.focus = columnsRow + len(o.s.columns)
	o.s.say(noteGood, "Column %s of %s added.", c.Name, c.collection)
	return o.preview.refresh()
}

// typedColumn takes a column as it is typed.
func (s *session) typedColumn(typed string) (column, error) {
	collection, x, err := row.ParseColumn(strings.TrimSpace(typed))
	if err != nil {
		return column{}, sayError(fmt.Sprintf("Write it like customers:email:string=data.email (%v)", err))
	}
	c := column{collection, typed, x}
	return c, s.takeColumn(c)
}

// takeColumn adds a column when the files can hold it.
func (s *session) takeColumn(c column) error {
	found := false
	l := row.Layout{Collection: c.collection, Format: row.JSONL, Columns: []row.Column{c.Column}}
	for _, name := range s.chosen() {
		found = found || name == c.collection
	}
	if !found {
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

// submit continues when files of this kind can be written there. A column that is typed
// and not yet added is added first.
func (o *outputStep) submit() tea.Cmd {
	if !o.looked {
		o.onward = true
		return nil
	}
	if strings.TrimSpace(o.add.value()) != "" {
		if cmd := o.addColumn(); cmd == nil {
			return nil
		}
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
	o.s.resume = o.place.begun
	o.s.next(outputID)
	return nil
}

func (o *outputStep) title() (string, string) {
	if o.picking != nil {
		return "Which fields of " + text.Clean(o.picking.collection) + " should be columns?", o.picking.aside()
	}
	return "How should the files be written?", ""
}

func (o *outputStep) body(w, h int) []string {
	if o.picking != nil {
		return o.picking.body(o.s, w, h)
	}
	st := o.s.st
	var names []string
	for _, f := range formats {
		names = append(names, f.Title())
	}
	press := []string{"none", "gzip", "zstd"}
	pressed := at(presses, o.s.press)
	if !o.s.compresses() {
		press, pressed = []string{"inside the file (zstd)"}, 0
	}
	var ends []string
	for _, t := range targets {
		ends = append(ends, t.name)
	}
	lines := []string{
		o.choiceLine(targetRow, "Load into", ends, o.s.target, w),
		o.choiceLine(formatRow, "Format", names, at(formats, o.s.format), w),
		o.choiceLine(pressRow, "Compress", press, pressed, w),
	}
	lines = append(lines, o.folderLines(w)...)
	room := max(2, h-len(lines)-5)
	if o.s.wide {
		room = h - len(lines) - 3
	}
	lines = append(lines, o.columnLines(w, room)...)
	if about := o.about(); about != "" && len(lines)+2 <= h {
		lines = append(lines, "", "  "+st.faint.of(text.Fit(about, w-2)))
	}
	if room := h - len(lines) - 1; room >= 2 && !o.s.wide {
		lines = append(append(lines, ""), o.preview.lines(w, room)...)
	}
	return lines
}

// label is the name of a row, marked when it has the focus.
func (o *outputStep) label(at int, name string) string {
	if o.focus == at {
		return o.s.st.strong.of("▌ ") + o.s.st.bold.of(text.Pad(name, 10))
	}
	return "  " + text.Pad(name, 10)
}

func (o *outputStep) choiceLine(at int, name string, options []string, on, w int) string {
	line, gap := o.label(at, name), "   "
	if w < 70 {
		gap = " "
	}
	for i, x := range options {
		if i == on {
			line += o.s.st.accent.of("(•) "+x) + gap
		} else {
			line += "( ) " + x + gap
		}
	}
	return text.Fit(line, w)
}

// about explains what the row with the focus has chosen.
func (o *outputStep) about() string {
	switch o.focus {
	case targetRow:
		if o.s.target > 0 {
			return "after the export; format wire keeps the exact types of times, dates, bytes and refs"
		}
	case formatRow:
		return o.s.format.About()
	case folderRow:
		return "one file per collection, manifest.json and SHA256SUMS"
	}
	return ""
}

func (o *outputStep) folderLines(w int) []string {
	st := o.s.st
	line := o.label(folderRow, "Folder") + o.folder.view(w-12, o.focus == folderRow)
	indent := strings.Repeat(" ", 12)
	switch err := o.place.trouble(o.s.mode); {
	case !o.looked:
		return []string{line, ""}
	case err != nil:
		return []string{line, indent + st.bad.of(text.Fit("✗ "+text.Sentence(err), w-12))}
	case o.place.begun:
		return []string{line, indent + st.warn.of("!") + " Contains an unfinished export. Enter resumes it, as it began."}
	}
	state := "empty"
	switch {
	case o.place.isNew:
		state = "new"
	case o.place.chain:
		state = "holds earlier syncs: this will be the next one"
	}
	if o.place.free >= 0 {
		state += ", " + text.Size(o.place.free) + " free"
	}
	path := text.Clean(homePath(o.place.path))
	if path == strings.TrimSpace(o.folder.value()) {
		return []string{line, indent + st.faint.of(state)}
	}
	room := w - 12 - len(state) - 3
	if text.Width(path) > room { // the end of a path says more than its beginning
		path = "…" + ansi.TruncateLeft(path, text.Width(path)-room+1, "")
	}
	return []string{line, indent + st.faint.of(path+" · "+state)}
}

// columnLines are the columns that every row has, the additional ones, and the
// field that adds one: at most h lines, with the focus among them.
func (o *outputStep) columnLines(w, h int) []string {
	st := o.s.st
	n := len(o.s.columns)
	fixed := "ref  ts  data  ttl"
	if o.s.format == row.Wire {
		fixed = "none: the documents as they are"
	}
	lines := []string{"  " + text.Pad("Columns", 10) + st.faint.of(fixed)}
	if o.s.format == row.Wire && n == 0 && o.focus < columnsRow {
		return lines
	}
	room := max(1, h-1)
	at := max(0, o.focus-columnsRow)
	from := max(0, min(at-room+1, n+1-room))
	if o.focus < columnsRow {
		from = max(0, n+1-room)
	}
	for i := from; i < min(n+1, from+room); i++ {
		here := o.focus == columnsRow+i
		if i == n {
			lines = append(lines, o.label(columnsRow+i, "  add")+o.add.view(w-12, here))
			continue
		}
		c := o.s.columns[i]
		about := text.Pad(text.Clean(c.Name), 16) + " " + text.Pad(text.Clean(c.collection), 14) + " " + text.Pad(string(c.Type), 7) + " " + text.Clean(row.FormatPath(c.Path))
		lines = append(lines, text.Fit(o.label(columnsRow+i, "")+"+ "+about, w))
	}
	return lines
}

func (o *outputStep) side(w, h int) []string {
	if o.picking != nil {
		return nil
	}
	return o.preview.lines(w, h)
}

func (o *outputStep) hints() []key.Binding {
	if o.picking != nil {
		return o.picking.hints()
	}
	k := o.keys()
	return []key.Binding{k.next, k.add, k.complete, when(k.left.Enabled(), bind("← →", "change", "left", "right")), k.drop, bind("↑ ↓", "move", "up", "down"), k.pick, k.collections, k.domain}
}

func (o *outputStep) esc() string {
	switch {
	case o.picking != nil && o.picking.picker.keys().unfilter.Enabled():
		return "clear filter"
	case o.picking != nil:
		return "close"
	}
	return "back"
}

func (o *outputStep) typing() bool {
	if o.picking != nil {
		return o.picking.picker.find.typing
	}
	return o.field() != nil
}

func (o *outputStep) busy() bool { return o.picking != nil && o.picking.loading }

func (o *outputStep) help() string {
	return "Each collection becomes one file. A row is ref (the document's id), ts (microseconds), data and ttl, then the additional columns." +
		"\n\nJSON lines: one object a line. CSV: Postgres COPY reads it back. Parquet: typed columns. wire: each document exactly as the server sent it, byte for byte." +
		"\n\nAn additional column is COLLECTION:NAME:TYPE=PATH. The path is dotted, or a JSON array when a name has a dot or for a position in an array: users:city:string=data.address.city. TYPE is json, string, int, float, bool, time or date. ctrl+o lets you choose from real documents." +
		"\n\nThe folder must be new or empty, or hold an unfinished export, which is then resumed, or earlier syncs of an incremental one. tab completes its path."
}

func (o *outputStep) ask(ctx context.Context, a *asker) error {
	s := o.s
	var names []string
	for _, f := range formats {
		names = append(names, f.Title()+", "+f.About())
	}
	i, err := a.choose(ctx, "Format", names, at(formats, s.format))
	if err != nil {
		return err
	}
	s.format = formats[i]
	s.press = around(presses, s.press, 0)
	if !s.compresses() {
		s.press = row.None
	} else {
		if i, err = a.choose(ctx, "Compression", []string{"none", "gzip", "zstd"}, at(presses, s.press)); err != nil {
			return err
		}
		s.press = presses[i]
	}
	s.resume = false
	s.dirText, err = a.text(ctx, "Folder", s.dirText, func(typed string) error {
		path, err := fullPath(typed)
		if err != nil {
			return err
		}
		p := s.look(path)
		s.resume = p.begun
		return p.trouble(s.mode)
	})
	if err != nil {
		return err
	}
	if s.resume {
		yes, err := a.yes(ctx, "It contains an unfinished export. Resume it?", true)
		if err != nil || !yes {
			return orError(err, errAgain)
		}
		return nil
	}
	if s.format == row.Wire {
		s.columns = nil
		return nil
	}
	for _, c := range s.columns {
		a.tell("Column: %s", c.text)
	}
	for {
		typed, err := a.line(ctx, "Additional column COLLECTION:NAME:TYPE=PATH, empty for none: ")
		if err != nil || typed == "" {
			return err
		}
		if _, err := s.typedColumn(typed); err != nil {
			a.tell("Error: %s", text.Sentence(err))
		}
	}
}
