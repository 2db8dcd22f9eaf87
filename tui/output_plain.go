package tui

import (
	"context"

	"fauna-export/export/row"
)

func (o *outputStep) ask(ctx context.Context, a *asker) error {
	s := o.s
	for i := range o.forms() {
		f := o.forms()[i] // the format decides what can be compressed
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
	s.resume = false
	var err error
	s.dirText, err = a.text(ctx, "Folder", s.dirText, func(typed string) error {
		path, err := fullPath(typed)
		if err != nil {
			return err
		}
		s.place = s.look(path)
		s.resume = s.place.begun
		return s.place.trouble(s.mode)
	})
	if err != nil {
		return err
	}
	if s.resume {
		return a.agree(ctx, "It contains an unfinished export. Resume it?", true, errAgain)
	}
	if !s.format.Can().Columns {
		s.columns = nil
		return nil
	}
	for _, c := range s.columns {
		a.tell("Column: %s", c.text)
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
			a.tell("Error: %s", s.sentence(err))
		}
	}
}

// tellFields lists the fields of the first documents as columns that can be typed.
func (o *outputStep) tellFields(ctx context.Context, a *asker) error {
	for _, name := range o.s.readable() {
		fields, err := sampleFields(ctx, o.s.server, name)
		if err != nil {
			return err
		}
		for _, f := range fields {
			a.tell("  %s", columnText(column{collection: name, Column: row.Column{Name: pathName(f.path, 1), Type: f.typ, Path: f.path}}))
		}
	}
	return nil
}
