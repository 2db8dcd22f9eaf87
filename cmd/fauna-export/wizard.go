package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"fauna-export/tui"
)

// runWizard runs the wizard and leaves its summary in the scrollback.
func (a *app) runWizard(ctx context.Context, c tui.Config) error {
	if !a.mayAsk() {
		return usagef("the wizard needs a terminal: use 'fauna-export run', or 'fauna-export demo --out DIR' to try it")
	}
	if dir, err := os.UserConfigDir(); err == nil && !c.Demo { // a demo saves nothing but its files
		c.AnswersFile = filepath.Join(dir, "fauna-export", "answers.yaml")
	}
	outcome, err := tui.Run(ctx, c)
	if outcome.Summary != "" {
		fmt.Fprint(a.err, outcome.Summary)
		for line := range strings.Lines(outcome.Summary) {
			if line = strings.TrimSpace(line); line != "" {
				a.log.note(line)
			}
		}
	}
	return err
}
