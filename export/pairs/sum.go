package pairs

// Sum is a hash of pairs that does not depend on their order.
type Sum struct {
	// N is the number of pairs.
	N    int64
	a, b uint64
}

// Add adds a pair to the sum.
func (s *Sum) Add(p Pair) {
	h := mixed(uint64(p.TS) ^ mixed(uint64(p.ID)+1))
	s.N++
	s.a += h
	s.b += mixed(h)
}

// mixed hashes x: every bit of the result depends on every bit of x.
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
