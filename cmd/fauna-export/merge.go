package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"fauna-export/export/archive"
	"fauna-export/export/store"
)

func newMergeCommand(a *app) *cobra.Command {
	return a.folderCommand(&cobra.Command{
		Use:   "merge DIR",
		Short: "Combine all syncs into the current rows of every collection",
		Long: `Write DIR/merged/NAME.jsonl: the rows of every collection after the last sync in DIR,
by ascending id and without the deletion column, with SHA256SUMS. It needs no server.
The files in DIR can have any format and compression. What they don't contain can't be
restored: in CSV and Parquet values that did not fit their column's type, in Parquet
fractions of a microsecond. Files with such values are listed. If removals were left
out with --deletions ignore, merge finds them in DIR/.fauna-export, so a copy of DIR
must include that folder. What the run left out is said again, with exit code 3.`,
		Example: `  fauna-export merge sync`,
	}, a.merge)
}

func (a *app) merge(ctx context.Context, dir string) error {
	s, err := a.store(ctx, dir)
	if err != nil {
		return err
	}
	files, err := archive.Merge(ctx, s)
	if err != nil {
		return err
	}
	rows := [][]string{{"collection", "rows", "file"}}
	for _, f := range files {
		for _, w := range f.Warnings {
			a.say("warning: %s", plain(w))
		}
		rows = append(rows, []string{plain(f.Collection), number(f.Rows), plain(store.Join(s.Name(), f.File))})
	}
	if err := a.print(files, table(rows)); err != nil {
		return err
	}
	m, err := archive.ReadManifest(s)
	if err != nil {
		return err
	}
	if partial := completeness(m, nil); partial != nil {
		return fmt.Errorf("merged what %s has: %w", s.Name(), partial)
	}
	return nil
}
