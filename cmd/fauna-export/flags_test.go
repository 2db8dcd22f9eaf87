package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fauna-export/export/config"
)

func TestCommandLine_mistakesAreNamed(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		args string
		says string
	}{
		{"command with a slip", "chekc", "did you mean 'fauna-export check'?"},
		{"command that is nothing like ours", "frobnicate", `unknown command "frobnicate"`},
		{"fql part with a slip", "fql rloe", "did you mean 'fauna-export fql role'?"},
		{"fql without its part", "fql", "choose the FQL"},
		{"flag with a slip", "run --colection users", "did you mean --collection?"},
		{"flag cut short", "run --comp gzip", "did you mean --compress?"},
		{"secret as a flag", "run --secret fnAbc", "set FAUNA_SECRET"},
		{"argument where none belongs", "run users", `got "users"`},
		{"verify without a folder", "verify", "needs the folder of a run"},
		{"verify with two folders", "verify a b", `got "b"`},
		{"no collection", "run --out d", "--collection NAME (repeatable) or --all"},
		{"all and one", "run --out d --all --collection a", "--all and --collection cannot both be given"},
		{"exclude without all", "run --out d --collection a --exclude b", "--exclude needs --all"},
		{"no folder", "run --all", "give --out DIR"},
		{"no secret", "run --all --out d", "set FAUNA_SECRET, or give --secret-file FILE"},
		{"format", "run --all --out d --format xml", "--format"},
		{"compress", "run --all --out d --compress rar", "--compress"},
		{"compress with Parquet", "run --all --out d --format parquet --compress gzip", "parquet files are compressed internally"},
		{"page size too large", "run --all --out d --page-size 80001", "80000"},
		{"workers", "run --all --out d --workers many", "--workers"},
		{"page size that is empty", "run --all --out d --page-size=", "--page-size: the value is empty"},
		{"at that is empty", "run --all --out d --at=", "--at: the value is empty"},
		{"at", "run --all --out d --at yesterday", "--at"},
		{"at without offset", "run --all --out d --at 2026-11-22T10:00:00", "--at"},
		{"at and no-snapshot", "run --all --out d --at 1 --no-snapshot", "needs a snapshot"},
		{"name that cannot be", "fql role --collection a/b", "--collection"},
		{"role that cannot be", "fql key --role a/b", "--role"},
		{"index that cannot be", "fql index --collection a --index {collection}/ts", "--index"},
		{"help about a command with a slip", "help runn", "did you mean 'fauna-export run'?"},
		{"help about a part with a slip", "help fql rol", "did you mean 'fauna-export fql role'?"},
		{"help about too much", "help run there", `unknown command "there" of 'fauna-export run'`},
		{"name given twice", "fql role --collection a --collection a", "given twice"},
		{"domain of the closed service", "check --all --domain db.fauna.com", "closed"},
		{"domain with a password", "check --all --domain https://me:hunter2@h", "--domain"},
		{"plain http to another host", "check --all --domain http://10.0.0.7:8443", "--allow-plaintext"},
		{"key without certificate", "check --all --client-key k.pem", "--client-key is the key of --client-cert, which is missing"},
		{"colour", "version --color mauve", `"mauve" is not one of auto, always, never`},
		{"shell that is none of the four", "completion tcsh", `unknown command "tcsh" of 'fauna-export completion'`},
		{"shell with a slip", "completion fsh", "did you mean 'fauna-export completion fish'?"},
		{"changes without their mode", "run --all --out d --fast", "need --mode incremental"},
		{"mode that is none", "run --all --out d --mode inc", "--mode"},
		{"interval", "version --progress-interval soon", "like 10s"},
		{"days", "fql history --collection a --days 0", "give 1 or more"},
		{"one index for two collections", "fql index --collection a --collection b --index one", "{collection}"},
		{"wizard without a terminal", "", "needs a terminal"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := runHere(t, nil, strings.Fields(c.args)...)
			if got.code != exitUsage {
				t.Errorf("exit %d, want %d", got.code, exitUsage)
			}
			if !strings.Contains(got.err, c.says) {
				t.Errorf("stderr does not say %q:\n%s", c.says, got.err)
			}
			if got.out != "" {
				t.Errorf("stdout has %q", got.out)
			}
			if lines := strings.Count(got.err, "\n"); lines > 2 {
				t.Errorf("%d lines for one mistake:\n%s", lines, got.err)
			}
			for _, never := range []string{"hunter2", "fnAbc", "strconv", "pflag"} {
				if strings.Contains(got.err, never) {
					t.Errorf("stderr holds %q:\n%s", never, got.err)
				}
			}
		})
	}
}

