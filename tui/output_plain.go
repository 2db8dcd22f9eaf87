package tui

import (
	"context"

	"fauna-export/export/row"
	"fauna-export/tui/text"
)

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
		s.place = s.look(path)
		s.resume = s.place.begun
		return s.place.trouble(s.mode)
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
