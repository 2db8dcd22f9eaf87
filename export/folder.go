package export

import (
	"fmt"
	"strings"
)

// Folder is what a store holds.
type Folder struct {
	// Spec is that of a run that is not finished, or finished without some
	// of its collections: OpenRun goes on with it.
	Spec *Spec
	// Manifest is that of a finished run.
	Manifest *Manifest
	// Other is the name of a file that belongs to no run.
	Other string
}

// Inspect tells what a store holds; the zero Folder when it is empty.
func Inspect(env Env) (Folder, error) {
	var f Folder
	entries, err := env.Store.List()
	if err != nil {
		return f, err
	}
	for _, e := range entries {
		switch {
		case e.Name == runName:
			_, spec, err := readRun(env.Store)
			if err != nil {
				return f, err
			}
			f.Spec = &spec
		case e.Name == ManifestName:
			if m, err := ReadManifest(env.Store); err == nil {
				f.Manifest = m
			} else {
				f.Other = e.Name
			}
		case strings.HasPrefix(e.Name, WorkPrefix):
			// Left by a process that was killed before it began.
		case f.Other == "":
			f.Other = e.Name
		}
	}
	if f.Spec != nil || f.Manifest != nil {
		f.Other = ""
	}
	return f, nil
}

// emptyStore refuses a store in which a new run cannot begin.
func (r *Run) emptyStore() error {
	if r.env.Store == nil { // a run that is streamed
		return nil
	}
	return CheckNewStore(r.env.Store)
}

// CheckNewStore answers a *DirError for a store in which a new run cannot
// begin, since it holds a run or anything else; nil also when it does not
// exist yet.
func CheckNewStore(s Store) error {
	f, err := Inspect(Env{Store: s})
	if err != nil {
		return err
	}
	switch name := storeName(s); {
	case f.Spec != nil:
		return &DirError{Dir: name, Problem: "holds a run that is not finished: resume it, or choose another folder", Resumable: true}
	case f.Manifest != nil:
		return &DirError{Dir: name, Problem: "holds a finished run: choose another folder"}
	case f.Other != "":
		return &DirError{Dir: name, Problem: fmt.Sprintf("is not empty (it holds %q): choose another folder", f.Other)}
	}
	return nil
}