func TestPrecedence_flagBeforeEnvironmentBeforeDefault(t *testing.T) {
	t.Parallel()
	env := []string{"FAUNA_EXPORT_ROLE=from-environment", "FAUNA_EXPORT_COLLECTION=users\nproducts"}
	got := runHere(t, env, "fql", "role")
	for _, want := range []string{`"from-environment"`, `Collection("users")`, `Collection("products")`} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the environment's %s is missing in:\n%s%s", want, got.out, got.err)
		}
	}
	got = runHere(t, env, "fql", "role", "--role", "from-flag", "--collection", "orders")
	for _, want := range []string{`"from-flag"`, `Collection("orders")`} {
		if !strings.Contains(got.out, want) {
			t.Errorf("the flag's %s is missing in:\n%s%s", want, got.out, got.err)
		}
	}
	if strings.Contains(got.out, "environment") || strings.Contains(got.out, "users") {
		t.Errorf("the environment went before the flag:\n%s", got.out)
	}
	if got = runHere(t, nil, "fql", "role", "--collection", "users"); !strings.Contains(got.out, `"connect-readonly"`) {
		t.Errorf("the default role is missing:\n%s", got.out)
	}
	for _, more := range []string{"FAUNA_EXPORT_ALL=true", "FAUNA_EXPORT_EXCLUDE=carts"} {
		if got = runHere(t, []string{more}, "fql", "role", "--collection", "users"); got.code != exitDone || !strings.Contains(got.out, `Collection("users")`) {
			t.Errorf("%s goes before the flag: exit %d, %s", more, got.code, got.err)
		}
	}
	got = runHere(t, []string{"FAUNA_EXPORT_DAYS=few"}, "fql", "history", "--collection", "a")
	if got.code != exitUsage || !strings.Contains(got.err, `FAUNA_EXPORT_DAYS: "few" is not a whole number`) {
		t.Errorf("a wrong variable is not named: exit %d, %s", got.code, got.err)
	}
}

// --all says nothing about what to exclude, so that may be set elsewhere.
func TestPrecedence_allKeepsAnExcludeOfLowerPrecedence(t *testing.T) {
	t.Parallel()
	s := serveSmall(t)
	env := []string{"FAUNA_SECRET=" + s.Secret(), "FAUNA_EXPORT_DOMAIN=" + s.endpoint}
	file := filepath.Join(t.TempDir(), "export.yaml")
	if err := os.WriteFile(file, []byte("exclude: [orders]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ env, args []string }{
		"environment":              {[]string{"FAUNA_EXPORT_EXCLUDE=orders"}, []string{"--all"}},
		"file":                     {nil, []string{"--all", "--config", file}},
		"file, all in environment": {[]string{"FAUNA_EXPORT_ALL=true"}, []string{"--config", file}},
	} {
		got := runHere(t, append(c.env, env...), append([]string{"run", "--dry-run"}, c.args...)...)
		if got.code != exitDone || !strings.Contains(got.out, "users") || strings.Contains(got.out, "orders") {
			t.Errorf("%s: exit %d: %s%s", name, got.code, got.out, got.err)
		}
	}
}

func TestHelp_everyCommandAndFlagSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	root := newRootCommand(&app{})
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s has no description", c.CommandPath())
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s has no description", c.CommandPath(), f.Name)
			}
			if strings.Contains(strings.ToLower(f.Name), "secret") && f.Name != "secret-file" {
				t.Errorf("%s --%s would take a secret on the command line", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
}

// Every option in the table must be a flag of some command, with its help and default,
// and its environment variable must set it.
func TestOptions_everyOneIsAFlagAndAVariable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, o := range config.New().Options() {
			flag := c.Flags().Lookup(o.Name)
			if flag == nil {
				flag = c.PersistentFlags().Lookup(o.Name)
			}
			if flag == nil {
				continue
			}
			seen[o.Name] = true
			value := "7"
			switch {
			case len(o.Words) > 0:
				value = o.Words[0]
			case o.Type() == "bool":
				value = "true"
			}
			if o.Set(value) != nil {
				continue // it only takes specific words
			}
			fresh := &cobra.Command{}
			fresh.Flags().AddFlag(flag)
			before := flag.Value.String()
			getenv := func(name string) string {
				if name == "FAUNA_EXPORT_"+strings.ToUpper(strings.ReplaceAll(o.Name, "-", "_")) {
					return value
				}
				return ""
			}
			flag.Changed = false
			if err := fromEnvironment(fresh, getenv); err != nil || !flag.Changed || !strings.Contains(flag.Value.String(), value) {
				t.Errorf("%s: the variable of --%s leaves it at %q, not %q: %v", c.CommandPath(), o.Name, before, value, err)
			}
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(newRootCommand(&app{}))
	for _, o := range config.New().Options() {
		if !seen[o.Name] {
			t.Errorf("no command has --%s", o.Name)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"collection", "compress", "color", "all", "at"}
	for word, want := range map[string]string{
		"colection": "collection", "collections": "collection", "colour": "color",
		"comp": "compress", "zzz": "", "a": "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
