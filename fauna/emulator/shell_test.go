package emulator

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"fauna-export/fauna/fql"
)

// Times, ids and secrets are replaced by placeholders.
func TestShell_printsAnswersAsFQL(t *testing.T) {
	t.Parallel()
	s := New(Options{Secret: "fnADMIN"})
	changing := regexp.MustCompile(`ts: \d+|"\d{15,}"|"fn[\w-]{38}"|"\$2a\$05\$[^"]+"`)
	for _, c := range []struct{ text, want string }{
		{`CreateCollection({name: "users"}); CreateCollection({name: "products"}); CreateCollection({name: "Ünï-cödé.1"}); CreateCollection({name: "ttl_docs"})`, ""},
		{`Paginate(Collections())`, `{
  data: [
    Collection("users"),
    Collection("products"),
    Collection("Ünï-cödé.1"),
    Collection("ttl_docs")
  ]
}
`},
		{`Paginate(Collections(), {size: 2})`, `{ after: [Collection("Ünï-cödé.1")], data: [Collection("users"), Collection("products")] }
`},
		{"CreateRole({\nname: \"connect-readonly\",\nprivileges: [\n{\nresource: Collections(),\nactions: { read: true }\n}\n],\n})", `{
  ref: Role("connect-readonly"),
  <ts>,
  name: "connect-readonly",
  privileges: [{ resource: Collections(), actions: { read: true } }]
}
`},
		{`CreateKey({ name: "connect-readonly", role: Role("connect-readonly"), })`, `{
  ref: Ref(Keys(), <id>),
  <ts>,
  role: Role("connect-readonly"),
  secret: <secret>,
  hashed_secret: <hash>
}
`},
		{`[Date("2020-01-01"), Bytes("AQI="), Documents(Collection("users")), Query(Lambda("x", Add(Var("x"), 1))), {"a b": null}]`, `[
  Date("2020-01-01"),
  Bytes("AQI="),
  Documents(Collection("users")),
  Query(Lambda("x", Add(Var("x"), 1))),
  { "a b": null }
]
`},
	} {
		out, err := s.Shell(context.Background(), "fnADMIN", c.text)
		if c.want == "" {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.text, err, out)
		}
		out = changing.ReplaceAllStringFunc(out, func(text string) string {
			switch {
			case strings.HasPrefix(text, "ts"):
				return "<ts>"
			case strings.HasPrefix(text, `"fn`):
				return "<secret>"
			case strings.HasPrefix(text, `"$`):
				return "<hash>"
			}
			return "<id>"
		})
		if out != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, out, c.want)
		}
	}
}

func TestShell_refusedSecret(t *testing.T) {
	t.Parallel()
	s := New(Options{Secret: "fnADMIN"})
	out, err := s.Shell(context.Background(), "fnOTHER", "Now()")
	failed, ok := errors.AsType[*ShellError](err)
	if !ok || failed.Status != 401 || failed.Code != "unauthorized" {
		t.Fatalf("%+v", err)
	}
	const want = "Error: unauthorized: Unauthorized\n"
	if out != want {
		t.Errorf("printed\n%s", out)
	}
}

func TestShell_runsNothingOfATextThatIsNotFQL(t *testing.T) {
	t.Parallel()
	s := New(Options{Secret: "fnADMIN"})
	_, err := s.Shell(context.Background(), "fnADMIN", "CreateCollection({name: 'a'})\nnonsense(")
	if bad, ok := errors.AsType[*fql.SyntaxError](err); !ok || bad.Line != 2 {
		t.Fatalf("%v", err)
	}
	if out, err := s.Shell(context.Background(), "fnADMIN", "Exists(Collection('a'))"); out != "false\n" || err != nil {
		t.Errorf("%s, %v", out, err)
	}
}

func TestShell_stopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	s := New(Options{Secret: "fnADMIN"})
	out, err := s.Shell(context.Background(), "fnADMIN", "CreateCollection({name: 'a'})\nCreateCollection({name: 'a'})\nCreateCollection({name: 'b'})")
	failed, ok := errors.AsType[*ShellError](err)
	if !ok || failed.Code != "instance already exists" || failed.Description != "Collection already exists." || failed.Status != 400 {
		t.Fatalf("%+v", err)
	}
	if !strings.HasSuffix(out, wantShellError) || !strings.HasPrefix(out, `{ ref: Collection("a"), ts: `) {
		t.Errorf("printed\n%s", out)
	}
	if out, err := s.Shell(context.Background(), "fnADMIN", "Exists(Collection('b'))"); out != "false\n" || err != nil {
		t.Errorf("%s, %v", out, err)
	}
}

const wantShellError = "\nError: instance already exists: Collection already exists.\n"
