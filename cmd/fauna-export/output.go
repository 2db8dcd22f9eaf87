package main

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fauna-export/export"
	"fauna-export/export/archive"
	"fauna-export/export/row"
	"fauna-export/export/store"
)

// outputFlags say what the files are to be and how to get there: the part of a
// config file that is not about the server or the choice of collections.
type outputFlags struct {
	export.Config
	dryRun  bool
	shard   string
	pattern string // of the folder's name, where that holds {time}
}

// addFormat adds the flags that say what the files are.
func (f *outputFlags) addFormat(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.Format, "format", string(row.JSONL), "`FORMAT` of the files: "+strings.Join(row.FormatNames(), ", ")+" (wire: each document as the server sent it)")
	set.StringVar(&f.Compress, "compress", "none", "`METHOD`: none, gzip or zstd (Parquet is compressed inside)")
	completeWords(cmd, "format", row.FormatNames()...)
	completeWords(cmd, "compress", "none", "gzip", "zstd")
}

func (f *outputFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.Out, "out", "", "`DIR` for the files, new or empty, or that of earlier syncs; {time} in it becomes the time; - writes one collection's rows to stdout")
	f.addFormat(cmd)
	set.StringArrayVar(&f.Columns, "column", nil, "add a column, `COLLECTION:NAME[:TYPE]=PATH`; TYPE is json, string, int, float, bool, time or date (repeatable)")
	set.BoolVar(&f.NoData, "no-data", false, "leave the data column out")
	set.BoolVar(&f.Strict, "strict", false, "a value that does not fit its column's type fails the collection")
	set.StringVar(&f.Mode, "mode", modeFull, "`MODE`: full, or incremental: what changed since the last sync in DIR; the first one is full")
	completeWords(cmd, "mode", modeFull, modeIncremental)
	set.StringVar(&f.Index, "index", defaultIndex, "`PATTERN` of the index names, for --mode incremental")
	set.StringVar(&f.Deletions, "deletions", "", "`COLUMN` that says when a document was removed, or ignore, for --mode incremental (default "+export.DefaultDeletion+")")
	set.BoolVar(&f.Fast, "fast", false, "for --mode incremental: read only the end of the index; misses ttls that passed and writes dated into the past")
	set.StringVar(&f.Parts, "parts", "1", "write `N` files for each collection, each with a range of ids, or auto: as many as its size asks for")
	set.StringVar(&f.shard, "shard", "", "do part `I/N` of a run that N processes share, from 0; /N or auto take I from a batch engine's variable")
	set.StringVar(&f.At, "at", "", "read everything as of `TIME`: RFC 3339, or microseconds since 1970 (default: now)")
	set.BoolVar(&f.NoSnapshot, "no-snapshot", false, "read each page at its own time")
	set.StringVar(&f.DDL, "ddl", "", "write tables and load commands for `DATABASE` beside the files: postgres, sqlite or duckdb")
	completeWords(cmd, "ddl", "postgres", "sqlite", "duckdb")
	set.IntVar(&f.Keep, "keep", 0, "after a whole run keep the newest `N` finished runs of --out 'DIR/{time}'; 0 keeps all")
	f.addPace(set)
	set.BoolVar(&f.dryRun, "dry-run", false, "check everything, say what would be exported, write nothing")
}

// addPace adds the flags that say how fast.
func (f *outputFlags) addPace(set *pflag.FlagSet) {
	set.StringVar(&f.Workers, "workers", "auto", "keep `N` requests in flight, or auto")
	set.StringVar(&f.PageSize, "page-size", "auto", "ask for `N` documents a page, or auto")
	set.IntVar(&f.MaxRate, "max-rate", 0, "read at most `N` documents a second; 0 is no bound")
}

// completeWords completes a flag's value from words.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	// The one error is a flag that does not exist, which a test of the help sees.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// toStdout says whether the rows go to stdout instead of to a folder.
func (f *outputFlags) toStdout() bool { return f.Out == "-" }

// spec is the run that the flags describe, but for the endpoint and what of the
// named collections (none with --all) can be read. All that can be refused without
// a server is.
func (f *outputFlags) spec(named []string, now time.Time) (export.Spec, error) {
	switch f.Out {
	case "":
		if !f.dryRun {
			return export.Spec{}, usagef("no folder for the files: give --out DIR")
		}
	case "-":
	default:
		if strings.Contains(f.Out, "{time}") {
			f.pattern = f.Out
		}
		f.Out = filepath.Clean(strings.ReplaceAll(f.Out, "{time}", now.UTC().Format(archive.FolderTime)))
	}
	if f.DDL != "" && f.toStdout() {
		return export.Spec{}, usagef("--ddl writes a script beside the files: it needs --out DIR")
	}
	if f.Keep < 0 {
		return export.Spec{}, usagef("--keep %d: give 1 or more, or 0 to keep all", f.Keep)
	}
	if f.Keep > 0 && (f.pattern == "" || strings.Count(filepath.Base(f.pattern), "{time}") != 1 || strings.Count(f.pattern, "{time}") != 1) {
		return export.Spec{}, usagef("--keep needs {time} in the last part of --out, such as --out 'backups/{time}'")
	}
	if (f.Fast || f.Deletions != "") && f.Mode != modeIncremental {
		return export.Spec{}, usagef("--fast and --deletions say how changes are read: give --mode incremental too")
	}
	s, err := f.Config.Spec()
	if bad, ok := errors.AsType[*export.ConfigError](err); ok && bad.Key != "" {
		return s, usagef("--%s: %s", bad.Key, bad.Problem)
	}
	if err != nil {
		return s, usagef("%w", err)
	}
	s.Tool = toolName()
	s.Collections = named
	if len(named) == 0 {
		s.Collections = slices.Sorted(maps.Keys(s.Columns))
	}
	if len(s.Collections) == 0 {
		s.Collections = []string{"any"}
	}
	if err := s.Validate(); err != nil {
		return s, usagef("%w", err)
	}
	if s.Mode == export.Incremental && f.toStdout() {
		return s, usagef("--mode incremental needs a folder for its state, not --out -")
	}
	if f.shard != "" && (f.Out == "" || f.toStdout() || f.pattern != "" || s.Mode == export.Incremental) {
		return s, usagef("--shard is for a full run into one folder that all shards name: give --out DIR")
	}
	if f.Out == "" || f.toStdout() || s.Mode == export.Incremental || f.shard != "" {
		return s, nil
	}
	err = archive.CheckNew(store.NewFolder(s.Dir))
	if err != nil && !isA[*store.Error](err) {
		return s, unusablef("--out %s: %w", quoted(s.Dir), err)
	}
	return s, err
}
