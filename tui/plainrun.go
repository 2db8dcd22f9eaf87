package tui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"fauna-export/export/config"
	"fauna-export/fauna"
)

// askSecret asks until the server accepts a secret.
func (p *plain) askSecret(ctx context.Context) error {
	for {
		secret := p.found
		p.found = fauna.Secret{}
		if secret.IsZero() {
			text, err := p.secret(ctx, "Secret that CreateKey printed (not shown): ")
			if err != nil {
				return err
			}
			var note string
			secret, note = fauna.FindSecret(text)
			if note != "" {
				p.tell("Warning: %s", clean(note))
			}
			if secret.IsZero() {
				continue
			}
			p.tell("%s.", plural(int64(secret.Len()), "character", "characters"))
		}
		srv, err := p.connect(p.endpoint, secret)
		if err != nil {
			return err
		}
		known, access, err := probe(ctx, srv, p.chosen())
		if err == nil {
			p.forget()
			p.server, p.length = srv, secret.Len()
			p.learn(known, access)
			p.tell("The secret is accepted.")
			return nil
		}
		srv.Close()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if fe, ok := errors.AsType[*fauna.Error](err); ok && fe.Kind == fauna.KindSecretRefused {
			p.tell("Error: refused: not a key of this database, deleted, or expired.")
			continue
		}
		p.tell("Error: %s", sentence(err))
	}
}

// check names every collection with what the key may do and how many documents
// it has.
func (p *plain) check(ctx context.Context) error {
	at, err := p.server.Now(ctx)
	if err != nil {
		return p.serverTrouble(ctx, err)
	}
	wrong := 0
	var total int64
	for _, name := range p.chosen() {
		if p.standing(name) == noteBad {
			p.tell("%s: NOT readable: %s", clean(name), p.standingText(name))
			wrong++
			continue
		}
		n, err := p.count(ctx, name, at)
		if err != nil {
			return p.serverTrouble(ctx, err)
		}
		total += n
		text := fmt.Sprintf("%s: readable, %s", clean(name), plural(n, "document", "documents"))
		if life := p.access[name].Life(at); life < math.MaxInt64 {
			text += ", a snapshot lives " + lastsText(life)
		}
		if p.standing(name) == noteWarn {
			text += ", warning: " + p.standingText(name)
		}
		p.tell("%s", text)
	}
	if wrong == 0 {
		p.tell("%s.", plural(total, "document", "documents"))
		var access []fauna.Access
		for _, name := range p.chosen() {
			access = append(access, p.access[name])
		}
		indexes, err := checkIndexes(ctx, p.server, p.indexNames(p.chosen()), access)
		if err != nil {
			return p.serverTrouble(ctx, err)
		}
		if p.sayIndexes(indexes) > 0 {
			yes, err := p.yes(ctx, "Check again?", true)
			if err != nil || !yes {
				return orError(err, errBack)
			}
			return p.check(ctx)
		}
		yes, err := p.yes(ctx, "Start the export?", true)
		if err != nil || !yes {
			return orError(err, errBack)
		}
		return nil
	}
	return p.mend(ctx, wrong)
}

// sayIndexes names the indexes that cannot be read as they are, with the FQL that
// puts them right, and returns how many they are.
func (p *plain) sayIndexes(indexes map[string]fauna.IndexCheck) int {
	var wrong []fauna.IndexCheck
	for _, name := range p.chosen() {
		if x, ok := indexes[name]; ok && !x.Ready() {
			p.tell("Error: %s.", indexSaid(x))
			wrong = append(wrong, x)
		}
	}
	if queries := p.mending(wrong, false); len(queries) > 0 {
		p.tell("Run in the Fauna shell:\n\n%s\n", strings.Join(cleanLines(mendingText(queries)), "\n"))
	}
	return len(wrong)
}

