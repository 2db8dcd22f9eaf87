package emulator

// maxParts limits the parts of a value that is compared or stored. Values can
// share parts, so a few operations can build one of any size.
const maxParts = 4 << 20

// measure returns an error for values that are too large or too deep to
// process.
func measure(values ...value) error {
	left := maxParts
	for _, v := range values {
		if !countParts(v, &left, 0) {
			return badRequest("Transaction exceeded limit: got more than %d values.", maxParts)
		}
	}
	return nil
}

func countParts(v value, left *int, depth int) bool {
	*left--
	if *left < 0 || depth > maxValueDepth {
		return false
	}
	var parts []value
	switch v := v.(type) {
	case array:
		parts = v
	case *object:
		parts = v.vals
	case *page:
		parts = v.data
	case *set:
		for _, in := range v.sets {
			if !countParts(in, left, depth+1) {
				return false
			}
		}
		return true
	}
	for _, part := range parts {
		if !countParts(part, left, depth+1) {
			return false
		}
	}
	return true
}
