package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fauna-export/export"
	"fauna-export/export/row"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

// plainEvery is how often the plain mode says how far the export is.
const plainEvery = 10 * time.Second

// plain is the wizard as plain lines, for a screen reader or a terminal that
// cannot move its cursor: the same questions in the same order, nothing is
// repainted, and "<" goes back to the question before.
type plain struct {
	*session
	*asker
	every time.Duration // between two lines of progress
	saved string
}

// plainRun asks, exports and says what was written.
func (s *session) plainRun(ctx context.Context) (Outcome, error) {
	p := &plain{session: s, asker: newAsker(s.cfg.In, s.cfg.Out), every: plainEvery}
	err := p.walk(ctx)
	s.stop(stopWait)
	if s.cfg.AnswersFile != "" {
		_ = storeAnswers(s.cfg.AnswersFile, s.config()) // best effort on the way out
	}
	now := s.runner.progress()
	out := Outcome{Dir: now.spec.Dir, Summary: summary(now, p.saved, s.cfg.Demo)}
	if ctx.Err() != nil {
		return out, context.Cause(ctx)
	}
	return out, err
}

// walk goes through the steps; a step that answers errBack leads to the one
// before it.
func (p *plain) walk(ctx context.Context) error {
	p.tell("fauna-export: eight steps from an address to verified files. < goes back, ctrl+c leaves.")
	all := []func(context.Context) error{
		p.domain, p.collections, p.output, p.setUp, p.askSecret, p.check, p.export, p.finish,
	}
	for i := 0; i < len(all); {
		p.tell("\nStep %d of %d: %s", i+1, len(all), stepNames[i])
		err := all[i](ctx)
		switch {
		case err == nil:
			i++
		case errors.Is(err, errBack):
			i = max(0, i-1)
		default:
			return err
		}
	}
	end := p.runner.progress()
	switch {
	case end.err != nil:
		return end.err
	case end.unread != nil:
		return end.unread
	case end.report != nil && !end.report.OK():
		return errors.New("the files are not what the manifest says")
	}
	return nil
}

func (p *plain) domain(ctx context.Context) error {
	var e fauna.Endpoint
	text, err := p.text(ctx, "Address of the Fauna database", p.endpointText, func(text string) (err error) {
		e, err = fauna.ParseEndpoint(text)
		return err
	})
	if err != nil {
		return err
	}
	p.tell("%s", clean(e.Describe()))
	if e.Exposed() && !p.cfg.AllowPlaintext && p.plaintext != e {
		yes, err := p.yes(ctx, "The secret would travel unencrypted to "+clean(e.Host())+". Accept?", false)
		if err != nil || !yes {
			return orError(err, errBack)
		}
		p.plaintext = e
	}
	if p.endpoint != e {
		p.forget()
	}
	p.endpointText, p.endpoint = text, e
	srv, err := p.connect(e, fauna.Secret{})
	if err != nil {
		return err
	}
	defer srv.Close()
	if err := srv.Reach(ctx); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p.tell("Error: %s", sentence(err))
		yes, err := p.yes(ctx, "Go on all the same?", false)
		if err != nil || !yes {
			return orError(err, errBack)
		}
		return nil
	}
	p.tell("It answers (FQL v4).")
	return nil
}

func (p *plain) collections(ctx context.Context) error {
	if names := p.chosen(); len(names) > 0 {
		p.tell("Chosen so far: %s", clean(strings.Join(names, ", ")))
		keep, err := p.yes(ctx, "Keep them?", true)
		if err != nil {
			return err
		}
		if keep {
			return nil
		}
		p.choices = nil
	}
	p.tell("Type the names of the collections, or paste what the Fauna shell printed; an empty line ends.")
	p.tell("This query lists them:\n%s", strings.Join(cleanLines(fql.CollectionsFQL(fql.V4)), "\n"))
	var b strings.Builder
	for {
		line, err := p.line(ctx, "Collections: ")
		if err != nil {
			return err
		}
		if line != "" {
			b.WriteString(line + "\n")
			continue
		}
		n := fql.ParseNames(b.String())
		b.Reset()
		for _, bad := range n.Bad {
			p.tell("Not a possible name: %s: %s", clean(bad.Name), clean(bad.Why))
		}
		if n.Cut {
			p.tell("Warning: %s", clean(n.CutWhy))
		}
		for _, name := range n.Names {
			p.add(name)
		}
		if len(p.choices) == 0 {
			p.tell("Error: name at least one collection.")
			continue
		}
		p.tell("%s: %s", plural(int64(len(p.choices)), "collection", "collections"), clean(strings.Join(p.chosen(), ", ")))
		return nil
	}
}

