package tui

import (
	"context"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/tui/text"
)

func (o *outputStep) title() (string, string) { return "How should the files be written?", "" }

func (o *outputStep) body(w, h int) []string {
	st := o.s.st
	var lines []string
	about := "one file per collection, manifest.json and SHA256SUMS"
	for i, f := range o.forms() {
		lines = append(lines, o.formLine(i, f, w))
		if i == o.focus {
			about = f.about[f.now]
		}
	}
	lines = append(lines, o.folderLines(w, max(1, h-len(lines)-3))...)
	room := max(2, h-len(lines)-5)
	if o.s.wide {
		room = h - len(lines) - 3
	}
	lines = append(lines, o.columnLines(w, room)...)
	if about := faintly(st, about, w); o.focus <= folderRow && len(lines)+1+len(about) <= h {
		lines = append(append(lines, ""), about...)
	}
	if room := h - len(lines) - 1; room >= 2 && !o.s.wide {
		lines = append(append(lines, ""), o.preview.lines(w, room)...)
	}
	return lines
}

func (o *outputStep) label(at int, name string) string {
	return o.s.st.name(o.focus == at, text.Pad(name, 10))
}

// formLine draws a row of options in one line; bubbles/list has one option per line.
func (o *outputStep) formLine(at int, f form, w int) string {
	line, gap := o.label(at, f.name), "   "
	if w < 70 {
		gap = " "
	}
	for i, x := range f.options {
		x = "( ) " + x
		if i == f.now {
			x = o.s.st.accent.of("(•)" + x[3:])
		}
		line += x + gap
	}
	return text.Fit(line, w)
}

// folderLines draws the folder and, in at most h lines, what is known about it.
func (o *outputStep) folderLines(w, h int) []string {
	st := o.s.st
	lines := []string{o.label(folderRow, "Folder") + o.folder.view(w-12, o.focus == folderRow)}
	switch err := o.s.place.trouble(o.s.mode); {
	case o.looking.busy:
		return append(lines, "")
	case err != nil:
		return append(lines, text.Indent(12, text.Clip(marked(st, noteBad, text.Sentence(err), w-10), h, w-12))...)
	case o.s.place.begun:
		return append(lines, text.Indent(12, marked(st, noteWarn, "Contains an unfinished export. Enter resumes it with its original options.", w-10))...)
	}
	state := o.s.place.about()
	if path := text.Clean(homePath(o.s.place.path)); path != strings.TrimSpace(o.folder.value()) {
		room := w - 12 - len(state) - 3
		if text.Width(path) > room { // the end of a path matters more than its beginning
			path = "…" + ansi.TruncateLeft(path, text.Width(path)-room+1, "")
		}
		state = path + " · " + state
	}
	return append(lines, strings.Repeat(" ", 12)+st.faint.of(state))
}

// columnLines draws all columns and the field that adds one: at most h lines, including
// the focus.
func (o *outputStep) columnLines(w, h int) []string {
	st := o.s.st
	n := len(o.s.columns)
	fixed := "ref  ts  data  ttl"
	if !o.s.format.Can().Columns {
		fixed = "none: documents unchanged"
	}
	lines := []string{"  " + text.Pad("Columns", 10) + st.faint.of(fixed)}
	if !o.s.format.Can().Columns && n == 0 && o.focus < columnsRow {
		return lines
	}
	room, at := max(1, h-1), n // the field that adds one
	if o.focus >= columnsRow {
		at = o.focus - columnsRow
	}
	from := max(0, at-room+1)
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
	if o.s.instead != nil {
		return nil
	}
	return o.preview.lines(w, h)
}

func (o *outputStep) ask(ctx context.Context, a *asker) error {
	s := o.s
	for i := range o.forms() {
		f := o.forms()[i] // the compressions depend on the format
		if len(f.options) == 1 {
			continue
		}
		var options []string
		for j, x := range f.options {
			options = append(options, x+prefixed(": ", f.about[j], ""))
		}
		chosen, err := a.choose(ctx, f.name, options, f.now)
		if err != nil {
			return err
		}
		f.set(chosen)
	}
	var err error
	s.dirText, err = a.text(ctx, "Folder", s.dirText, func(typed string) error {
		path, err := fullPath(typed)
		if err != nil {
			return err
		}
		s.place = s.look(path)
		return s.place.trouble(s.mode)
	})
	if err != nil {
		return err
	}
	if s.place.begun {
		return a.agree(ctx, "It contains an unfinished export. Resume it?", true, errAgain)
	}
	if !s.format.Can().Columns {
		s.columns = nil
		return nil
	}
	for _, c := range s.columns {
		a.printLines("Column: %s", c.text)
	}
	for {
		typed, err := a.line(ctx, "Additional column COLLECTION:NAME:TYPE=PATH, ? for the fields there are, empty for none: ")
		switch {
		case err != nil || typed == "":
			return err
		case typed == "?":
			err = o.tellFields(ctx, a)
		default:
			_, err = s.typedColumn(typed)
		}
		if err != nil {
			a.printLines("Error: %s", s.sentence(err))
		}
	}
}

