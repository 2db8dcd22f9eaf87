package tui

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// keyMap is every key of the wizard with what its help says. A step copies its
// part, disables what would do nothing now, and takes from that copy both what
// it does and what the bar and F1 show.
type keyMap struct {
	everywhere  everywhereKeys
	move        moveKeys // in a list
	scroll      moveKeys // in a text
	question    questionKeys
	panel       panelKeys
	load        loadKeys
	domain      domainKeys
	collections collectionsKeys
	filter      filterKeys
	output      outputKeys
	picker      pickerKeys
	setup       setupKeys
	admin       adminKeys
	secret      secretKeys
	check       checkKeys
	export      exportKeys
	ended       endedKeys
	done        doneKeys
}

// everywhereKeys work on every step, once the step has left them alone.
type everywhereKeys struct{ help, back, backTab, interrupt, suspend key.Binding }

type questionKeys struct{ yes, no key.Binding }

type panelKeys struct{ run, copy, write, done, close key.Binding }

// loadKeys turn the panel of commands to another database.
type loadKeys struct{ postgres, sqlite, duckdb key.Binding }

type domainKeys struct{ next, test key.Binding }

type collectionsKeys struct {
	next, toList, run, copy                                    key.Binding // in the field
	choose, all, none, filter, toField, drop, update, unfilter key.Binding // in the list
}

type filterKeys struct{ done, drop key.Binding }

type outputKeys struct {
	next, add, up, down, prev, pick key.Binding
	left, right, drop               key.Binding // where no text is typed
}

type pickerKeys struct{ again, choose, take, next, prev, close key.Binding }

type setupKeys struct {
	run, next, copy, copyAll, write, role, admin key.Binding
	left, right, prev                            key.Binding
}

type adminKeys struct{ apply, close key.Binding }

type secretKeys struct{ next, newKey, clear, stop key.Binding }

type checkKeys struct{ next, again, update, leaveOut, columns, edit, history key.Binding }

// exportKeys are those of an export that runs, endedKeys those of one that did not
// come to its end.
type exportKeys struct{ pause, more, fewer, stop, stay key.Binding }

type endedKeys struct{ resume, output, secret, leave key.Binding }

type doneKeys struct{ leave, back, load, cleanUp, save, rest key.Binding }

// bind is a binding that the help shows as shown.
func bind(shown, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(shown, does))
}

// unshown is a binding that no help shows: another one does the same, or it is the
// opposite of one that does.
func unshown(keys ...string) key.Binding { return key.NewBinding(key.WithKeys(keys...)) }

