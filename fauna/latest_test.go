package fauna

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A server whose clock is wrong would let each read at its time wait until it times
// out.
func TestClient_believesNoTimeInTheFarFuture(t *testing.T) {
	t.Parallel()
	const end = "9999-12-31T23:59:59Z"
	soon := time.Now().AddDate(9, 0, 0).UTC().Truncate(time.Second)
	for name, c := range map[string]struct {
		stated  string // in X-Txn-Time
		now     string
		refused string
	}{
		"Now() alone":          {"", end, end + ", more than ten years ahead"},
		"both":                 {"253402300799000000", end, end + ", more than ten years ahead"},
		"the header alone":     {"253402300799000000", "2026-11-22T10:08:00.083Z", end + ", more than ten years ahead"},
		"the largest":          {"9223372036854775807", end, "more than ten years ahead"},
		"ahead, and plausible": {fmt.Sprint(soon.UnixMicro()), soon.Format(time.RFC3339), ""},
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if c.stated != "" {
				w.Header().Set("X-Txn-Time", c.stated)
			}
			fmt.Fprintf(w, `{"resource":{"@ts":%q}}`, c.now)
		})
		client := newTestClient(t, s.URL, Options{})
		at, err := client.Now(t.Context())
		if c.refused == "" {
			if err != nil || at != soon.UnixMicro() {
				t.Errorf("%s: %d, %v", name, at, err)
			}
			continue
		}
		if e := wantKind(t, err, KindStrange); !strings.Contains(e.Error(), c.refused) || !strings.Contains(e.Error(), "check the clocks") {
			t.Errorf("%s: %v", name, err)
		}
		if seen := client.seen.Load(); seen > latest() {
			t.Errorf("%s: the next read would ask for %s", name, formatTime(seen))
		}
	}
}