// mend offers what can be done about collections that cannot be read.
func (p *plain) mend(ctx context.Context, wrong int) error {
	i, err := p.choose(ctx, fmt.Sprintf("%s cannot be read.", plural(int64(wrong), "collection", "collections")), []string{
		"show the FQL that adds them to the role, and check again", "leave them out", "name other collections",
	}, 0)
	if err != nil {
		return err
	}
	switch i {
	case 0:
		p.tell("\n%s\n", strings.Join(cleanLines(p.setup().RoleUpdateFQL()), "\n"))
		if _, err := p.line(ctx, "Run it in the Fauna shell, then press enter: "); err != nil {
			return err
		}
		known, access, err := probe(ctx, p.server, p.chosen())
		if err != nil {
			return p.serverTrouble(ctx, err)
		}
		p.learn(known, access)
	case 1:
		for i, x := range p.choices {
			if p.standing(x.name) == noteBad {
				p.choices[i].chosen = false
			}
		}
	}
	if i == 2 || len(p.chosen()) == 0 {
		if len(p.known) > 0 {
			p.tell("The server has: %s", clean(strings.Join(p.known, ", ")))
		}
		p.choices = nil
		if err := p.collections(ctx); err != nil {
			return err
		}
		known, access, err := probe(ctx, p.server, p.chosen())
		if err != nil {
			return p.serverTrouble(ctx, err)
		}
		p.learn(known, access)
	}
	return p.check(ctx)
}

// serverTrouble says an error and goes a step back, or passes the end of ctx on.
func (p *plain) serverTrouble(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.tell("Error: %s", sentence(err))
	yes, askErr := p.yes(ctx, "Try again?", true)
	switch {
	case askErr != nil:
		return askErr
	case !yes:
		return err
	}
	return errBack
}

// count counts documents by their ids.
func (p *plain) count(ctx context.Context, name string, at int64) (n int64, err error) {
	size := firstIDPage
	for from := int64(0); from >= 0; size = idPage {
		ids, next, err := p.server.IDs(ctx, name, at, from, size)
		if err != nil {
			return 0, err
		}
		n += int64(len(ids))
		if len(ids) == 0 {
			break
		}
		from = next
	}
	return n, nil
}

// export runs the export and says how far it is, a line every now and then.
func (p *plain) export(ctx context.Context) error {
	spec, err := p.spec()
	if err == nil {
		err = spec.Validate()
	}
	if err == nil {
		err = p.runner.start(spec, p.server, false)
	}
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		p.runner.wg.Wait()
		close(done)
	}()
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			p.tell("Stopping.")
			p.runner.cancel()
			<-done
			return context.Cause(ctx)
		case <-tick.C:
			p.tell("%s", p.progressLine())
		case <-done:
			return p.ended(ctx)
		}
	}
}

func (p *plain) progressLine() string {
	now := p.runner.progress()
	if now.state == runVerifying {
		return "Verifying the files."
	}
	st := now.status
	text := countText(st.Rows)
	if st.ExpectedFinal && st.Expected > 0 {
		text += fmt.Sprintf(" of %s rows, %d percent", countText(st.Expected), percent(st.Rows, st.Expected))
		if st.ETA > 0 {
			text += ", " + lastsText(st.ETA) + " left"
		}
	} else {
		text += " rows"
	}
	if st.Waiting != "" {
		text += ", waiting for " + clean(st.Waiting)
	}
	return text + "."
}

// ended asks, after an export that failed, whether to go on with it.
func (p *plain) ended(ctx context.Context) error {
	end := p.runner.progress()
	if end.manifest != nil {
		return nil
	}
	p.tell("Error: %s", sentence(orError(end.err, errors.New("the export ended without an end"))))
	yes, err := p.yes(ctx, "Go on with it?", true)
	if err != nil {
		return err
	}
	if !yes {
		return end.err
	}
	if err := p.runner.start(end.spec, p.server, true); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		p.runner.wg.Wait()
		close(done)
	}()
	select {
	case <-ctx.Done():
		p.runner.cancel()
		<-done
		return context.Cause(ctx)
	case <-done:
		return p.ended(ctx)
	}
}

// finish says what was written and offers to save the answers.
func (p *plain) finish(ctx context.Context) error {
	p.tell("The export has ended; what it wrote is summed up below.")
	save, err := p.yes(ctx, "Save your answers (never the secret) to fauna-export.yaml?", false)
	if err != nil && !errors.Is(err, ErrLeft) && !errors.Is(err, errBack) {
		return err
	}
	if !save {
		return nil
	}
	answers := p.config()
	answers.Out = ""
	path, err := newPath("fauna-export.yaml")
	if err == nil {
		err = config.Write(path, answers)
	}
	if err != nil {
		p.tell("Error: %s", sentence(err))
		return nil
	}
	p.saved = path
	p.tell("Saved to %s.", homePath(path))
	return nil
}
