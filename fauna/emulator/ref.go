package emulator

import "cmp"

// A class is a kind of resource in a database.
type class uint8

const (
	clsDocument class = iota // the documents of a user's collection
	clsCollections
	clsDatabases
	clsIndexes
	clsFunctions
	clsRoles
	clsAccessProviders
	clsKeys
	clsTokens
	clsCredentials
	classes
)

// classNames are the ids of the native classes' refs.
var classNames = [classes]string{"documents", "collections", "databases", "indexes", "functions", "roles",
	"access_providers", "keys", "tokens", "credentials"}

// classTitles name one instance in messages.
var classTitles = [classes]string{"Document", "Collection", "Database", "Index", "Function", "Role",
	"Access Provider", "Key", "Token", "Credential"}

// singular is the class's name in the forms create_X and in "Ref refers to
// undefined X".
var classSingular = [classes]string{"document", "collection", "database", "index", "function", "role",
	"access_provider", "key", "token", "credential"}

func classByName(name string) (class, bool) {
	for c := clsCollections; c < classes; c++ {
		if classNames[c] == name {
			return c, true
		}
	}
	return clsCollections, name == "classes"
}

// named reports whether the class's instances have names; the others have ids.
func (c class) named() bool { return c >= clsCollections && c <= clsAccessProviders }

// A ref points to a document, to a schema item or to a native class. Two refs
// are equal if all their fields are.
type ref struct {
	class  class
	native bool      // the class's own ref, such as Collections()
	scope  *database // a database other than the query's; nil is the query's
	item   *item     // the collection of a document; or the schema item itself
	name   string    // of a schema item, or of a document's collection, that does not exist
	id     int64     // of a document, key, token or credential
}

func (r *ref) typeName() string {
	switch {
	case r.native || r.class == clsCollections:
		return "Collection Ref"
	case r.class == clsFunctions:
		return "User Function Ref"
	case r.class == clsIndexes || r.class == clsDatabases || r.class == clsKeys || r.class != clsDocument && r.unresolved():
		return classTitles[r.class] + " Ref"
	}
	return "Ref"
}

// title returns the name that the ref is rendered with.
func (r *ref) title() string {
	if r.native {
		return classNames[r.class]
	}
	if r.item != nil {
		return r.item.name
	}
	return r.name
}

// unresolved reports whether the ref names nothing that ever existed.
func (r *ref) unresolved() bool {
	return r.item == nil && !r.native && (r.class.named() || r.class == clsDocument)
}

// missing reports whether the schema item that the ref needs does not exist.
func (r *ref) missing() bool { return r.unresolved() || r.item != nil && r.item.gone }

// mustExist fails if the schema item that the ref needs does not exist.
func (r *ref) mustExist(at *position) {
	if r.missing() {
		panic(undefinedRef(at, r))
	}
}

// member returns the ref of what a collection, or a native class, has under an id.
func (r *ref) member(id int64) *ref {
	if r.native {
		return &ref{class: r.class, scope: r.scope, id: id}
	}
	return &ref{class: clsDocument, scope: r.scope, item: r.item, name: r.name, id: id}
}

// collectionRef is the ref of a document's collection, or of the class of what is no
// document. It is the resource that a privilege must name.
func (r *ref) collectionRef() *ref {
	if r.class == clsDocument {
		return &ref{class: clsCollections, scope: r.scope, item: r.item, name: r.name}
	}
	return &ref{class: r.class, native: true, scope: r.scope}
}

func (r *ref) compare(o *ref) int {
	if r.class == clsDocument && o.class == clsDocument || !r.class.named() && r.class == o.class {
		return cmp.Compare(r.id, o.id)
	}
	created := func(r *ref) int64 {
		if r.item == nil {
			return 0
		}
		return r.item.seq
	}
	return cmp.Or(cmp.Compare(r.class, o.class), cmp.Compare(created(r), created(o)), cmp.Compare(r.title(), o.title()))
}
