package row

import (
	"reflect"

	"github.com/parquet-go/parquet-go"
)

// ParquetNode returns a column of a type in Parquet files; one of no type holds bytes.
func ParquetNode(t Type, optional bool) parquet.Node {
	node := parquet.Leaf(parquet.ByteArrayType)
	switch t {
	case TypeJSON:
		node = parquet.JSON()
	case TypeString:
		node = parquet.String()
	case TypeInt:
		node = parquet.Int(64)
	case TypeFloat:
		node = parquet.Leaf(parquet.DoubleType)
	case TypeBool:
		node = parquet.Leaf(parquet.BooleanType)
	case TypeTime:
		node = parquet.Timestamp(parquet.Microsecond)
	case TypeDate:
		node = parquet.Date()
	}
	node = parquet.Encoded(node, &parquet.Plain)
	if optional {
		return parquet.Optional(node)
	}
	return parquet.Required(node)
}

// parquetSchema returns the schema of columns.
func parquetSchema(columns []column) *parquet.Schema {
	var names []string
	var nodes []parquet.Node
	for _, c := range columns {
		names, nodes = append(names, c.name), append(nodes, ParquetNode(c.typ, c.optional))
	}
	return OrderedSchema(names, nodes)
}

// OrderedSchema returns a schema that keeps the order of the columns.
func OrderedSchema(names []string, nodes []parquet.Node) *parquet.Schema {
	root := orderedGroup{Group: make(parquet.Group, len(names))}
	for i, name := range names {
		root.Group[name] = nodes[i]
		root.fields = append(root.fields, orderedField{Node: nodes[i], name: name})
	}
	return parquet.NewSchema("rows", root)
}

// orderedGroup is a group whose fields keep their order, where parquet.Group
// sorts them by name. Rows are written column by column, so it needs no Go type.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

func (g orderedGroup) Fields() []parquet.Field { return g.fields }
func (g orderedGroup) GoType() reflect.Type    { return reflect.TypeFor[struct{}]() }

type orderedField struct {
	parquet.Node
	name string
}

func (f orderedField) Name() string                           { return f.name }
func (f orderedField) Value(base reflect.Value) reflect.Value { return base.FieldByName(f.name) }
