package emulator

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
)

// testdata/inspect.jsonl holds values of the wire with what Node 20's
// util.inspect prints of them after the JavaScript driver read them: as the
// shell prints an answer (depth: null), and as it prints an error's body, read
// as plain JSON (depth: null, compact: false).
func TestInspect_printsAsNodeDoes(t *testing.T) {
	file, err := os.Open("testdata/inspect.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	cases := 0
	for lines.Scan() {
		var c struct{ Wire, Compact, Expanded string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases++
		value, err := parseJSON([]byte(c.Wire))
		if err != nil {
			t.Fatalf("%v in %s", err, c.Wire)
		}
		if got := inspect(faunaValue(value), true); got != c.Compact {
			t.Errorf("%s\n got %s\nwant %s", c.Wire, got, c.Compact)
		}
		if got := inspect(plainValue(value), false); got != c.Expanded {
			t.Errorf("%s\n got %s\nwant %s", c.Wire, got, c.Expanded)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if cases < 100 {
		t.Fatalf("only %d cases", cases)
	}
}

// What the shell printed when it was used with a real server. Times, ids and
// secrets are replaced by signs.
func TestShell_printsWhatTheRealOnePrinted(t *testing.T) {
	s := New(Options{Secret: "fnADMIN"})
	changing := regexp.MustCompile(`ts: \d+|"\d{15,}"|'fn[\w-]{38}'|'\$2a\$05\$[^']+'`)
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
		{`Paginate(Collections(), {size: 2})`, `{
  after: [ Collection("Ünï-cödé.1") ],
  data: [ Collection("users"), Collection("products") ]
}
`},
		{"CreateRole({\nname: \"connect-readonly\",\nprivileges: [\n{\nresource: Collections(),\nactions: { read: true }\n}\n],\n})", `{
  ref: Role("connect-readonly"),
  <ts>,
  name: 'connect-readonly',
  privileges: [ { resource: Collections(), actions: { read: true } } ]
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
			case strings.HasPrefix(text, `"`):
				return "<id>"
			case strings.HasPrefix(text, "'fn"):
				return "<secret>"
			}
			return "<hash>"
		})
		if out != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, out, c.want)
		}
	}
}

func TestShell_refusedSecret(t *testing.T) {
	s := New(Options{Secret: "fnADMIN"})
	out, err := s.Shell(context.Background(), "fnOTHER", "Now()")
	var failed *ShellError
	if !errors.As(err, &failed) || failed.Status != 401 || failed.Code != "unauthorized" {
		t.Fatalf("%+v", err)
	}
	const want = "Error: unauthorized. Check that endpoint, schema, port and secret are correct during client’s instantiation\n" +
		"{\n  errors: [\n    {\n      code: 'unauthorized',\n      description: 'Unauthorized'\n    }\n  ]\n}\n"
	if out != want {
		t.Errorf("printed\n%s", out)
	}
}

func TestShell_runsNothingOfATextThatIsNotFQL(t *testing.T) {
	s := New(Options{Secret: "fnADMIN"})
	_, err := s.Shell(context.Background(), "fnADMIN", "CreateCollection({name: 'a'})\nnonsense(")
	var bad *TextError
	if !errors.As(err, &bad) || bad.Line != 2 {
		t.Fatalf("%v", err)
	}
	if out, err := s.Shell(context.Background(), "fnADMIN", "Exists(Collection('a'))"); out != "false\n" || err != nil {
		t.Errorf("%s, %v", out, err)
	}
}

func TestShell_stopsAtTheFirstError(t *testing.T) {
	s := New(Options{Secret: "fnADMIN"})
	out, err := s.Shell(context.Background(), "fnADMIN", "CreateCollection({name: 'a'})\nCreateCollection({name: 'a'})\nCreateCollection({name: 'b'})")
	var failed *ShellError
	if !errors.As(err, &failed) || failed.Code != "instance already exists" || failed.Description != "Collection already exists." ||
		failed.Status != 400 || failed.Statement.Line != 2 {
		t.Fatalf("%+v", err)
	}
	if !strings.HasSuffix(out, wantShellError) || !strings.HasPrefix(out, "{\n  ref: Collection(\"a\"),\n  ts: ") {
		t.Errorf("printed\n%s", out)
	}
	if out, err := s.Shell(context.Background(), "fnADMIN", "Exists(Collection('b'))"); out != "false\n" || err != nil {
		t.Errorf("%s, %v", out, err)
	}
}

const wantShellError = `
Error: instance already exists
{
  errors: [
    {
      position: [
        'create_collection'
      ],
      code: 'instance already exists',
      description: 'Collection already exists.'
    }
  ]
}
`
