package row

// Batch holds the rows of one or more pages, in the form that File.Append
// takes. The zero Batch is ready to use. It is not safe for concurrent use.
type Batch struct {
	Bytes  []byte  // the rows; for JSONL, CSV and wire, exactly as in the file
	Ends   []int   // the end of each row in Bytes
	IDs    []int64 // the id of each row
	Times  []int64 // the ts of each row, in microseconds since 1970
	Next   int64   // the id in the last page's "after", -1 for none
	Counts Counts  // what the rows leave out
	// Expiring reports whether a document has a ttl, or may have one.
	Expiring bool

	// Checked against the next page: the id that it starts from, 0 for the first
	// page, and the time that it is read at, 0 for the present. Reset keeps them.
	From, At int64

	work work
}

// Reset empties the batch and keeps its memory for reuse.
func (b *Batch) Reset() {
	b.Bytes, b.Ends, b.IDs, b.Times = b.Bytes[:0], b.Ends[:0], b.IDs[:0], b.Times[:0]
	b.Next, b.Expiring = -1, false
	b.Counts = Counts{}
}
