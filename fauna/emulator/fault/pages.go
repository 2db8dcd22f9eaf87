package fault

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
)

// Missing returns the fault of a page that lacks the document with this id; ""
// is its first. Answers without it are left alone and not counted.
func Missing(id string) Fault {
	return Fault{Name: "document missing", Edit: editPage(func(rows []json.RawMessage) []json.RawMessage {
		at := rowWithID(rows, id)
		if at < 0 {
			return nil
		}
		return slices.Delete(rows, at, at+1)
	})}
}

// Doubled returns the fault of a page that holds the document with this id
// twice; "" is its first. Answers without it are left alone and not counted.
func Doubled(id string) Fault {
	return Fault{Name: "document doubled", Edit: editPage(func(rows []json.RawMessage) []json.RawMessage {
		at := rowWithID(rows, id)
		if at < 0 {
			return nil
		}
		return slices.Insert(rows, at, rows[at])
	})}
}

// OutOfOrder returns the fault of a page whose first two documents are swapped.
// Shorter pages are left alone and not counted.
func OutOfOrder() Fault {
	return Fault{Name: "documents out of order", Edit: editPage(func(rows []json.RawMessage) []json.RawMessage {
		if len(rows) < 2 {
			return nil
		}
		rows[0], rows[1] = rows[1], rows[0]
		return rows
	})}
}

// LeaveOut returns the fault of a document that lacks a field in the page, as
// happens to a stored ref to a deleted collection. The document is named by its
// id and the field by its name in data.
func LeaveOut(id, field string) Fault {
	return Fault{Name: "field left out", Edit: editPage(func(rows []json.RawMessage) []json.RawMessage {
		at := rowWithID(rows, id)
		if at < 0 {
			return nil
		}
		edited, ok := dropField(rows[at], "data", field)
		if !ok {
			return nil
		}
		rows[at] = edited
		return rows
	})}
}

// BreakPage returns the fault of a document that cannot be rendered: every
// answer that would contain it is a 500, as with a stored ref whose collection
// has lost its name.
func BreakPage(id string) Fault {
	return Fault{Name: "page broken by a document", Edit: func(body []byte) ([]byte, int) {
		rows, ok := answerRows(body)
		if !ok || rowWithID(rows, id) < 0 {
			return nil, 0
		}
		return []byte(statusAnswer(http.StatusInternalServerError).Body), http.StatusInternalServerError
	}}
}

// Expire returns the fault of an expiring snapshot: from this query on, reads
// of the collections at any time up to now fail as too old.
func (f *Faults) Expire(collections ...string) Fault {
	return Fault{Name: "snapshot expired", Before: func() { f.server.Expire(collections...) }}
}

// Deactivate returns the fault of an index that is inactive from this query on;
// reading it fails until Activate.
func (f *Faults) Deactivate(index string) Fault {
	return Fault{Name: "index inactive", Before: func() { f.server.SetIndexActive(index, false) }}
}

// Activate returns the fault that undoes Deactivate.
func (f *Faults) Activate(index string) { f.server.SetIndexActive(index, true) }

// Do returns the fault of running a function before a query is answered, for
// instance to revoke a privilege, recreate a collection, or backdate a write.
func Do(name string, change func()) Fault { return Fault{Name: name, Before: change} }

// pageBody is the form of a page in an answer.
type pageBody struct {
	Resource struct {
		Before json.RawMessage   `json:"before,omitempty"`
		After  json.RawMessage   `json:"after,omitempty"`
		Data   []json.RawMessage `json:"data"`
	} `json:"resource"`
}

// editPage turns a change of a page's rows into a change of an answer. change
// may modify its argument, and returns nil to leave the answer alone.
func editPage(change func([]json.RawMessage) []json.RawMessage) func([]byte) ([]byte, int) {
	return func(body []byte) ([]byte, int) {
		var p pageBody
		if json.Unmarshal(body, &p) != nil || p.Resource.Data == nil {
			return nil, 0
		}
		p.Resource.Data = change(p.Resource.Data)
		if p.Resource.Data == nil {
			return nil, 0
		}
		edited, err := marshalPlain(p)
		if err != nil {
			return nil, 0
		}
		return edited, http.StatusOK
	}
}

// answerRows returns the documents in an answer: a page's, or the one.
func answerRows(body []byte) ([]json.RawMessage, bool) {
	var p pageBody
	if json.Unmarshal(body, &p) == nil && p.Resource.Data != nil {
		return p.Resource.Data, true
	}
	var one struct {
		Resource json.RawMessage `json:"resource"`
	}
	if json.Unmarshal(body, &one) != nil {
		return nil, false
	}
	var many []json.RawMessage
	if json.Unmarshal(one.Resource, &many) == nil {
		return many, true
	}
	return []json.RawMessage{one.Resource}, true
}

// rowWithID returns the position of the row with an id, or -1; "" is the
// first row.
func rowWithID(rows []json.RawMessage, id string) int {
	if id == "" && len(rows) > 0 {
		return 0
	}
	return slices.IndexFunc(rows, func(row json.RawMessage) bool { return rowID(row) == id })
}

// rowID returns the id of what a page holds: a document, a ref, an id, or an
// array that starts with one of these.
func rowID(row json.RawMessage) string {
	row = bytes.TrimSpace(row)
	if len(row) == 0 {
		return ""
	}
	switch row[0] {
	case '[':
		var parts []json.RawMessage
		if json.Unmarshal(row, &parts) != nil || len(parts) == 0 {
			return ""
		}
		return rowID(parts[0])
	case '{':
		var document struct {
			Document *struct {
				Ref struct {
					ID string `json:"id"`
				} `json:"@ref"`
			} `json:"ref"`
			Ref struct {
				ID string `json:"id"`
			} `json:"@ref"`
		}
		if json.Unmarshal(row, &document) != nil {
			return ""
		}
		if document.Document != nil {
			return document.Document.Ref.ID
		}
		return document.Ref.ID
	}
	var id string
	if json.Unmarshal(row, &id) != nil {
		return ""
	}
	return id
}

// dropField returns an object, or an array that starts with one, without the
// field at a path. Everything else stays byte for byte the same.
func dropField(value json.RawMessage, path ...string) (json.RawMessage, bool) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 {
		return nil, false
	}
	if value[0] == '[' {
		var parts []json.RawMessage
		if json.Unmarshal(value, &parts) != nil || len(parts) == 0 {
			return nil, false
		}
		edited, ok := dropField(parts[0], path...)
		if !ok {
			return nil, false
		}
		parts[0] = edited
		out, err := marshalPlain(parts)
		return out, err == nil
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, false
	}
	out, found := []byte{'{'}, false
	for decoder.More() {
		token, err := decoder.Token()
		key, isKey := token.(string)
		var member json.RawMessage
		if err != nil || !isKey || decoder.Decode(&member) != nil {
			return nil, false
		}
		if key == path[0] {
			found = true
			if len(path) == 1 {
				continue
			}
			if member, found = dropField(member, path[1:]...); !found {
				return nil, false
			}
		}
		name, err := marshalPlain(key)
		if err != nil {
			return nil, false
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), member...)
	}
	return append(out, '}'), found
}

// marshalPlain marshals without HTML escapes.
func marshalPlain(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
