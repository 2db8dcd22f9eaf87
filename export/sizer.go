package export

import "time"

const (
	firstPage  = 32     // documents of a collection's first page
	largePage  = 20_000 // most documents of a page that the engine chooses
	aimBytes   = 1_300_000
	mostBytes  = 2_600_000
	aimLatency = 1500 * time.Millisecond
	mostDelay  = 2 * time.Second

	// unknownBytes is what is reserved for a page before any was seen.
	unknownBytes = 4 << 20
)

// sizer finds the number of documents of a page: pages of 1 to 4 MB that take
// less than 2 seconds. It begins small, since a document can have 8 MB.
type sizer struct {
	n     int   // documents of the next page
	most  int   // never more than this
	fixed bool  // most is the user's choice: n is less only after failures
	per   int64 // bytes of a document, of the largest page lately
	seen  bool
	hold  int // pages that must go well before it grows again
}

func newSizer(fixed int) sizer {
	if fixed > 0 {
		return sizer{n: fixed, most: fixed, fixed: true}
	}
	return sizer{n: firstPage, most: largePage}
}

// observe learns from a page of n documents.
func (s *sizer) observe(n int, bytes int64, took time.Duration) {
	if n == 0 {
		return
	}
	per := bytes/int64(n) + 1
	if !s.seen || per >= s.per {
		s.per = per
	} else {
		s.per += (per - s.per) / 8
	}
	s.seen = true
	if s.hold > 0 {
		s.hold--
		return
	}
	if s.fixed {
		if n >= s.n {
			s.n = min(s.most, 2*s.n)
		}
		return
	}
	switch {
	case bytes > mostBytes || took > mostDelay:
		s.n = min(s.n, max(1, n/2))
	case n < s.n:
		// A page of an older, smaller size tells nothing of this one.
	case bytes < aimBytes && took < aimLatency:
		grown := n * 2
		if bytes > 0 {
			grown = int(min(int64(grown*2), int64(n)*aimBytes/bytes+1))
		}
		if took > 0 && took > aimLatency/4 {
			grown = int(min(int64(grown), int64(n)*int64(aimLatency)/int64(took)+1))
		}
		s.n = max(s.n, min(grown, s.most))
	}
	// Documents differ: never plan for more than a page may have.
	if cap := mostBytes / s.per; int64(s.n) > cap {
		s.n = int(max(1, cap))
	}
}

// shrink learns that a page of n documents was too much, or too slow.
func (s *sizer) shrink(n int) {
	s.n = min(s.n, max(1, n/2))
	s.hold = 8
}

// reserve is what a page of n documents takes in memory: its body, and the
// rows made of it.
func (s *sizer) reserve(n int) int64 {
	if !s.seen {
		return unknownBytes
	}
	return 2 * s.per * int64(n)
}
