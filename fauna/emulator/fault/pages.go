package fault

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
)

// Missing returns the fault of a page that lacks the document with this id; ""
// is its first. Answers without it are left alone and not counted.
func Missing(id string) Fault {
	return Fault{Name: "document missing", Edit: editPage(id, func(rows []json.RawMessage, at int) []json.RawMessage {
		return slices.Delete(rows, at, at+1)
	})}
}

// Doubled returns the fault of a page that holds the document with this id
// twice; "" is its first. Answers without it are left alone and not counted.
func Doubled(id string) Fault {
	return Fault{Name: "document doubled", Edit: editPage(id, func(rows []json.RawMessage, at int) []json.RawMessage {
		return slices.Insert(rows, at, rows[at])
	})}
}

// OutOfOrder returns the fault of a page whose first two documents are swapped.
// Shorter pages are left alone and not counted.
func OutOfOrder() Fault {
	return Fault{Name: "documents out of order", Edit: editPage("", func(rows []json.RawMessage, _ int) []json.RawMessage {
		if len(rows) < 2 {
			return nil
		}
		rows[0], rows[1] = rows[1], rows[0]
		return rows
	})}
}

// BreakPage returns the fault of a document that cannot be rendered: every
// answer that would contain it is a 500, as with a stored ref whose collection
// has lost its name.
func BreakPage(id string) Fault {
	return Fault{Name: "page broken by a document", Edit: func(body []byte) ([]byte, int) {
		if !bytes.Contains(body, []byte(`{"ref":{"@ref":{"id":"`+id+`",`)) {
			return nil, 0
		}
		a := Status(http.StatusInternalServerError).Answer
		return []byte(a.Body), a.Status
	}}
}

// Do returns the fault of running a function before a query is answered, for
// instance to revoke a privilege, recreate a collection, or backdate a write.
func Do(name string, change func()) Fault { return Fault{Name: name, Before: change} }

// rowStart matches the beginning of what a page holds, up to its id: of a
// document, a ref, an id, or an array that starts with one of these.
var rowStart = regexp.MustCompile(`^[[{"]*(?:ref":\{")?(?:@ref":\{"id":")?([0-9]+)"`)

// editPage turns a change of a page's rows into a change of an answer. The change
// gets the position of the row with an id, or of the first for ""; it may modify
// the rows, and returns nil to leave the answer alone.
func editPage(id string, change func(rows []json.RawMessage, at int) []json.RawMessage) func([]byte) ([]byte, int) {
	return func(body []byte) ([]byte, int) {
		var page struct {
			Resource struct {
				Before json.RawMessage   `json:"before,omitempty"`
				After  json.RawMessage   `json:"after,omitempty"`
				Data   []json.RawMessage `json:"data"`
			} `json:"resource"`
		}
		if json.Unmarshal(body, &page) != nil {
			return nil, 0
		}
		at := slices.IndexFunc(page.Resource.Data, func(row json.RawMessage) bool { return id == "" || rowID(row) == id })
		if at < 0 {
			return nil, 0
		}
		if page.Resource.Data = change(page.Resource.Data, at); page.Resource.Data == nil {
			return nil, 0
		}
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(page) // it was JSON
		return bytes.TrimSuffix(out.Bytes(), []byte("\n")), http.StatusOK
	}
}

func rowID(row []byte) string {
	if m := rowStart.FindSubmatch(row); m != nil {
		return string(m[1])
	}
	return ""
}
