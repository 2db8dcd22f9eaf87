package fql

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDefinitionsFQL_namesWhatV10MadeAndGivesItAsFSL(t *testing.T) {
	t.Parallel()
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	d := &Definitions{List: map[DefinitionKind][]Definition{
		CollectionDefinitions: {
			{Name: "users", Document: raw(`{"ref":1,"ts":1,"name":"users","history_days":2,"alias":"People","fields":{"name":{"signature":"String"},"age":{"signature":"Int?","default":"0"}},` +
				`"computed_fields":{"adult":{"body":"doc => doc.age > 17","signature":"Boolean"}},"wildcard":"Any",` +
				`"indexes":{"byName":{"terms":[{"field":".name"}],"values":[{"field":".age","order":"desc"},{"field":".tags","mva":true}],"queryable":true}},` +
				`"constraints":[{"unique":[".name"]},{"check":{"name":"grown","body":"doc => doc.age >= 0"}}]}`)},
			{Name: "forever", Document: raw(`{"name":"forever","document_ttls":false,"ttl_days":3,"computed_fields":{"total":{"body":"(.price * .n)"}},"indexes":{},"constraints":[{"unique":[{"field":".tags","mva":true}],"status":"active"}]}`)},
			{Name: "line-items", Document: raw(`{"name":"line-items","history_days":0,"alias":"Items"}`)},
			{Name: "plain", Document: raw(`{"name":"plain","history_days":0}`)},
		},
		FunctionDefinitions: {
			{Name: "double", Document: raw(`{"name":"double","body":"(x) => x * 2","role":"server"}`)},
			{Name: "typed", Document: raw(`{"name":"typed","body":"(order, _, ...more) => { a: order.total < 3 }","signature":"(order: Set<Order>, { a: Int, b: (Int) => Int }, ...String) => { a: Boolean }","role":"server-readonly","data":{"why":"x"}}`)},
			{Name: "single", Document: raw(`{"name":"single","body":"x => {\n  let y = x\n  y\n}","signature":"Number => Number"}`)},
			{Name: "uneven", Document: raw(`{"name":"uneven","body":"x => x","signature":"(Number, Number) => Number"}`)},
			{Name: "both", Document: raw(`{"name":"both","body":"(a, b) => {\n  let c = a\n  c + b\n}"}`)},
		},
		RoleDefinitions: {
			{Name: "reader", Document: raw(`{"name":"reader","privileges":[{"resource":"users","actions":{"read":"doc => doc.age > 3","write":false}},{"resource":"Collection","actions":{"read":true}}],"membership":[{"resource":"users","predicate":"u => u.age > 5"}]}`)},
			{Name: "mixed", Document: raw(`{"name":"mixed","privileges":[{"resource":"users","actions":{"read":{"@query":{"lambda":"x","expr":true}}}}]}`)},
		},
	}}
	text, cannot := d.FQL()
	var names []string
	for _, one := range cannot {
		names = append(names, one.Name)
	}
	if got := strings.Join(names, " "); got != "users forever line-items double typed single uneven both reader mixed" {
		t.Errorf("not written: %s", got)
	}
	for _, want := range []string{
		`// collection "users": alias, fields, computed_fields, wildcard, indexes, constraints: created with FQL v10`,
		"// @alias(People)\n// collection users {\n//   name: String\n//   age: Int? = 0\n//   compute adult: Boolean = (doc => doc.age > 17)\n//   *: Any\n" +
			"//   index byName {\n//     terms [.name]\n//     values [desc(.age), mva(.tags)]\n//   }\n//   unique [.name]\n//   check grown (doc => doc.age >= 0)\n//   history_days 2\n// }\n" +
			"CreateCollection({\n  name: \"users\",\n  history_days: 2\n})",
		"// collection forever {\n//   compute total = (.price * .n)\n//   unique [mva(.tags)]\n//   history_days 9223372036854775807\n//   ttl_days 3\n//   document_ttls false\n// }\n",
		"// Its data, for which FSL has no place: {\"why\":\"x\"}. As FSL, for fauna schema push:\n// @role(\"server-readonly\")\n" +
			"// function typed(order: Set<Order>, _: { a: Int, b: (Int) => Int }, ...more: String): { a: Boolean } {\n//   { a: order.total < 3 }\n// }\n",
		"// function single(x: Number): Number {\n//   let y = x\n//   y\n// }\n",
		`// function "uneven": body, signature: created with FQL v10, and FQL v4 cannot create it. As the server sent it:`,
		`// collection "line-items": alias: created with FQL v10, and FQL v4 cannot create it. As the server sent it:` + "\n// {",
		"// @role(server)\n// function double(x) {\n//   x * 2\n// }\n",
		"// function both(a, b) {\n//   let c = a\n//   c + b\n// }\n",
		"// role reader {\n//   privileges users {\n//     read {\n//       predicate (doc => doc.age > 3)\n//     }\n//   }\n//   privileges Collection {\n//     read\n//   }\n//   membership users {\n//     predicate (u => u.age > 5)\n//   }\n// }",
		`// role "mixed": privileges: created with FQL v10, and FQL v4 cannot create it. As the server sent it:`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not in the text:\n%s\n\n%s", want, text)
		}
	}
	if strings.Contains(text, "CreateFunction") || strings.Contains(text, "CreateRole") || strings.Contains(text, "  alias:") {
		t.Errorf("FQL v4 would refuse, or drop, some of this:\n%s", text)
	}
	if _, err := ParseStatements(text); err != nil {
		t.Errorf("with its comments it is not FQL: %v", err)
	}
}
