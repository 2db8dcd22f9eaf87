package tui

import "testing"

func TestFind_everyListOfCollectionsAndFilesHasIt(t *testing.T) {
	thousands := func(b *bench, _ *Config) { thousand(b) }
	b := newBench(t, 80, 24, thousands).withSecret(checkID)
	b.keys("/")
	b.typed("0999")
	b.keys("enter")
	b.shows("collection-0999", "/ 0999", "esc clear filter")
	b.hides("collection-0001")
	b.keys("esc")
	b.at(checkID)
	b.shows("collection-0000")

	b = newBench(t, 80, 24).to(exportID)
	b.showing(progress{state: runGoing, status: thousandStatus(500)})
	b.keys("/")
	b.typed("0777")
	b.shows("collection-0777", "waiting")
	b.hides("collection-0500")
	b.keys("esc")
	b.shows("collection-0500")

	b = newBench(t, 80, 24).to(doneID)
	b.keys("/")
	b.typed("line")
	b.shows("line-items.jsonl")
	b.hides("users.jsonl")
}
