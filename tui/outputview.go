package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"fauna-export/export"
	"fauna-export/export/row"
)

// An option is one of the values of a row of the form.
type option struct {
	on   bool
	text string
}

func (o *outputStep) body(w, h int) []string {
	if o.picker != nil {
		return o.picker.body(o.s.st, w, h)
	}
	lines := []string{
		o.choiceLine(syncRow, "Sync", []option{{o.s.mode == export.Full, "full"}, {o.s.mode == export.Incremental, "incremental"}}, w) + o.syncNote(w),
		o.choiceLine(formatRow, "Format", o.formatOptions(), w),
		o.choiceLine(pressRow, "Compress", o.pressOptions(), w),
	}
	lines = append(lines, o.folderLines(w)...)
	lines = append(lines, o.columnLines(w, max(1, h-len(lines)-4))...)
	if about := o.about(); about != "" && len(lines)+3 <= h {
		lines = append(lines, "", "  "+o.s.st.faint.of(about))
	}
	if room := h - len(lines) - 1; room >= 2 {
		lines = append(lines, "")
		lines = append(lines, o.preview.lines(w, room)...)
	}
	return lines
}

// syncNote says what an incremental export needs, before it is chosen.
func (o *outputStep) syncNote(w int) string {
	if w < 70 {
		return ""
	}
	return o.s.st.faint.of("needs an index per collection")
}

func (o *outputStep) formatOptions() []option {
	var all []option
	for _, f := range formats {
		all = append(all, option{o.s.format == f, f.Title()})
	}
	return all
}

func (o *outputStep) pressOptions() []option {
	if o.s.format == row.Parquet {
		return []option{{true, "inside the file (zstd)"}}
	}
	return []option{{o.s.press == row.None, "none"}, {o.s.press == row.Gzip, "gzip"}, {o.s.press == row.Zstd, "zstd"}}
}

// label is the name of a row, marked when it has the focus.
func (o *outputStep) label(at int, name string) string {
	if o.focus == at {
		return o.s.st.strong.of("> ") + o.s.st.bold.of(pad(name, 10))
	}
	return "  " + pad(name, 10)
}

func (o *outputStep) choiceLine(at int, name string, options []option, w int) string {
	line, gap := o.label(at, name), "   "
	if w < 70 {
		gap = " "
	}
	for _, x := range options {
		if x.on {
			line += o.s.st.accent.of("(•) "+x.text) + gap
		} else {
			line += "( ) " + x.text + gap
		}
	}
	return fit(line, w)
}

// about explains what the row with the focus has chosen.
func (o *outputStep) about() string {
	switch o.focus {
	case syncRow:
		switch {
		case o.s.mode == export.Full:
			return "every document, as of one moment"
		}
		return "all at first, then what changed; needs an index per collection"
	case formatRow:
		return o.s.format.About()
	case folderRow:
		return "one file a collection, manifest.json and SHA256SUMS"
	}
	return ""
}

func (o *outputStep) folderLines(w int) []string {
	st := o.s.st
	line := o.label(folderRow, "Folder") + o.folder.view(st, w-12, o.focus == folderRow)
	about := ""
	switch {
	case !o.looked:
	case o.place.trouble(o.s.mode) != nil:
		about = st.bad.of(fit("✗ "+clean(o.place.trouble(o.s.mode).Error()), w-14))
	default:
		state := "empty"
		switch {
		case o.place.isNew:
			state = "new"
		case o.place.begun:
			state = "an export that is not finished: it can be continued"
		case o.place.chain:
			state = "holds earlier syncs: this will be the next one"
		}
		if o.place.free >= 0 {
			state += ", " + bytesText(o.place.free) + " free"
		}
		path := homePath(clean(o.place.path))
		if path == strings.TrimSpace(o.folder.value()) {
			about = st.faint.of(state)
			break
		}
		room := w - 14 - len(state) - 3
		if width(path) > room { // the end of a path tells more than its beginning
			path = "…" + ansi.TruncateLeft(path, width(path)-room+1, "")
		}
		about = st.faint.of(path + " · " + state)
	}
	return []string{fit(line, w), strings.Repeat(" ", 14) + about}
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
	name := "Columns"
	lines := []string{"  " + pad(name, 10) + "  " + st.faint.of(fixed)}
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
			lines = append(lines, fit(o.label(columnsRow+i, "  add")+o.add.view(st, w-12, here), w))
			continue
		}
		c := o.s.columns[i]
		text := pad(clean(c.Name), 16) + " " + pad(clean(c.collection), 14) + " " + pad(string(c.Type), 7) + " " + clean(row.FormatPath(c.Path))
		lines = append(lines, fit(o.label(columnsRow+i, "")+"+ "+text, w))
	}
	return lines
}
