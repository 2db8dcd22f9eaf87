package row

// Serializer rewrites pages to the rows of one layout. It is safe for
// concurrent use.
type Serializer struct {
	layout Layout
}

// work is what a batch keeps between pages so that rows need no allocation.
type work struct{}

// NewSerializer checks the layout.
func NewSerializer(l Layout) (*Serializer, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	return &Serializer{layout: l}, nil
}

// Page appends the rows of one page to b: body is the answer's body as it was
// sent, its elements as Layout.Paths asks for them. plan holds the ids that the
// page must have, ascending; nil is any ascending ids after those in b. On an
// error b is as it was before; it is a *Mismatch, *DocumentError, *PageError or
// *MisfitError.
func (s *Serializer) Page(b *Batch, body []byte, plan []int64) error {
	return nil
}
