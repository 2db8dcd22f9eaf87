package export

import "time"

const (
	firstPage = 32     // documents of a collection's first page
	growPages = 16     // largest growth factor from page to page
	largePage = 20_000 // largest page that the engine chooses, in documents

	// Pages aim at aimBytes, or more if few are in flight: up to flyingBytes in
	// total.
	aimBytes    = 1_300_000
	maxAim      = 5_000_000
	flyingBytes = 12_000_000
	maxBytes    = 2_600_000 // largest page whose body and rows may be in memory together

	aimLatency   = 1750 * time.Millisecond
	firstLatency = 500 * time.Millisecond
	maxDelay     = 2 * time.Second

	// unknownBytes is reserved for a page before any was read.
	unknownBytes = 4 << 20
)

// sizer chooses the number of documents per page: pages of 1 to 5 MB that take
// less than 2 seconds. It starts small, since a document can have 8 MB. At first
// a page may take at most half of the time elapsed so far, so that documents
// arrive from the start.
//
// Pages in flight slow each other down, so a page's time reflects its size only
// if the others have the same size.
type sizer struct {
	n     int   // documents of the next page
	most  int   // upper limit
	fixed bool  // most was set by the user: n drops only after failures
	per   int64 // bytes per document, in the largest recent page
	seen  bool
	fresh int // pages of about n documents since n changed
	hold  int // pages that must succeed before it grows again

	firstN    int // documents of the first page
	firstTook time.Duration
}

func newSizer(fixed int) sizer {
	if fixed > 0 {
		return sizer{n: fixed, most: fixed, fixed: true}
	}
	return sizer{n: firstPage, most: largePage}
}

// observe learns from a page of n documents, given its duration, the pages in
// flight and the time since the first page was requested. It reports whether the
// next pages will be much larger.
func (s *sizer) observe(n int, bytes int64, took time.Duration, flying int, age time.Duration) (grew bool) {
	if n == 0 {
		return false
	}
	per := bytes/int64(n) + 1
	if !s.seen || per >= s.per {
		s.per = per
	} else {
		s.per += (per - s.per) / 8
	}
	if !s.seen {
		s.seen, s.firstN, s.firstTook = true, n, took
	}
	before := s.n
	switch {
	case s.hold > 0:
		s.hold--
		return false
	case !s.fixed:
		s.follow(n, bytes, took, flying, min(aimLatency, max(firstLatency, age/2)))
	case n >= s.n:
		s.n = min(s.most, 2*s.n)
	}
	if !about(s.n, before) {
		s.fresh = 0
	}
	return s.n > before && !about(s.n, before)
}

// about reports whether two sizes are close enough to compare.
func about(a, b int) bool { return a <= b+b/8 && b <= a+a/8 }

// aimed returns the target size and the largest size of a page, in bytes, with
// that many in flight.
func aimed(flying int) (aim, most int64) {
	aim = min(maxAim, max(aimBytes, flyingBytes/int64(flying)))
	return aim, aim + maxBytes - aimBytes
}

// follow sets the size after a page of n documents.
func (s *sizer) follow(n int, bytes int64, took time.Duration, flying int, latency time.Duration) {
	if about(n, s.n) {
		s.fresh++
	}
	aim, most := aimed(flying)
	sure := about(n, s.n) && s.fresh >= flying
	// With twice as many documents it takes at most twice as long.
	inTime := int(min(int64(s.most), int64(n)*int64(latency)/int64(max(took, 1)))) + 1
	inSize := int(min(int64(s.most), int64(n)*aim/max(bytes, 1))) + 1
	switch {
	case bytes > most:
		s.n = min(s.n, max(1, inSize-1))
	case took > maxDelay:
		if sure {
			s.n = min(s.n, max(1, n/2, inTime))
		}
	case n < s.n && !about(n, s.n) || bytes >= aim || took >= latency:
		// Right size, or not comparable, like the last page of a collection.
	case sure:
		s.n = max(s.n, min(growPages*n, s.most, inSize, inTime))
	default:
		s.n = max(s.n, min(growPages*n, s.most, inSize, s.unhindered(n, took, flying, latency)))
	}
	// Documents vary in size: never plan more than the largest page.
	if cap := most / s.per; int64(s.n) > cap {
		s.n = int(max(1, cap))
	}
}

// unhindered returns a size that stays within the latency even if each page waits
// for all others. Time beyond that of the first page is due to the documents, not
// to the round trip.
func (s *sizer) unhindered(n int, took time.Duration, flying int, latency time.Duration) int {
	each := float64(took)
	if n > s.firstN {
		each = float64(took-s.firstTook) / float64(n-s.firstN) * float64(flying)
	} else {
		each /= float64(n)
	}
	if each <= 0 {
		return s.most
	}
	return int(min(float64(s.most), float64(n)+float64(latency-took)/each))
}

// shrink records that a page of n documents was too large or too slow.
func (s *sizer) shrink(n int) {
	s.n = min(s.n, max(1, n/2))
	s.hold = 8
}

// reserve returns the memory for a page of n documents: its body or its rows, or
// both if it is larger than pages should be.
func (s *sizer) reserve(n int) int64 {
	if !s.seen {
		return unknownBytes
	}
	page := s.per * int64(n)
	return page + max(0, page-maxBytes)
}
