package config

import "strings"

// Schema returns a JSON Schema (draft 7, which editors support) of config
// files, with a property per key.
func Schema() any {
	type schema struct {
		Schema     string         `json:"$schema"`
		Title      string         `json:"title"`
		About      string         `json:"description"`
		Type       string         `json:"type"`
		More       bool           `json:"additionalProperties"`
		Properties map[string]any `json:"properties"`
	}
	properties := map[string]any{}
	for _, o := range new(Config).Options() {
		if o.Once {
			continue
		}
		p := map[string]any{"description": strings.ReplaceAll(o.Usage, "`", "")}
		properties[o.Name] = p
		switch o.to.(type) {
		case *bool:
			p["type"], p["default"] = "boolean", false
		case *int:
			p["type"], p["minimum"], p["default"] = "integer", 0, 0
		case *[]string:
			p["type"], p["items"], p["uniqueItems"] = "array", map[string]any{"type": []string{"string", "number"}}, true
		default:
			p["type"] = "string"
			if o.Number {
				p["type"] = []string{"string", "integer"}
			}
			if o.Default != "" {
				p["default"] = o.Default
			}
			if o.Words != nil {
				p["enum"] = o.Words
			}
		}
	}
	return schema{
		Schema: "http://json-schema.org/draft-07/schema#",
		Title:  "Options of fauna-export run --config",
		About:  "The keys are the names of the flags of run. No key holds the secret: it comes from FAUNA_SECRET, --secret-file or a prompt.",
		Type:   "object", Properties: properties,
	}
}
