package fql_test

import (
	"encoding/json"
	"fmt"

	"fauna-export/fauna/fql"
)

func ExampleDefinitions_FQL() {
	// As Client.Definitions reads them.
	schema := &fql.Definitions{List: map[fql.DefinitionKind][]fql.Definition{
		fql.CollectionDefinitions: {{
			Name:     "users",
			Document: json.RawMessage(`{"ref":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}},"ts":1,"history_days":0,"name":"users"}`),
		}},
		fql.FunctionDefinitions: {{
			Name:     "double",
			Document: json.RawMessage(`{"ref":1,"ts":1,"name":"double","body":{"@query":{"api_version":"4","lambda":"x","expr":{"multiply":[{"var":"x"},2]}}}}`),
		}},
	}}
	text, unwritable := schema.FQL()
	fmt.Println(text)
	fmt.Println(len(unwritable), "cannot be written")
	// Output:
	// CreateCollection({
	//   history_days: 0,
	//   name: "users"
	// })
	//
	// CreateFunction({
	//   name: "double",
	//   body: Query(Lambda("x", Multiply(Var("x"), 2)))
	// })
	//
	// 0 cannot be written
}

func ExampleParseNames() {
	names := fql.ParseNames(`{
  after: [ Collection("empty") ],
  data: [ Collection("users"), Collection("line items") ]
}`)
	fmt.Println(names.Names)
	fmt.Println(names.Bad[0].Name+":", names.Bad[0].Why)
	fmt.Println(names.Cut)
	// Output:
	// [users]
	// line items: it has a space
	// This is only the first page. Print more at once with {size: 1000}, or choose from the whole list once the secret is known.
}

func ExampleSetup() {
	setup := fql.Setup{Collections: []string{"users"}}
	fmt.Println(setup.RoleFQL())
	fmt.Println(setup.KeyFQL())
	// Output:
	// CreateRole({
	//   name: "connect-readonly",
	//   privileges: [
	//     {
	//       resource: Collections(),
	//       actions: { read: true }
	//     },
	//     {
	//       resource: Indexes(),
	//       actions: { read: true }
	//     },
	//     {
	//       resource: Collection("users"),
	//       actions: { read: true }
	//     }
	//   ],
	// })
	// CreateKey({
	//   name: "connect-readonly",
	//   role: Role("connect-readonly"),
	// })
}