// tellFields lists the fields of the first documents, written as columns are typed.
func (o *outputStep) tellFields(ctx context.Context, a *asker) error {
	for _, name := range o.s.readable() {
		fields, err := sampleFields(ctx, o.s.server, name)
		if err != nil {
			return err
		}
		for _, f := range fields {
			a.printLines("  %s", columnText(column{collection: name, Column: row.Column{Name: pathName(f.path, 1), Type: f.typ, Path: f.path}}))
		}
	}
	return nil
}

// A preview holds the first rows of a collection as they will be written.
type preview struct {
	s      *session
	asking wait
	of     string // collection, "" if none is readable
	rows   []string
}

// refresh rebuilds the rows, preferably for a collection with additional columns.
func (p *preview) refresh() {
	readable := p.s.readable()
	if p.of = ""; len(readable) == 0 {
		return
	}
	l := row.Layout{Format: p.s.format, Collection: readable[0]}
	for _, c := range p.s.columns {
		if slices.Contains(readable, c.collection) {
			l.Collection = c.collection
		}
	}
	for _, c := range p.s.columns {
		if l.Collection == c.collection && l.Format.Can().Columns {
			l.Columns = append(l.Columns, c.Column)
		}
	}
	srv := p.s.server
	await(p.s, &p.asking, func(ctx context.Context) ([]string, error) {
		body, err := samplePage(ctx, srv, l, 3)
		if err != nil {
			return nil, err
		}
		return previewRows(l, body)
	}, func(rows []string, _ error) { p.of, p.rows = l.Collection, rows })
}

func samplePage(ctx context.Context, src export.Source, l row.Layout, size int) ([]byte, error) {
	now, err := src.Now(ctx)
	if err != nil {
		return nil, err
	}
	return export.Sample(ctx, src, l.Collection, now, size, l.Paths())
}

// previewRows returns the lines of a file, its header first. For formats that aren't
// text it lists the columns and shows the rows as JSON.
func previewRows(l row.Layout, body []byte) ([]string, error) {
	var rows []string
	if l.Format.Can().Streams {
		l.Compress = row.None
		file, err := row.NewFile(l)
		if err != nil {
			return nil, err
		}
		if head := file.Begin(); len(head) > 0 {
			rows = append(rows, strings.TrimRight(string(head), "\n"))
		}
	} else {
		columns := append([]string{"ref string", "ts timestamp", "data json", "ttl timestamp"},
			mapped(l.Columns, func(c row.Column) string { return c.Name + " " + string(c.Type) })...)
		rows = append(rows, strings.Join(columns, " · "))
		l.Format = row.JSONL
	}
	s, err := row.NewSerializer(l)
	if err != nil {
		return nil, err
	}
	var b row.Batch
	if err := s.Page(&b, body, nil); err != nil {
		return nil, err
	}
	start := 0
	for _, end := range b.Ends {
		rows = append(rows, strings.TrimRight(string(b.Bytes[start:end]), "\n"))
		start = end
	}
	return rows, nil
}

// lines draws the preview in at most h lines: one per row, or, in the second pane, as
// many as fit.
func (p *preview) lines(w, h int) []string {
	st := p.s.st
	from := "First rows of " + text.Clean(p.of)
	switch {
	case p.asking.busy:
		return append([]string{st.bold.of("Preview")}, faintly(st, "reading the first documents …", w)...)
	case p.of == "":
		return []string{st.bold.of("Preview")}
	case p.asking.err != nil:
		return append([]string{st.bold.of("Preview")}, marked(st, noteBad, p.s.sentence(p.asking.err), w)...)
	case len(p.rows) == 0:
		from = text.Clean(p.of) + " is empty"
	}
	lines := []string{st.bold.of(text.Fit(from, w))}
	each := 1
	if p.s.wide && len(p.rows) > 0 {
		each = max(1, min(6, (h-2)/len(p.rows)-1))
		lines = append(lines, "")
	}
	for _, r := range p.rows {
		if each == 1 {
			lines = append(lines, st.faint.of(text.Fit(text.Clean(r), w)))
			continue
		}
		pieces := strings.Split(ansi.Hardwrap(text.Clean(r), w, true), "\n")
		lines = append(append(lines, text.Clip(pieces, each, w)...), "")
	}
	return lines[:min(len(lines), h)]
}
