package export

import (
	"context"
	"fmt"
	"slices"

	"fauna-export/export/archive"
)

// sameMark returns an error if a document that an earlier process read is not there
// any more at the time that it was read at, or is another.
func (r *Run) sameMark(ctx context.Context, c *collection) error {
	if c.saved == nil || c.saved.Mark.TS == 0 {
		return nil
	}
	mark, at := c.saved.Mark, int64(0)
	for _, s := range c.segments {
		if s.From <= mark.ID {
			at = s.At
		}
	}
	if at == 0 { // read without a snapshot, it may have changed
		return nil
	}
	batch, err := r.askPage(ctx, c, at, mark.ID, 1)
	what := "is not there any more"
	switch fail := failureOf(err); {
	case fail != nil && (fail.Expired() || fail.Missing() || fail.Refused()):
		return nil // what is asked next says why
	case err != nil:
		return err
	case len(batch.IDs) > 0 && batch.IDs[0] == mark.ID && batch.Times[0] == mark.TS:
		return nil
	case len(batch.IDs) > 0 && batch.IDs[0] == mark.ID:
		what = "is another"
	case slices.Contains(r.spec.Filtered, c.name):
		return nil // the role's predicate applies to its current data
	default:
		// If the role hides it, that is the error.
		if _, err := r.presentOf(ctx, c, []int64{mark.ID}); err != nil {
			return err
		}
	}
	return &Changed{Differences: []string{fmt.Sprintf("the database: document %d of %s, read at %s before the interruption, %s; it may have expired, or this is the key of another database", mark.ID, c.name, archive.FormatTime(at), what)}}
}
