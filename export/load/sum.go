package load

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"math"

	"github.com/parquet-go/parquet-go"

	"fauna-export/export/row"
)

// sum is a hash of rows that does not depend on their order: it adds the words of
// each row's SHA-256.
type sum struct {
	rows  int64
	words [4]uint64
}

func (s *sum) add(row []byte) {
	hash := sha256.Sum256(row)
	s.rows++
	for i := range s.words {
		s.words[i] += binary.LittleEndian.Uint64(hash[8*i:])
	}
}

// seed differs per process, which is fine: hashes are only compared within one.
var seed = maphash.MakeSeed()

// addRow adds a row as read from a file.
func (s *sum) addRow(one row.Row) {
	s.rows++
	s.words[0] += uint64(one.ID) * 0x9E3779B97F4A7C15
	s.words[1] += uint64(one.TS)
	if one.Removed {
		s.words[2]++
	}
	s.words[3] += maphash.Bytes(seed, one.Text)
}

// String returns the hash for display.
func (s *sum) String() string {
	var b [32]byte
	for i, w := range s.words {
		binary.BigEndian.PutUint64(b[8*i:], w)
	}
	return hex.EncodeToString(b[:16])
}

// same returns an error unless the rows read back equal those sent.
func (s *sum) same(t *Table, sent sum) error {
	if *s == sent {
		return nil
	}
	return differ(t, "rows sent and read back", fmt.Sprintf("%d rows, %s", sent.rows, sent.String()), fmt.Sprintf("%d rows, %s", s.rows, s.String()))
}

// addValues adds a row by values of which only equal ones give equal bytes. It
// makes them in out, and returns it for reuse.
func (s *sum) addValues(out []byte, values []any) []byte {
	out = out[:0]
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			out = append(out, 'n')
		case int64:
			out = binary.LittleEndian.AppendUint64(append(out, 'i'), uint64(v))
		case float64:
			out = binary.LittleEndian.AppendUint64(append(out, 'f'), math.Float64bits(v))
		case []byte:
			out = append(binary.LittleEndian.AppendUint64(append(out, 'b'), uint64(len(v))), v...)
		case string:
			out = append(binary.LittleEndian.AppendUint64(append(out, 's'), uint64(len(v))), v...)
		case parquet.Value:
			out = append(out, byte(v.Kind()))
			at := len(out)
			out = v.AppendBytes(append(out, 0, 0, 0, 0, 0, 0, 0, 0))
			binary.LittleEndian.PutUint64(out[at:], uint64(len(out)-at))
		default:
			out = fmt.Appendf(append(out, '?'), "%T", v)
		}
	}
	s.add(out)
	return out
}
