package export

import "context"

// Sample returns a page of the first documents of a collection, like Documents:
// at most size of them, or fewer if that many are too large for one answer.
func Sample(ctx context.Context, src Source, collection string, at int64, size int, paths [][]any) ([]byte, error) {
	for {
		body, err := src.Documents(ctx, PageRequest{Collection: collection, At: at, Size: size, Paths: paths})
		if fail := failureOf(err); fail == nil || !fail.Smaller() || size <= 1 {
			return body, err
		}
		size = max(1, size/8)
	}
}
