package fauna_test

import (
	"encoding/json"
	"fmt"

	"fauna-export/fauna"
)

func ExampleDefinitions_FQL() {
	// As Client.Definitions reads them.
	schema := &fauna.Definitions{List: map[fauna.DefinitionKind][]fauna.Definition{
		fauna.CollectionDefinitions: {{
			Name:     "users",
			Document: json.RawMessage(`{"ref":{"@ref":{"id":"users","collection":{"@ref":{"id":"collections"}}}},"ts":1,"history_days":0,"name":"users"}`),
		}},
		fauna.FunctionDefinitions: {{
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
