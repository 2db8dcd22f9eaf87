package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"fauna-export/export/archive"
	"fauna-export/export/row"
)

// sameChain returns an error if a run does not match the existing files, because
// its rows would mean something different.
func (r *Run) sameChain(m *archive.Manifest) error {
	var diff differing
	diff.say("server", m.Endpoint, r.spec.Endpoint)
	for _, c := range r.all {
		if last := m.Last(c.name); last != nil {
			diff.entry(*last, c.layout, slices.Contains(r.spec.Filtered, c.name))
		}
	}
	if now, _ := r.snapshot(); m.Time() > now {
		diff = append(diff, "the server's clock says "+archive.FormatTime(now)+", which is before the last sync at "+archive.FormatTime(m.Time()))
	}
	if len(diff) > 0 {
		return &Changed{Differences: diff}
	}
	return nil
}

// differing lists the differences between a sync and earlier ones.
type differing []string

func (d *differing) say(what, was, is string) {
	if was != is {
		*d = append(*d, fmt.Sprintf("%s: was %s, is %s", what, was, is))
	}
}

// entry compares the file of a collection's last sync with the next one's layout.
func (d *differing) entry(last archive.Entry, l row.Layout, filtered bool) {
	d.say("format of "+last.Name, last.Format, string(l.Format))
	d.say("compression of "+last.Name, last.Compress, string(l.Compress))
	names := l.Names()
	if last.Deletion == "" && last.Sync == 0 && l.Deletion != "" && len(last.Columns) > 0 {
		names = names[:len(names)-1] // a full run continued as syncs
	} else if last.Sync > 0 {
		d.say("deletions of "+last.Name, cmp.Or(last.Deletion, IgnoreDeletions), cmp.Or(l.Deletion, IgnoreDeletions))
	}
	d.say("columns of "+last.Name, strings.Join(last.Columns, ", "), strings.Join(names, ", "))
	for _, c := range l.Columns {
		if was, typed := last.Types[c.Name]; typed {
			d.say("the type of "+last.Name+":"+c.Name, string(was), string(cmp.Or(c.Type, row.TypeJSON)))
		}
		if was, known := last.Paths[c.Name]; known {
			d.say("the path of "+last.Name+":"+c.Name, was, row.FormatPath(c.Path))
		}
	}
	if filtered && !last.Filtered {
		*d = append(*d, "the role: it hides documents of "+last.Name+" with a predicate, but the last sync's did not, and hidden documents would count as removed")
	}
}
