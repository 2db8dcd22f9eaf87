package fauna

import (
	"strconv"

	f "github.com/fauna/faunadb-go/v4/faunadb"
)

// The expressions that read documents. Times are always microseconds, because
// the driver writes a local time.Time with a Z.

// atTime wraps an expression to be evaluated at a time; 0 is the present.
func atTime(at int64, expr f.Expr) f.Expr {
	if at == 0 {
		return expr
	}
	return f.At(at, expr)
}

func docRef(collection string, id int64) f.Expr {
	return f.RefCollection(f.Collection(collection), strconv.FormatInt(id, 10))
}

// pageOf pages the documents' refs.
func pageOf(p PageRequest) f.Expr {
	set := f.Documents(f.Collection(p.Collection))
	if p.From == 0 {
		return f.Paginate(set, f.Size(p.Size))
	}
	return f.Paginate(set, f.After(f.Arr{docRef(p.Collection, p.From)}), f.Size(p.Size))
}

func idsExpr(p PageRequest) f.Expr {
	return atTime(p.At, f.Map(pageOf(p), f.Lambda("x", f.Select("id", f.Var("x")))))
}

// documentsExpr reads a page of whole documents, or these if ids is not nil. It
// checks that each of these exists, since Get of a missing one would fail the whole
// query; a missing one becomes null. With paths it reads for each document an array
// of the values, not an object, since its members would come back sorted.
func documentsExpr(p PageRequest, ids []int64) f.Expr {
	var row f.Expr = f.Get(f.Var("x"))
	if p.Paths != nil {
		columns := make(f.Arr, len(p.Paths))
		for i, path := range p.Paths {
			if columns[i] = f.Var("d"); len(path) > 0 {
				columns[i] = f.Select(f.Arr(path), f.Var("d"), f.Default(nil))
			}
		}
		row = f.Let().Bind("d", row).In(columns)
	}
	if ids == nil {
		return atTime(p.At, f.Map(pageOf(p), f.Lambda("x", row)))
	}
	refs := make(f.Arr, len(ids))
	for i, id := range ids {
		refs[i] = docRef(p.Collection, id)
	}
	there := f.If(f.Exists(f.Var("x")), row, f.Null())
	return atTime(p.At, f.Obj{"data": f.Map(refs, f.Lambda("x", there))})
}

// probeExpr gives 404 or 200 if the document may be read and 403 if not,
// without sending the document.
func probeExpr(collection string, id int64) f.Expr {
	return f.Select("ts", f.Get(docRef(collection, id)))
}