func (p *plain) output(ctx context.Context) error {
	i, err := p.choose(ctx, "Sync", []string{"full: every document, as of one moment", "incremental: with an index per collection"}, at([]export.Mode{export.Full, export.Incremental}, p.mode))
	if err != nil {
		return err
	}
	p.mode = []export.Mode{export.Full, export.Incremental}[i]
	var names []string
	for _, f := range formats {
		names = append(names, f.Title()+", "+f.About())
	}
	i, err = p.choose(ctx, "Format", names, at(formats, p.format))
	if err != nil {
		return err
	}
	p.format = formats[i]
	if p.format == row.Parquet {
		p.press = row.None
	} else {
		i, err = p.choose(ctx, "Compression", []string{"none", "gzip", "zstd"}, at(presses, p.press))
		if err != nil {
			return err
		}
		p.press = presses[i]
	}
	p.dirText, err = p.text(ctx, "Folder, new or empty", p.dirText, func(text string) error {
		path, err := fullPath(text)
		if err != nil {
			return err
		}
		return p.look(path).trouble(p.mode)
	})
	if err != nil || p.format == row.Wire {
		p.columns = nil
		return err
	}
	return p.askColumns(ctx)
}

// at is the index of a value, 0 when it is not there.
func at[T comparable](all []T, v T) int {
	for i, x := range all {
		if x == v {
			return i
		}
	}
	return 0
}

func (p *plain) askColumns(ctx context.Context) error {
	o := newOutputStep(p.session)
	for _, c := range p.columns {
		p.tell("Column: %s", clean(c.text))
	}
	for {
		text, err := p.line(ctx, "Additional column COLLECTION:NAME:TYPE=PATH, empty for none: ")
		if err != nil {
			return err
		}
		if text == "" {
			return nil
		}
		collection, c, err := row.ParseColumn(text)
		if err == nil {
			err = o.takeColumn(column{collection, text, c})
		}
		if err != nil {
			p.tell("Error: %s", sentence(err))
		}
	}
}

func (p *plain) setUp(ctx context.Context) error {
	setup := p.setup()
	if p.cfg.Shell != nil {
		return p.demoSetUp(ctx, setup)
	}
	i, err := p.choose(ctx, "How is the read access made?", []string{
		"show me the FQL, I run it in the Fauna shell",
		"the role exists: show me the FQL that changes it, and the key",
		"set it up for me with an admin's secret, used once",
		"I have a secret already",
	}, 0)
	if err != nil {
		return err
	}
	switch i {
	case 2:
		return p.apply(ctx, setup)
	case 3:
		return nil
	}
	for n, q := range setup.All() {
		fql := q.FQL
		if i == 1 && fql == setup.RoleFQL() {
			fql = setup.RoleUpdateFQL()
		}
		p.tell("\n%d. %s: %s\n\n%s", n+1, clean(q.Title), clean(q.Why), strings.Join(cleanLines(fql), "\n"))
	}
	_, err = p.line(ctx, "\nRun them in this order, then press enter: ")
	return err
}

func (p *plain) demoSetUp(ctx context.Context, setup fql.Setup) error {
	for n, q := range setup.All() {
		p.tell("\n%d. %s: %s\n\n%s", n+1, clean(q.Title), clean(q.Why), strings.Join(cleanLines(q.FQL), "\n"))
	}
	yes, err := p.yes(ctx, "\nRun them on the demo server now?", true)
	if err != nil || !yes {
		return err
	}
	for _, q := range setup.All() {
		fql := q.FQL
		text, err := p.cfg.Shell(ctx, fql)
		if err != nil && strings.Contains(text, "already exists") && fql == setup.RoleFQL() {
			text, err = p.cfg.Shell(ctx, setup.RoleUpdateFQL())
		}
		p.tell("\n%s", strings.Join(cleanLines(text), "\n"))
		if err != nil {
			return fmt.Errorf("run the set-up on the demo server: %w", err)
		}
		if s, _ := fauna.FindSecret(text); strings.Contains(text, "secret") && !s.IsZero() {
			p.found = s
		}
	}
	return nil
}

// apply makes role and key with an admin's secret.
func (p *plain) apply(ctx context.Context, setup fql.Setup) error {
	text, err := p.secret(ctx, "Admin's secret (not shown): ")
	if err != nil {
		return err
	}
	secret, note := fauna.FindSecret(text)
	if secret.IsZero() {
		p.tell("Error: %s", orText(note, "no secret was given"))
		return errBack
	}
	admin, err := p.connect(p.endpoint, secret)
	if err != nil {
		return err
	}
	defer admin.Close()
	err = missing(ctx, admin, setup.Collections)
	var made fauna.Secret
	if err == nil {
		made, err = admin.Apply(ctx, setup)
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		p.tell("Error: %s", sentence(err))
		return errBack
	}
	p.found = made
	p.tell("Role and key are made; the admin's secret is forgotten.")
	return nil
}
