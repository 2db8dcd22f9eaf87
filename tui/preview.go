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

// samplePage reads the first documents of a collection as of now.
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
