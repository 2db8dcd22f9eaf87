package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"fauna-export/export/store"
)

func newManCommand(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "man [COMMAND]",
		Short: "Print the manual page of fauna-export or of one command",
		Long: `Print a manual page on stdout, or write the pages of all commands into a folder. They
contain no date, so the same version always prints the same pages.`,
		Example: `  fauna-export man | man -l -
  fauna-export man run | man -l -
  fauna-export man --dir .`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir != "" {
				return writePages(cmd.Root(), dir)
			}
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), args)
			}
			page, err := manualPage(found)
			if err != nil {
				return err
			}
			return a.printText(page)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "write the pages of all commands into `DIR`")
	return cmd
}

// manualPage returns the page of one command. It has no date, so the same
// version always prints the same page.
func manualPage(c *cobra.Command) (string, error) {
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	root := c.Root()
	root.DisableAutoGenTag = true
	c.DisableAutoGenTag = true
	var b bytes.Buffer
	header := &doc.GenManHeader{
		Title: strings.ToUpper(name), Section: "1", Date: &time.Time{}, Source: toolName(), Manual: "fauna-export",
	}
	if err := doc.GenMan(c, header, &b); err != nil {
		return "", fmt.Errorf("write the manual page of %s: %w", name, err)
	}
	var page strings.Builder
	for _, r := range strings.Replace(b.String(), `"Jan 0001"`, `""`, 1) {
		if r < utf8.RuneSelf {
			page.WriteRune(r)
			continue
		}
		fmt.Fprintf(&page, `\[u%04X]`, r) // troff expects ASCII
	}
	return page.String(), nil
}

func writePages(c *cobra.Command, dir string) error {
	dir, err := store.ExpandHome(dir)
	if err != nil {
		return unusablef("--dir: %w", err)
	}
	page, err := manualPage(c)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, strings.ReplaceAll(c.CommandPath(), " ", "-")+".1")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		return unusablef("write the manual pages: %w", err)
	}
	for _, below := range c.Commands() {
		if !below.IsAvailableCommand() || below.IsAdditionalHelpTopicCommand() {
			continue
		}
		if err := writePages(below, dir); err != nil {
			return err
		}
	}
	return nil
}
