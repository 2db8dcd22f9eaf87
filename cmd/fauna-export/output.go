package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fauna-export/export"
	"fauna-export/export/row"
)

// outputFlags say what the files are to be and how to get there.
type outputFlags struct {
	out        string
	format     string
	compress   string
	columns    []string
	noData     bool
	strict     bool
	at         string
	noSnapshot bool
	workers    string
	pageSize   string
	maxRate    int
	dryRun     bool
}

// addFormat adds the flags that say what the files are.
func (f *outputFlags) addFormat(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.format, "format", "jsonl", "jsonl, csv, parquet or wire (each document as the server sent it)")
	set.StringVar(&f.compress, "compress", "none", "none, gzip or zstd (Parquet is compressed inside)")
	completeWords(cmd, "format", "jsonl", "csv", "parquet", "wire")
	completeWords(cmd, "compress", "none", "gzip", "zstd")
}

func (f *outputFlags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.out, "out", "", "`DIR` for the files, new or empty; {time} in it becomes the time; - writes one collection's rows to stdout")
	f.addFormat(cmd)
	set.StringArrayVar(&f.columns, "column", nil, "add a column, `COLLECTION:NAME[:TYPE]=PATH`; TYPE is json, string, int, float, bool, time or date (repeatable)")
	set.BoolVar(&f.noData, "no-data", false, "leave the data column out")
	set.BoolVar(&f.strict, "strict", false, "a value that does not fit its column's type fails the collection")
	set.StringVar(&f.at, "at", "", "read everything as of `TIME`: RFC 3339, or microseconds since 1970 (default: now)")
	set.BoolVar(&f.noSnapshot, "no-snapshot", false, "read each page at its own time")
	f.addPace(set)
	set.BoolVar(&f.dryRun, "dry-run", false, "check everything, say what would be exported, write nothing")
}

// addPace adds the flags that say how fast.
func (f *outputFlags) addPace(set *pflag.FlagSet) {
	set.StringVar(&f.workers, "workers", "auto", "requests in flight, `auto|N`")
	set.StringVar(&f.pageSize, "page-size", "auto", "documents a page, `auto|N`")
	set.IntVar(&f.maxRate, "max-rate", 0, "read at most `N` documents a second; 0 is no bound")
}

// completeWords completes a flag's value from words.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	// The one error is a flag that does not exist, which a test of the help sees.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// toStdout says whether the rows go to stdout instead of to a folder.
func (f *outputFlags) toStdout() bool { return f.out == "-" }

// spec is the run that the flags describe, but for the endpoint and the
// collections.
func (f *outputFlags) spec(now time.Time) (export.Spec, error) {
	s := export.Spec{Mode: export.Full, NoData: f.noData, Strict: f.strict, NoSnapshot: f.noSnapshot, Tool: toolName()}
	var err error
	if s.Format, err = row.ParseFormat(f.format); err != nil {
		return s, usagef("--format: %v", err)
	}
	if s.Compress, err = row.ParseCompression(f.compress); err != nil {
		return s, usagef("--compress: %v", err)
	}
	if s.Format == row.Parquet && s.Compress != row.None {
		return s, usagef("--compress goes with jsonl, csv and wire: a Parquet file is compressed inside")
	}
	if s.Columns, err = parseColumns(f.columns); err != nil {
		return s, err
	}
	if s.At, err = parseTime(f.at); err != nil {
		return s, err
	}
	if f.noSnapshot && f.at != "" {
		return s, usagef("--at and --no-snapshot cannot both be given")
	}
	if s.Workers, err = autoNumber("--workers", f.workers, export.MaxWorkers); err != nil {
		return s, err
	}
	if s.PageSize, err = autoNumber("--page-size", f.pageSize, export.MaxPageSize); err != nil {
		return s, err
	}
	if f.maxRate < 0 {
		return s, usagef("--max-rate %d: give a number of documents a second, or 0 for no bound", f.maxRate)
	}
	s.MaxRate = f.maxRate
	switch f.out {
	case "":
		if !f.dryRun {
			return s, usagef("no folder for the files: give --out DIR")
		}
	case "-":
	default:
		s.Dir = filepath.Clean(strings.ReplaceAll(f.out, "{time}", now.UTC().Format("2006-01-02T15-04-05Z")))
	}
	return s, nil
}

// parseColumns reads the --column flags, by collection.
func parseColumns(texts []string) (map[string][]row.Column, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	columns := map[string][]row.Column{}
	for _, text := range texts {
		collection, c, err := row.ParseColumn(text)
		if err != nil {
			return nil, usagef("--column %s: %v", quoted(text), err)
		}
		columns[collection] = append(columns[collection], c)
	}
	return columns, nil
}

// parseTime reads a time: RFC 3339 with its offset, or microseconds since 1970;
// 0 for the empty text.
func parseTime(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if micros, err := strconv.ParseInt(text, 10, 64); err == nil && micros > 0 {
		return micros, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.UnixMicro() <= 0 {
		return 0, usagef("--at %s: give a time such as 2026-11-22T10:31:02Z, or microseconds since 1970", quoted(text))
	}
	return t.UnixMicro(), nil
}

// autoNumber reads a number from 1 to most, 0 for auto.
func autoNumber(flag, text string, most int) (int, error) {
	if text == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, usagef("%s %s: give auto, or a number from 1 to %d", flag, quoted(text), most)
	}
	return n, nil
}

// refuseFull refuses a folder for a new run that is no folder or holds anything,
// before a server is asked.
func refuseFull(dir string) error {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return unusablef("the folder for the files: %v", err)
	}
	for _, e := range entries {
		switch e.Name() {
		case "manifest.json":
			return unusablef("%s holds a finished run: give another folder ('fauna-export verify' checks it)", quoted(dir))
		case ".fauna-export":
			return unusablef("%s holds a run that is not finished: give another folder", quoted(dir))
		}
	}
	if len(entries) > 0 {
		return unusablef("%s is not empty (%s …): give a new or empty folder", quoted(dir), quoted(entries[0].Name()))
	}
	return nil
}
