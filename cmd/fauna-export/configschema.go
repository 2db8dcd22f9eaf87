package main

import (
	"reflect"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fauna-export/export"
)

// configSchema is a JSON Schema (draft 7, which editors know) of the files that
// --config takes: a property a key, with the help and the default of the flag of
// the same name.
func configSchema(run *cobra.Command) any {
	type schema struct {
		Schema     string         `json:"$schema"`
		Title      string         `json:"title"`
		About      string         `json:"description"`
		Type       string         `json:"type"`
		More       bool           `json:"additionalProperties"`
		Properties map[string]any `json:"properties"`
	}
	properties := map[string]any{}
	for i, key := range export.ConfigKeys() {
		kind := reflect.TypeFor[export.Config]().Field(i).Type.Kind()
		properties[key] = configProperty(run, key, kind)
	}
	return schema{
		Schema: "http://json-schema.org/draft-07/schema#",
		Title:  "Options of fauna-export run --config",
		About:  "The keys are the names of the flags of run. No key holds the secret: it comes from FAUNA_SECRET, --secret-file or a question.",
		Type:   "object", Properties: properties,
	}
}

// configProperty describes one key of a config file.
func configProperty(run *cobra.Command, key string, kind reflect.Kind) map[string]any {
	p := map[string]any{}
	flag := run.Flag(key)
	switch {
	case flag != nil:
		_, usage := pflag.UnquoteUsage(flag)
		p["description"] = usage
	case key == "role":
		p["description"] = "the role that the key was made for; for the wizard, a run does not need it"
	}
	switch kind {
	case reflect.Bool:
		p["type"], p["default"] = "boolean", false
	case reflect.Int:
		p["type"], p["minimum"], p["default"] = "integer", 0, 0
	case reflect.Slice:
		p["type"], p["items"], p["uniqueItems"] = "array", map[string]any{"type": "string"}, true
	default:
		p["type"] = "string"
		if words := flagWords(run, key); len(words) > 0 {
			p["enum"] = words
		}
		switch {
		case flag == nil || flag.DefValue == "":
		case flag.DefValue == "auto":
			p["type"], p["default"] = []string{"string", "integer"}, "auto"
		default:
			p["default"] = flag.DefValue
		}
		if key == "at" {
			p["type"] = []string{"string", "integer"}
		}
	}
	return p
}

// flagWords are the values that a flag may have, where these are a list.
func flagWords(cmd *cobra.Command, flag string) []string {
	complete, ok := cmd.GetFlagCompletionFunc(flag)
	if !ok || slices.Contains(collectionFlags(), flag) {
		return nil // those ask a server
	}
	words, _ := complete(cmd, nil, "")
	return words
}
