package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// ran is the result of one command line.
type ran struct {
	code     int
	out, err string
}

// runHere runs a command line in this process, without a terminal. env holds
// NAME=value pairs.
func runHere(t *testing.T, env []string, args ...string) ran {
	t.Helper()
	return runHereWith(t, t.Context(), "", env, args...)
}

// runHereWith is runHere with a context and text on stdin.
func runHereWith(t *testing.T, ctx context.Context, stdin string, env []string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	vars := map[string]string{}
	for _, one := range env {
		name, value, _ := strings.Cut(one, "=")
		vars[name] = value
	}
	code := execute(ctx, args, streams{
		in: strings.NewReader(stdin), out: &out, err: &errs,
		getenv: func(name string) string { return vars[name] },
	})
	return ran{code: code, out: out.String(), err: errs.String()}
}
