package emulator

import "time"

const (
	// opsPerUnit raw operations are one of x-compute-ops.
	opsPerUnit = 50
	// maxCompute is the most that a query may compute, in units.
	maxCompute = 12000
	// maxWidth bounds the elements that one set read may gather.
	maxWidth = 100_000
	// seenWidth is what the real server gives as the width that was too much:
	// the first block of 1024 elements beyond the limit.
	seenWidth = 98 * 1024
	// readCost is the least time that a real core takes to read a document. It
	// is charged against the query timeout, since we are so much quicker.
	readCost = 50 * time.Microsecond
	// maxVersion and maxWritten are the most bytes of one version and of all
	// that a query writes.
	maxVersion = 8 << 20
	maxWritten = 16 << 20
	// maxDepth bounds nested calls of functions and lambdas.
	maxDepth = 500
)

// spend counts n raw operations.
func (e *env) spend(n int64) error {
	tx := e.tx
	before := tx.ops
	tx.ops += n
	if tx.ops > maxCompute*opsPerUnit {
		return badRequest("Transaction does too much compute: got %d, limit: %d", (tx.ops+opsPerUnit-1)/opsPerUnit, maxCompute)
	}
	if before>>8 != tx.ops>>8 {
		return tx.check()
	}
	return nil
}

// check ends a query that takes too long.
func (tx *txn) check() error {
	if tx.charged > tx.timeout || tx.ctx != nil && tx.ctx.Err() != nil || time.Now().After(tx.deadline) {
		return errTimeout
	}
	return nil
}

// width refuses a read of size elements where that many and a fifth more are
// there: a real server gathers more than it gives.
func width(size, available int) error {
	if min(size+size/5, available) > maxWidth {
		return badRequest("Query exceeds max width. Max: %d, current: %d.", maxWidth, seenWidth)
	}
	return nil
}
