package tui

import (
	"context"
	"fmt"
	"strings"

	"fauna-export/export"
	"fauna-export/fauna"
)

// indexNames are the indexes of an incremental export, by collection.
func (s *session) indexNames(collections []string) map[string]string {
	if s.mode != export.Incremental {
		return nil
	}
	names := make(map[string]string, len(collections))
	for _, c := range collections {
		names[c] = fauna.IndexName(s.cfg.Index, c)
	}
	return names
}

// indexTrouble says which of the indexes that an incremental export needs cannot
// be read yet, nil for none. access tells which collections can be read at all.
func indexTrouble(ctx context.Context, srv server, indexes map[string]string, access []fauna.Access) error {
	var collections, names []string
	for _, a := range access {
		if name, chosen := indexes[a.Collection]; chosen && a.Exists && a.Readable {
			collections, names = append(collections, a.Collection), append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	checks, err := srv.CheckIndexes(ctx, collections, names)
	if err != nil {
		return err
	}
	var said []string
	for _, c := range checks {
		switch {
		case len(c.Problems) > 0:
			said = append(said, fmt.Sprintf("the index %q of %q: %s", c.Index, c.Collection, strings.Join(c.Problems, ", ")))
		case !c.Ready():
			said = append(said, fmt.Sprintf("the index %q of %q is still being built", c.Index, c.Collection))
		}
	}
	if len(said) == 0 {
		return nil
	}
	return fmt.Errorf("%s; the FQL of Set-up makes it", strings.Join(said, "; "))
}
