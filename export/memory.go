package export

import (
	"runtime"
	"sync"

	"fauna-export/export/row"
)

// Limits on what a run holds in memory.
const (
	plainBudget  = 24 << 20 // bytes of pages and rows held
	packedBudget = 20 << 20 // the same with compression, which also needs memory

	maxMaking = 4 // pages serialized in parallel
	maxIdle   = 8 // batches kept for reuse
)

// memory limits the bytes of pages and rows that a run holds, and keeps batches
// for reuse.
type memory struct {
	budget int64
	making chan struct{} // limits concurrent serialization
	idle   chan *row.Batch

	mu struct {
		sync.Mutex
		held int64
	}
}

func newMemory(packed bool) *memory {
	m := &memory{budget: plainBudget, making: make(chan struct{}, min(runtime.GOMAXPROCS(0), maxMaking)), idle: make(chan *row.Batch, maxIdle)}
	if packed {
		m.budget = packedBudget
	}
	return m
}

// reserve takes n bytes for a chunk and reports whether the budget allowed it.
// With always it takes them anyway.
func (m *memory) reserve(ch *chunk, n int64, always bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !always && m.mu.held+n > m.budget {
		return false
	}
	ch.reserved = n
	m.mu.held += n
	return true
}

// settle replaces a chunk's reservation with n bytes.
func (m *memory) settle(ch *chunk, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mu.held += n - ch.reserved
	ch.reserved = n
}

// release gives back a chunk's memory.
func (m *memory) release(ch *chunk) {
	m.settle(ch, 0)
	if b := ch.batch; b != nil {
		ch.batch = nil
		m.recycle(b)
	}
}

// recycle keeps a batch for reuse, unless it is very large.
func (m *memory) recycle(b *row.Batch) {
	if cap(b.Bytes) > 4*aimBytes {
		return
	}
	b.Reset()
	select {
	case m.idle <- b:
	default:
	}
}

// batch returns an empty batch.
func (m *memory) batch() *row.Batch {
	select {
	case b := <-m.idle:
		return b
	default:
		return &row.Batch{Next: -1}
	}
}
