package row

import "fmt"

// Mismatch is the error of a page that does not contain exactly the planned
// documents in ascending order.
type Mismatch struct {
	Planned []int64 // the ids the page should hold; nil if it was not planned
	Got     []int64 // the ids it holds, in its order
	Next    int64   // the id in the page's "after", -1 for none
}

func (e *Mismatch) Error() string {
	for i, id := range e.Got {
		if i > 0 && id <= e.Got[i-1] {
			return fmt.Sprintf("the page holds document %d after %d: ids must ascend", id, e.Got[i-1])
		}
	}
	if e.Planned == nil {
		return fmt.Sprintf("the page of %d documents begins at or before the last row written", len(e.Got))
	}
	for i, id := range e.Planned {
		if i >= len(e.Got) || e.Got[i] != id {
			return fmt.Sprintf("the page has %d documents instead of the %d planned; they differ starting at document %d", len(e.Got), len(e.Planned), id)
		}
	}
	return fmt.Sprintf("the page has %d documents instead of the %d planned", len(e.Got), len(e.Planned))
}

// DocumentError is the error of a malformed document.
type DocumentError struct {
	Collection string
	ID         int64  // the document's id, or the planned one; -1 if neither is known
	Position   int    // position in the page, from 0
	Offset     int    // byte of the page at which the fault was found
	Reason     string // what is wrong there
}

func (e *DocumentError) Error() string {
	if e.ID < 0 {
		return fmt.Sprintf("document %d of a page of %q is damaged: %s (byte %d of the page)", e.Position+1, e.Collection, e.Reason, e.Offset)
	}
	return fmt.Sprintf("document %d of %q is damaged: %s (byte %d of the page)", e.ID, e.Collection, e.Reason, e.Offset)
}

// PageError is the error of a response that is not a page of documents.
type PageError struct {
	Collection string
	Offset     int  // byte at which the fault was found
	Short      bool // the answer ends early, for instance because the connection was cut
	Reason     string
}

func (e *PageError) Error() string {
	return fmt.Sprintf("the answer is not a page of %q: %s (byte %d)", e.Collection, e.Reason, e.Offset)
}
