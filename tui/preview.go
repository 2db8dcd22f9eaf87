package tui

import (
	"context"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/tui/text"
)

// invented is a page as a server sends it, for the time before a secret is
// known: what the files look like can be seen then too.
const invented = `{"ref":{"@ref":{"id":"101","collection":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}}}},"ts":1795342079040000,"data":{"name":"Ada","born":{"@date":"1815-12-10"},"logins":2}}`

// A preview is the first rows as they will be written: of real documents once
// they can be read, of an invented one before.
type preview struct {
	s      *session
	asking wait
	of     string // the collection, "" for the invented document
	rows   []string
	err    error
	ready  bool
}

// refresh makes the rows again.
func (p *preview) refresh() {
	srv := p.s.server
	l := row.Layout{Format: p.s.format}
	for _, name := range p.s.chosen() {
		if l.Collection == "" || p.s.standing(name) == noteGood && p.s.standing(l.Collection) != noteGood {
			l.Collection = name
		}
	}
	for _, c := range p.s.columns { // where there are columns, so that they are seen
		if p.s.standing(c.collection) != noteBad {
			l.Collection = c.collection
		}
	}
	for _, c := range p.s.columns {
		if l.Collection == c.collection {
			l.Columns = append(l.Columns, c.Column)
		}
	}
	if l.Format == row.Wire {
		l.Columns = nil
	}
	if kind := p.s.standing(l.Collection); kind != noteGood && kind != noteWarn {
		srv = nil
	}
	of := l.Collection
	if srv == nil {
		of = ""
	}
	await(p.s, &p.asking, func(ctx context.Context) ([]string, error) {
		if srv == nil {
			return previewRows(l, inventedPage(l))
		}
		body, err := samplePage(ctx, srv, l, 3)
		if err != nil {
			return nil, err
		}
		return previewRows(l, body)
	}, func(rows []string, err error) { p.of, p.rows, p.err, p.ready = of, rows, err, true })
}

// samplePage reads the first documents of a collection as of now.
func samplePage(ctx context.Context, src export.Source, l row.Layout, size int) ([]byte, error) {
	now, err := src.Now(ctx)
	if err != nil {
		return nil, err
	}
	return export.Sample(ctx, src, l.Collection, now, size, l.Paths())
}

// inventedPage is the invented document in the shape that the layout asks for.
func inventedPage(l row.Layout) []byte {
	doc := invented
	if paths := l.Paths(); paths != nil {
		doc = "[" + doc + strings.Repeat(",null", len(paths)-1) + "]"
	}
	return []byte(`{"resource":{"data":[` + doc + `]}}`)
}

// previewRows are the lines of a file: a CSV file's header first. Parquet is not
// text, so its columns are listed and its rows shown as JSON.
func previewRows(l row.Layout, body []byte) ([]string, error) {
	var rows []string
	switch l.Format {
	case row.CSV:
		rows = append(rows, strings.Join(l.Names(), ","))
	case row.Parquet:
		columns := []string{"ref string", "ts timestamp", "data json", "ttl timestamp"}
		for _, c := range l.Columns {
			columns = append(columns, c.Name+" "+string(c.Type))
		}
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

// lines draws the preview in at most h lines: a row on a line of its own, or, in the
// second pane, on as many as there is room for.
func (p *preview) lines(w, h int) []string {
	st := p.s.st
	from := ""
	switch {
	case !p.ready:
		return []string{st.bold.of("Preview")}
	case p.err != nil:
		return append([]string{st.bold.of("Preview")}, marked(st, noteBad, p.s.sentence(p.err), w)...)
	case p.of == "":
		from = "Sample row (made-up data)"
	case len(p.rows) == 0:
		from = text.Clean(p.of) + " is empty"
	default:
		from = "First rows of " + text.Clean(p.of)
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