func newKeyMap() keyMap {
	return keyMap{
		everywhere: everywhereKeys{
			help:      bind("F1", "this help", "f1", "?"),
			back:      bind("esc", "back; nothing that was typed is lost", "esc"),
			backTab:   unshown("shift+tab"),
			interrupt: bind("ctrl+c", "leave; an export is stopped first, twice does not wait", "ctrl+c"),
			suspend:   bind("ctrl+z", "suspend; fg comes back", "ctrl+z"),
		},
		move:     newMoveKeys(nil, nil),
		scroll:   newMoveKeys([]string{"b"}, []string{" "}),
		question: questionKeys{yes: bind("y", "yes", "y", "Y"), no: bind("n", "no", "n", "N", "esc")},
		panel: panelKeys{
			run:   bind("r", "run on the demo server", "r"),
			copy:  bind("c", "copy", "c", "ctrl+y"),
			write: bind("w", "write to a file", "w"),
			done:  bind("enter", "close", "enter"),
			close: bind("esc", "close", "esc", "q", "f1", "?"),
		},
		load: loadKeys{
			postgres: bind("1", "Postgres", "1"),
			sqlite:   bind("2", "SQLite", "2"),
			duckdb:   bind("3", "DuckDB", "3"),
		},
		domain: domainKeys{next: bind("enter", "next", "enter"), test: bind("ctrl+t", "test", "ctrl+t")},
		collections: collectionsKeys{
			next:     bind("enter", "next", "enter"),
			toList:   bind("tab", "to the list", "tab", "down"),
			run:      bind("ctrl+r", "run the query on the demo server", "ctrl+r"),
			copy:     bind("ctrl+y", "copy the query", "ctrl+y"),
			choose:   bind("space", "choose", " ", "x"),
			all:      bind("a", "all", "a"),
			none:     bind("n", "none", "n"),
			filter:   bind("/", "filter", "/"),
			toField:  bind("tab", "type names", "tab", "shift+tab", "i"),
			drop:     bind("d", "drop", "d", "delete", "backspace"),
			update:   bind("u", "update of the role", "u"),
			unfilter: unshown("esc"),
		},
		filter: filterKeys{done: bind("enter", "to the list", "enter", "down", "tab"), drop: unshown("esc")},
		output: outputKeys{
			next:  bind("enter", "next", "enter"),
			add:   bind("enter", "add the column", "enter"),
			up:    unshown("up"),
			down:  unshown("down", "tab"),
			prev:  unshown("shift+tab"),
			pick:  bind("ctrl+o", "columns from documents", "ctrl+o"),
			left:  unshown("left", "h"),
			right: unshown("right", "l", " "),
			drop:  bind("d", "drop", "d", "delete", "backspace"),
		},
		picker: pickerKeys{
			again:  bind("r", "ask again", "r"),
			choose: bind("space", "choose", " ", "x"),
			take:   bind("enter", "add them", "enter"),
			next:   bind("tab", "next collection", "tab"),
			prev:   unshown("shift+tab"),
			close:  unshown("esc"),
		},
		setup: setupKeys{
			run:     bind("r", "run on the demo server", "r"),
			next:    bind("enter", "next", "enter"),
			copy:    bind("c", "copy", "c"),
			copyAll: bind("C", "copy all", "C"),
			write:   bind("w", "write file", "w"),
			role:    bind("u", "role exists", "u"),
			admin:   bind("a", "set it up for me", "a"),
			left:    unshown("left", "h"),
			right:   unshown("right", "l", "tab"),
			prev:    unshown("shift+tab"),
		},
		admin: adminKeys{apply: bind("enter", "make them", "enter"), close: unshown("esc")},
		secret: secretKeys{
			next:   bind("enter", "check it", "enter"),
			newKey: bind("ctrl+g", "make a new key", "ctrl+g"),
			clear:  bind("ctrl+u", "clear", "ctrl+u"),
			stop:   unshown("esc"),
		},
		check: checkKeys{
			next:     bind("enter", "start the export", "enter"),
			again:    bind("r", "ask again", "r"),
			update:   bind("u", "show the FQL", "u"),
			leaveOut: bind("x", "leave out", "x"),
			columns:  bind("o", "columns", "o"),
			edit:     bind("e", "edit the list", "e"),
			history:  bind("h", "longer snapshots", "h"),
		},
		export: exportKeys{
			pause: bind("p", "pause", "p"),
			more:  unshown("+", "="),
			fewer: unshown("-"),
			stop:  bind("s", "stop", "s"),
			stay:  unshown("esc", "shift+tab"),
		},
		ended: endedKeys{
			resume: bind("c", "continue", "c", "enter"),
			output: bind("o", "output", "o"),
			secret: bind("e", "secret", "e"),
			leave:  bind("q", "leave", "q"),
		},
		done: doneKeys{
			leave:   bind("enter", "leave", "enter", "q"),
			back:    unshown("esc", "shift+tab"),
			load:    bind("l", "load", "l"),
			cleanUp: bind("x", "clean up", "x"),
			save:    bind("s", "save", "s"),
			rest:    unshown("c"),
		},
	}
}

// pressed reports whether a key is one of the bindings. Letters that came in one
// go are a text, even where they spell the name of a key: enter.
func pressed(m tea.KeyMsg, bindings ...key.Binding) bool {
	return (m.Type != tea.KeyRunes || len(m.Runes) == 1) && key.Matches(m, bindings...)
}

// saying is the binding with another text of help.
func saying(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// both is two bindings shown as one, such as ↑ and ↓.
func both(shown, does string, a, b key.Binding) key.Binding {
	one := bind(shown, does, slices.Concat(a.Keys(), b.Keys())...)
	one.SetEnabled(a.Enabled() || b.Enabled())
	return one
}

// working leaves out the bindings that are disabled now.
func working(all []key.Binding) []key.Binding {
	return slices.DeleteFunc(slices.Clone(all), func(b key.Binding) bool { return !b.Enabled() })
}
