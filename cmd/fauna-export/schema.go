package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fauna-export/export/config"
	"fauna-export/fauna"
	"fauna-export/fauna/fql"
)

func newSchemaCommand(a *app) *cobra.Command {
	var server *config.Config
	var asFQL bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print collections, indexes, functions and roles, as JSON or as FQL that recreates them",
		Long: `Print the collections, indexes, functions and roles that the key may read, all from a
single point in time, on stdout. The JSON holds each one as the server sent it. With
--fql they are queries for the Fauna shell: an admin of another database runs them in
this order to create the same schema there. Comments list what the queries need but
do not create. Definitions from FQL v10 that FQL v4 can't create are printed in
comments as FSL, for fauna schema push; the exit code is then 3.

An admin key sees everything. A server-readonly key sees no roles. What a custom role
can't read looks like an empty list; a note on stderr reports that.`,
		Example: `  fauna-export schema --domain http://localhost:8443 > schema.json
  fauna-export schema --fql > schema.fql`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.schema(cmd.Context(), server, asFQL) },
	}
	server = newOptions(cmd, config.Address, config.Server, config.Secret)
	cmd.Flags().BoolVar(&asFQL, "fql", false, "print FQL that recreates the schema")
	return cmd
}

// schemaJSON is the output of `schema`: the definitions as the server sent
// them.
type schemaJSON struct {
	Version     int               `json:"version"`
	Tool        string            `json:"tool"`
	Endpoint    string            `json:"endpoint"`
	ReadAt      string            `json:"read_at"`
	Collections []json.RawMessage `json:"collections"`
	Indexes     []json.RawMessage `json:"indexes"`
	Functions   []json.RawMessage `json:"functions"`
	Roles       []json.RawMessage `json:"roles"`
	Denied      []string          `json:"denied"` // kinds that the key may not list
}

func (a *app) schema(ctx context.Context, server *config.Config, asFQL bool) error {
	client, err := a.connect(ctx, server)
	if err != nil {
		return err
	}
	defer client.Close()
	d, err := client.Definitions(ctx)
	if err != nil {
		return err
	}
	readAt := time.UnixMicro(d.At).UTC().Format("2006-01-02T15:04:05.000000Z")
	var cannot []fql.Unwritable
	if asFQL {
		var text string
		text, cannot = d.FQL()
		text = escapeControls(fmt.Sprintf("// The schema of %s at %s, as %s read it.\n// Each expression is its own query; an admin must run them in this order.\n\n%s",
			client.Endpoint().Host(), readAt, toolName(), text))
		err = a.print(map[string]string{"fql": text}, text)
	} else {
		err = a.printJSON(schemaOf(d, client.Endpoint(), readAt))
	}
	if err != nil {
		return err
	}
	return a.schemaLacks(d, cannot)
}

func schemaOf(d *fql.Definitions, e fauna.Endpoint, readAt string) schemaJSON {
	documents := func(kind fql.DefinitionKind) []json.RawMessage {
		return mapped(d.List[kind], func(one fql.Definition) json.RawMessage { return one.Document })
	}
	return schemaJSON{
		Version: 1, Tool: toolName(), Endpoint: e.String(), ReadAt: readAt,
		Collections: documents(fql.CollectionDefinitions), Indexes: documents(fql.IndexDefinitions),
		Functions: documents(fql.FunctionDefinitions), Roles: documents(fql.RoleDefinitions),
		Denied: mapped(d.Denied, func(kind fql.DefinitionKind) string { return string(kind) }),
	}
}

// schemaLacks returns which parts of the schema were not printed, or may be
// missing.
func (a *app) schemaLacks(d *fql.Definitions, cannot []fql.Unwritable) error {
	var empty, lacks []string
	for _, kind := range fql.DefinitionKinds() {
		if list, listed := d.List[kind]; listed && len(list) == 0 {
			empty = append(empty, string(kind))
		}
	}
	if len(empty) > 0 {
		a.say("note: no %s: there are none, or the key can't read them", strings.Join(empty, ", no "))
	}
	for _, kind := range d.Denied {
		lacks = append(lacks, string(kind)+" (the key can't list them)")
	}
	for _, one := range cannot {
		lacks = append(lacks, fmt.Sprintf("%s of the %s (%s)", quoted(one.Name), one.Kind, one.Why))
	}
	if len(lacks) == 0 {
		return nil
	}
	return partialf("missing from the output: %s", strings.Join(lacks, ", "))
}
