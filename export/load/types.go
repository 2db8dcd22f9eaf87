package load

// Type is the type of a column.
type Type string

// The types. Each dialect has its own names for them.
const (
	Bool    Type = "bool"
	Int     Type = "integer"
	Double  Type = "double"
	Numeric Type = "numeric"
	Time    Type = "time"
	Date    Type = "date"
	Bytes   Type = "bytes"
	Ref     Type = "ref"
	Text    Type = "text"
	JSONB   Type = "jsonb" // JSON, compared by value
	JSON    Type = "json"  // JSON, byte for byte
	Raw     Type = "raw"   // bytes of JSON that no JSON type accepts
)

// holds reports whether a type can hold a class. Refs are counted separately.
func (t Type) holds(d *dialect, c class) bool {
	switch t {
	case Bool:
		return c == isBool
	case Int:
		return c == isInt53 || c == isInt64
	case Double:
		return c == isInt53 || c == isDouble || c == isMinusZero && d.minusZero
	case Numeric:
		return c == isInt53 || c == isInt64 || c == isHuge || c == isDouble || c == isDecimal
	case Time:
		return d.times && c == isTime
	case Date:
		return d.times && c == isDate
	case Bytes:
		return c == isBytes
	case Ref:
		return c == isRef
	case Text:
		return c == isText || c == isTime || c == isOddTime || c == isDate || c == isOddDate
	case JSONB:
		return c != isOddText && c != isOddTree && c != isOutsize && c != isMinusZero && c != isBad && c != isNull
	case JSON:
		return c != isBad && c != isNull
	}
	return c != isNull // Raw
}

// typ returns the type of a column with these values: the first that fits all of
// them; or one that fits all but a few, which stay in data; or JSON.
func (f *found) typ(d *dialect) Type {
	for _, share := range []int64{0, f.values() / rare} {
		for _, t := range []Type{Bool, Int, Double, Numeric, Time, Date, Bytes, Ref, Text} {
			if f.misfits(d, t) <= share {
				return t
			}
		}
	}
	if f.misfits(d, JSONB) <= f.values()/rare {
		return JSONB
	}
	return JSON
}

// ownType returns the type of a field next to data, whose values cannot stay in
// data.
func (f *found) ownType(d *dialect) Type {
	for _, t := range []Type{Bool, Int, Double, Numeric, Ref, Text, JSONB, JSON} {
		if f.misfits(d, t) == 0 {
			return t
		}
	}
	return Raw
}

// widenings lists the types that a type can be converted to without loss.
var widenings = map[Type][]Type{
	Bool:    {JSONB, JSON},
	Int:     {Double, Numeric, JSONB, JSON},
	Double:  {Numeric, JSONB, JSON},
	Numeric: {JSONB, JSON},
	Text:    {JSONB, JSON},
	Time:    {Text, JSONB, JSON},
	Date:    {Text, JSONB, JSON},
	Ref:     {JSONB, JSON},
	JSONB:   {JSON},
	JSON:    {Raw},
}
