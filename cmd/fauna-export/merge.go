package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"fauna-export/export"
)

func newMergeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "merge DIR",
		Short: "Write the current rows of every collection out of a chain of syncs",
		Long: `Write DIR/merged/NAME.jsonl: the rows of every collection as they are after the last
sync in DIR, by ascending id and without the deletion column. No server is asked.
CSV and wire files keep their form; Parquet files cannot be merged.`,
		Example: `  fauna-export merge sync`,
		Args:    oneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.merge(cmd.Context(), args[0])
		},
	}
}

// merge writes the merged files and prints what they hold.
func (a *app) merge(ctx context.Context, dir string) error {
	files, err := export.Merge(ctx, dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !f.Removals {
			a.say("warning: %s: removals were left out of its syncs, so documents that were removed are still among the rows", quoted(f.Collection))
		}
	}
	if a.global.json {
		type merged struct {
			Collection string `json:"collection"`
			File       string `json:"file"`
			Rows       int64  `json:"rows"`
		}
		out := []merged{}
		for _, f := range files {
			out = append(out, merged{f.Collection, f.File, f.Rows})
		}
		return a.printJSON(out)
	}
	rows := [][]string{{"collection", "rows", "file"}}
	for _, f := range files {
		rows = append(rows, []string{plain(f.Collection), number(f.Rows), plain(filepath.Join(dir, filepath.FromSlash(f.File)))})
	}
	return a.printText(table(rows))
}
