package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"fauna-export/export/load"
	"fauna-export/tui/text"
)

func (c *doneStep) ask(ctx context.Context, a *asker) error {
	a.tell("Export finished. Summary:")
	a.tell("%s\n%s", headline(c.s.runner.progress()), facts(c.s.runner.progress()))
	err := c.askLoad(ctx, a)
	if err == nil {
		err = c.askSave(ctx, a)
	}
	if errors.Is(err, ErrLeft) || errors.Is(err, errBack) { // everything is done
		return nil
	}
	return err
}

// askLoad loads the files into a database or typed files where that is wanted.
func (c *doneStep) askLoad(ctx context.Context, a *asker) error {
	s, dir := c.s, c.s.runner.progress().spec.Dir
	into, err := a.text(ctx, "Load the files into postgres://USER@HOST/DATABASE, sqlite:FILE, parquet:DIR or csv:DIR (n: no)", s.targetText(dir), func(into string) error {
		if into == "" || into == "n" || into == "no" {
			return nil
		}
		return load.ParseTarget(into)
	})
	if err != nil || load.ParseTarget(into) != nil {
		return err
	}
	var now atomic.Pointer[load.Status]
	far := func() string {
		x := now.Load()
		if x == nil { // it connects, which may ask for a password
			return ""
		}
		return fmt.Sprintf("%s: %s of %s rows.", x.Phase, text.Number(x.Rows), text.Number(x.Total))
	}
	var planned loader
	a.during(func() {
		planned, err = s.prepareLoad(ctx, dir, load.Options{
			Into: into, Progress: func(x load.Status) { now.Store(&x) },
			Password: func(ctx context.Context, user, host string) (string, error) {
				return a.secret(ctx, "Password of "+text.Clean(user)+" on "+text.Clean(host)+" (not shown): ")
			},
		})
	}, far)
	if err == nil {
		defer planned.Close()
		for _, t := range planned.Plan().Tables {
			var columns []string
			for _, x := range t.Columns {
				columns = append(columns, x.Name+" "+string(x.Type))
			}
			a.tell("%s: %s, %s: %s", t.Name, t.Action, text.Count(t.Rows, "row"), strings.Join(columns, ", "))
			for _, n := range t.Notes {
				a.tell("Warning: %s", n)
			}
		}
		yes, asked := a.yes(ctx, "Load them now?", true)
		if asked != nil || !yes {
			return asked
		}
		var result *load.Result
		a.during(func() { result, err = planned.Do(ctx) }, far)
		if err == nil {
			a.tell("%s in %s: all rows were read back and equal what was sent.", text.Count(result.Rows(), "row"), result.Target)
			for _, n := range append(result.Left, result.Notes...) {
				a.tell("Warning: %s", n)
			}
			return nil
		}
	}
	if err := s.told(ctx, a, err); err != nil {
		return err
	}
	return c.askLoad(ctx, a)
}

func (c *doneStep) askSave(ctx context.Context, a *asker) error {
	save, err := a.yes(ctx, "Save your answers (never the secret) to fauna-export.yaml?", false)
	if err != nil || !save {
		return err
	}
	path, err := saveAnswers(c.answers())
	if err != nil {
		a.tell("Error: %s", c.s.sentence(err))
		return nil
	}
	c.saved = path
	a.tell("Saved to %s.", homePath(path))
	return nil
}
