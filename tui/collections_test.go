package tui

import (
	"slices"
	"testing"

	"fauna-export/fauna"
)

func TestCollections_misspeltNameIsOfferedItsNearest(t *testing.T) {
	b := newBench(t, 80, 24)
	b.names = "users, prodcuts"
	b.to(secretID).paste(testSecret)
	b.keys("enter")
	b.at(collectionsID)
	b.shows("prodcuts", "→ products?", "1 doesn't exist", "[!]")
	b.keys("enter")
	b.at(collectionsID)
	b.shows("prodcuts: t uses products, d removes it") // the cursor is on that row
	b.keys("t")
	b.shows("[x] products")
	b.hides("prodcuts", "doesn't exist")
	b.keys("enter")
	b.at(outputID)
	if got := b.w.chosen(); !slices.Equal(got, []string{"products", "users"}) {
		t.Errorf("chosen %q", got)
	}
}

func TestCollections_filterHidesInvalidRowsAndTheBarSaysWhatEscDoes(t *testing.T) {
	b := newBench(t, 80, 24)
	b.names = "users, prodcuts, line-items"
	b.to(secretID).paste(testSecret)
	b.keys("enter", "/")
	b.typed("user")
	b.keys("enter")
	b.shows("users", "esc clear filter")
	b.hides("prodcuts", "line-items")
	b.keys("esc")
	b.at(collectionsID)
	b.shows("prodcuts", "line-items", "esc back")
	var names []string
	for _, x := range b.w.choices {
		names = append(names, x.name)
	}
	if !slices.IsSorted(names) {
		t.Errorf("the list is not sorted: %q", names)
	}
}

func TestCollections_spacesSeparateNamesInALineWithCommasToo(t *testing.T) {
	n := parseNames("customers, orders prodcuts reviews")
	if want := []string{"customers", "orders", "prodcuts", "reviews"}; !slices.Equal(n.Names, want) || len(n.Bad) != 0 {
		t.Errorf("names %q, bad %v", n.Names, n.Bad)
	}
	if n := parseNames("a/b c, d"); len(n.Bad) != 1 {
		t.Errorf("a name that cannot be: %+v", n)
	}
}

func TestCollections_takesWhatTheShellPrints(t *testing.T) {
	cases := []struct {
		name, text string
		want       []string
	}{
		{"refs", "{\n  data: [\n    Collection(\"users\"),\n    Collection(\"Ünï-cödé.1\")\n  ]\n}", []string{"users", "Ünï-cödé.1"}},
		{"names", "{\n  data: [\n    'users',      'products',\n    'types',      'empty'\n  ]\n}", []string{"users", "products", "types", "empty"}},
		{"json", `{"data":["users","products"]}`, []string{"users", "products"}},
		{"lines with CRLF", "users\r\nproducts\r\nusers\r\n", []string{"users", "products"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 80, 24).to(collectionsID)
			b.paste(c.text)
			b.keys("enter")
			b.at(setupID)
			if got := b.w.chosen(); !slices.Equal(got, c.want) {
				t.Errorf("chosen %q, want %q", got, c.want)
			}
		})
	}
}

func TestCollections_pickerMarksFiltersAndRemoves(t *testing.T) {
	b := newBench(t, 80, 24).withSecret(collectionsID)
	b.keys("down", "space")
	if got := b.w.chosen(); !slices.Equal(got, []string{"line-items", "users"}) {
		t.Errorf("space: %q", got)
	}
	b.keys("n")
	b.shows("0 of 3")
	b.keys("enter")
	b.at(collectionsID)
	b.shows("Choose at least one collection.")
	b.keys("/")
	b.typed("ITEM")
	b.keys("enter", "a", "esc")
	if got := b.w.chosen(); !slices.Equal(got, []string{"line-items"}) {
		t.Errorf("all of a filter: %q", got)
	}
	b.paste("users\nproducts\nnothere\n")
	b.shows("3 names marked", "[!] nothere")
	b.keys("end", "home", "down")
	for b.w.steps[collectionsID].(*collectionsStep).picker.here().name != "nothere" {
		b.keys("down")
	}
	b.keys("d")
	b.hides("nothere")
}

func TestCollections_whatIsShownAfterAnotherAddressIsWhatIsChosen(t *testing.T) {
	b := newBench(t, 80, 24).to(outputID)
	b.keys("esc", "esc", "esc")
	b.at(collectionsID)
	b.keys("space") // line-items, the first row
	b.keys("esc", "esc")
	b.at(domainID)
	b.keys("backspace", "enter", "enter")
	b.at(collectionsID)
	b.hides("line-items")
	b.shows("2 collections")
	b.keys("enter")
	if got := b.w.chosen(); !slices.Equal(got, []string{"products", "users"}) {
		t.Errorf("chosen: %v", got)
	}
}

func TestCollections_anEmptyDatabaseIsSaidToBeEmpty(t *testing.T) {
	b := newBench(t, 80, 24)
	b.server.names, b.server.docs = nil, nil
	b.withSecret(collectionsID).shows("0 collections here", "there are no collections here", "0 of 0")

	b = newBench(t, 80, 24) // names of another database
	b.server.names, b.server.docs = nil, nil
	b.names = "users, orders"
	b.to(secretID).paste(testSecret)
	b.keys("enter")
	b.at(collectionsID)
	b.shows("none of these collections exist here", "[!] users", "d remove")
}

func TestCollections_aKeyThatMayNotListThemMakesNoClaimOnTheirNumber(t *testing.T) {
	b := newBench(t, 80, 24)
	b.server.list = &fauna.Error{Kind: fauna.KindDenied, Status: 403}
	b.to(accessID).keys("1")
	b.typed("users, prodcuts")
	b.keys("esc")
	b.paste(testSecret)
	b.keys("enter")
	b.at(collectionsID)
	b.shows("Secret accepted.")
	b.hides("here.")
	b.keys("enter")
	b.shows("1 doesn't exist. prodcuts: correct or delete it.")
}
