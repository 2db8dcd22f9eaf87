package emulator

import (
	"slices"
	"strings"

	"fauna-export/fauna/fql"
)

// A form is one function of FQL, known by the exact set of its keys.
type form struct {
	keys     []string
	casts    []cast // of the keys' arguments; nil takes any value
	required int    // how many keys, from the first, must be present
	lambda   string // the key of an argument that must be written as a lambda
	flags    flags
	eval     func(c *call) value
	parse    func(p *parser, j *fql.Node, at *position, vars []string) *node // nil: all arguments are expressions
}

// flags say how a form is evaluated.
type flags uint8

const (
	lazy      flags = 1 << iota // it evaluates its own arguments
	uncounted                   // it does not count as compute
	reads                       // it reads the store
	mayWrite                    // the query needs the write lock
	writes                      // it always writes: an error where writes are not allowed
)

func (f *form) is(flag flags) bool { return f.flags&flag != 0 }

// A formTable finds forms by each of their required keys.
type formTable map[string][]*form

// newForms returns all forms that the server knows.
func newForms() formTable {
	t := formTable{}
	t.addCore()
	t.addRefs()
	t.addReads()
	t.addSets()
	t.addCollections()
	t.addNumbers()
	t.addStrings()
	t.addTimes()
	t.addWrites()
	return t
}

// add registers a form. A key is followed by a colon and its argument's cast,
// unless it takes any value; by * or + for an array of these or just one, + for
// at least one; and by ? if it is optional.
func (t formTable) add(keys string, fl flags, eval func(c *call) value) *form {
	f := &form{eval: eval, flags: fl}
	for _, k := range strings.Fields(keys) {
		k, optional := strings.CutSuffix(k, "?")
		if !optional {
			f.required++
		}
		name, kind, _ := strings.Cut(k, ":")
		one := casts[strings.TrimRight(kind, "*+")]
		if strings.HasSuffix(kind, "*") || strings.HasSuffix(kind, "+") {
			one = one.each(kind[len(kind)-1] == '+')
		}
		f.keys, f.casts = append(f.keys, name), append(f.casts, one)
	}
	t[f.keys[0]] = append(t[f.keys[0]], f)
	return f
}

func (f *form) matches(j *fql.Node) bool {
	for i, k := range f.keys {
		if i < f.required && j.Member(k) == nil {
			return false
		}
	}
	return !slices.ContainsFunc(j.Keys, func(k string) bool { return !slices.Contains(f.keys, k) })
}

func (t formTable) find(j *fql.Node) *form {
	for _, k := range j.Keys {
		for _, f := range t[k] {
			if f.matches(j) {
				return f
			}
		}
	}
	return nil
}

// needs returns the flags of all forms that the request may contain. It looks at
// keys only, so it can return more than those.
func (t formTable) needs(j *fql.Node) flags {
	var out flags
	for i, item := range j.Items {
		if j.Kind == fql.Object {
			for _, f := range t[j.Keys[i]] {
				out |= f.flags
			}
		}
		out |= t.needs(item)
	}
	return out
}
