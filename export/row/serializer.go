package row

// Serializer turns pages into the rows of one layout. It is safe for concurrent
// use.
type Serializer struct {
	layout Layout
	rows   encoder

	// The server's text between a document's id and its ts.
	afterID string
}

// work holds a batch's scratch memory, reused between pages.
type work struct {
	rewriter
	document document
	counts   Counts // for the page being read
	others   []span // top-level fields of the document that rows leave out
	foreign  bool   // the document belongs to another collection
	value    []byte // a value as JSON, before it becomes a cell
	text     []byte // the text of a string
}

// begin forgets the last document.
func (w *work) begin() {
	w.others, w.high, w.foreign = w.others[:0], 0, false
	w.document = document{id: -1}
}

// note counts the document in the tally of a column.
func (w *work) note(tallies *[]Tally, column string) {
	if t := tally(tallies, column); t != nil {
		t.add(w.document.id)
	}
}

// NewSerializer returns a serializer for the layout, or the error of
// Layout.Validate.
func NewSerializer(l Layout) (*Serializer, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	s := &Serializer{
		layout: l,
		afterID: `,"collection":{"@ref":{"id":` + jsonKey(l.Collection) +
			`,"collection":{"@ref":{"id":"collections"}}}}}},"ts":`,
	}
	if e := l.Format.entry(); e.cells != nil {
		s.rows = newColumnRows(s, e)
	} else {
		s.rows = wireRows{s}
	}
	return s, nil
}

// parseID reads a quoted id: 0 to 2^63-1 without leading zeros.
func parseID(quoted []byte) (int64, bool) {
	if len(quoted) < 3 || quoted[0] != '"' {
		return 0, false
	}
	digits := quoted[1 : len(quoted)-1]
	if digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	return parseDigits(digits)
}

// parseInt parses a JSON number that is in the range of int64 and written as an
// integer.
func parseInt(number []byte) (int64, bool) {
	if len(number) > 1 && number[0] == '-' {
		if string(number) == "-9223372036854775808" {
			return -1 << 63, true
		}
		n, ok := parseDigits(number[1:])
		return -n, ok
	}
	return parseDigits(number)
}

func parseDigits(digits []byte) (int64, bool) {
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return int64(n), n <= 1<<63-1
}
