package emulator

// maxParts limits the parts of a value that is compared or stored. Values can
// share parts, so a few operations can build one of any size.
const maxParts = 4 << 20

// measure fails for values that are too large or too deep to process.
func measure(values ...value) {
	left := maxParts
	var count func(v value, depth int)
	count = func(v value, depth int) {
		left--
		if left < 0 || depth > maxValueDepth {
			panic(badRequest("Transaction exceeded limit: got more than %d values.", maxParts))
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
				count(in, depth+1)
			}
		}
		for _, part := range parts {
			count(part, depth+1)
		}
	}
	for _, v := range values {
		count(v, 0)
	}
}
