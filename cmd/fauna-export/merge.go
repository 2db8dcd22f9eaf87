package main

import (
	"context"

	"github.com/spf13/cobra"

	"fauna-export/export/archive"
	"fauna-export/export/config"
	"fauna-export/export/store"
)

func newMergeCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "merge DIR",
		Short: "Combine all syncs into the current rows of every collection",
		Long: `Write DIR/merged/NAME.jsonl: the rows of every collection after the last sync in DIR,
by ascending id and without the deletion column, with SHA256SUMS. It needs no server.
The files in DIR can have any format and compression. What they don't contain can't be
restored: in CSV and Parquet values that did not fit their column's type, in Parquet
fractions of a microsecond. Files with such values are listed. If removals were left
out with --deletions ignore, merge finds them in DIR/.fauna-export, so a copy of DIR
must include that folder.`,
		Example: `  fauna-export merge sync`,
		Args:    oneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.merge(cmd.Context(), args[0])
		},
	}
	addOptions(cmd, cmd.Flags(), &a.global, config.Stores)
	return cmd
}

// merge writes the merged files and prints a summary.
func (a *app) merge(ctx context.Context, dir string) error {
	s, err := a.store(ctx, dir)
	if err != nil {
		return err
	}
	files, err := archive.Merge(ctx, s)
	if err != nil {
		return err
	}
	for _, f := range files {
		for _, w := range f.Warnings {
			a.say("warning: %s", plain(w))
		}
	}
	if a.global.JSON {
		type merged struct {
			Collection string   `json:"collection"`
			File       string   `json:"file"`
			Rows       int64    `json:"rows"`
			Warnings   []string `json:"warnings,omitempty"`
		}
		out := []merged{}
		for _, f := range files {
			out = append(out, merged(f))
		}
		return a.printJSON(out)
	}
	rows := [][]string{{"collection", "rows", "file"}}
	for _, f := range files {
		rows = append(rows, []string{plain(f.Collection), number(f.Rows), plain(store.Join(s.Name(), f.File))})
	}
	return a.printText(table(rows))
}
