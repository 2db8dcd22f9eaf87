package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// Differences lists the fields in which another Spec differs and that determine
// the content of the files. If there are none, either can resume the other's run.
func (s Spec) Differences(other Spec) []string {
	was, is := s.withDefaults(), other.withDefaults()
	slices.Sort(was.Collections)
	slices.Sort(is.Collections)
	var out []string
	a, b := reflect.ValueOf(was), reflect.ValueOf(is)
	for i := range a.NumField() {
		what := a.Type().Field(i).Tag.Get("differ")
		if what == "" {
			continue
		}
		x, errX := json.Marshal(a.Field(i).Interface())
		y, errY := json.Marshal(b.Field(i).Interface())
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			out = append(out, fmt.Sprintf("%s: was %s, is %s", what, x, y))
		}
	}
	return out
}
