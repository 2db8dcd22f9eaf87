package emulator

import (
	"context"
	"time"
)

const (
	// opsPerUnit raw operations count as one in x-compute-ops.
	opsPerUnit = 50
	// maxCompute is the maximum that a query may compute, in units.
	maxCompute = 12000
	// maxWidth limits the elements that reading one set may gather.
	maxWidth = 100_000
	// seenWidth is the width that the real server reports when it is too large:
	// the first block of 1024 elements beyond the limit.
	seenWidth = 98 * 1024
	// readCost is the least time that a real core takes to read a document. It
	// counts towards the query timeout, since this server is much faster.
	readCost = 50 * time.Microsecond
	// A page skips documents that the caller may not read, in steps of the page
	// size. A step and a document take at least this long; a large step counts
	// as maxStep small ones, and a collection of slowAt documents doubles the
	// step. Observed: 20 000 denied documents took 14 s in pages of 1, 3 s of
	// 64, 0.4 s of 1000 and 0.1 s of 16 000.
	stepCost   = 600 * time.Microsecond
	deniedCost = 6 * time.Microsecond
	maxStep    = 12
	slowAt     = 100_000
	// maxVersion and maxWritten limit the bytes of one version and of
	// everything a query writes.
	maxVersion = 8 << 20
	maxWritten = 16 << 20
	// maxMemory limits the bytes of the values that a query builds.
	maxMemory = 1 << 30
	// elementSize is roughly the memory of an element of an array or a page.
	elementSize = 64
	// maxDepth limits nested calls of functions and lambdas.
	maxDepth = 200
)

// spend counts an operation.
func (e *env) spend() {
	tx := e.tx
	tx.ops++
	if tx.ops > maxCompute*opsPerUnit {
		panic(badRequest("Transaction does too much compute: got %d, limit: %d", (tx.ops+opsPerUnit-1)/opsPerUnit, maxCompute))
	}
	if tx.ops%256 == 0 {
		tx.check()
	}
}

// passOver adds the cost of skipping the elements that the caller may not see: denied
// out of all in the set, in steps of the page size.
func (tx *txn) passOver(denied, all, size int) {
	if denied == 0 {
		return
	}
	if size <= 0 {
		size = maxWidth
	}
	steps := time.Duration((denied + size - 1) / size * min(size, maxStep))
	cost := steps*stepCost*time.Duration(slowAt+all)/slowAt + time.Duration(denied)*deniedCost
	tx.passed += cost
	tx.charged += cost
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// take counts the bytes of the values that a query builds. Beyond the limit the
// query fails as if it computed too much.
func (e *env) take(bytes int) {
	e.tx.memory += int64(bytes)
	if e.tx.memory > maxMemory {
		panic(badRequest("Transaction does too much compute: got %d, limit: %d", maxCompute+e.tx.memory/maxMemory, maxCompute))
	}
}

// check fails once a query has taken too long.
func (tx *txn) check() {
	if tx.charged > tx.timeout || tx.ctx != nil && tx.ctx.Err() != nil || time.Now().After(tx.deadline) {
		panic(timedOut("Query eval has timed out."))
	}
}

// checkWidth fails for a read of size elements if the set has a fifth more than
// the limit: a real server reads more than it returns.
func checkWidth(size, available int) {
	if min(size+size/5, available) > maxWidth {
		panic(badRequest("Query exceeds max width. Max: %d, current: %d.", maxWidth, seenWidth))
	}
}
