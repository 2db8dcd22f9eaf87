package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"fauna-export/export/store"
	"fauna-export/export/store/storetest"
)

func TestS3_keepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Test(t, storetest.Kind{
		New:   func(t *testing.T) store.Store { return store.NewS3ForTest(t) },
		Again: func(t *testing.T, s store.Store) store.Store { return store.AgainS3ForTest(t, s.(*store.S3)) },
		Crash: func(t *testing.T, s store.Store, _ *rand.Rand) store.Store {
			return store.AgainS3ForTest(t, s.(*store.S3))
		},
	})
}

func TestS3_keepsTheContractOnARealServer(t *testing.T) {
	g := storetest.NewGateway(t)
	prefix := atomic.Int64{}
	again := func(t *testing.T, name string) store.Store {
		t.Helper()
		s, err := store.NewS3(t.Context(), name, storetest.S3Options(g.Endpoint))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	storetest.Test(t, storetest.Kind{
		New: func(t *testing.T) store.Store {
			return again(t, fmt.Sprintf("s3://%s/run%d", storetest.Bucket, prefix.Add(1)))
		},
		Again: func(t *testing.T, s store.Store) store.Store { return again(t, s.Name()) },
	})
}

// A file of several parts is written while the server is killed and restarted,
// and by two processes one after the other.
func TestS3_aServerThatGoesAwayChangesNothing(t *testing.T) {
	g := storetest.NewGateway(t)
	name := "s3://" + storetest.Bucket + "/run"
	data := make([]byte, 3*5<<20+12345)
	var key [32]byte
	_, _ = rand.NewChaCha8(key).Read(data)
	open := func() store.Store {
		s, err := store.NewS3(t.Context(), name, storetest.S3Options(g.Endpoint))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const part = store.WorkPrefix + "u.jsonl" + store.PartEnd
	first := open()
	a, err := first.Append(part, 0)
	if err != nil {
		t.Fatal(err)
	}
	var cut func() (bool, error)
	at, size := int64(0), int64(0)
	write := func(upTo int64) {
		for size < upTo {
			n := min(300_000, upTo-size)
			if _, err := a.Write(data[size : size+n]); err != nil {
				t.Fatal(err)
			}
			size += n
			if cut == nil && size > 6<<20 {
				cut, at = a.Cut(), size
			}
		}
	}
	write(2 << 20)
	g.Kill()
	done := make(chan struct{})
	go func() { defer close(done); g.Start(t) }()
	write(11 << 20) // sends its parts while the server is down, then after it is back
	<-done
	for durable := false; !durable; {
		if durable, err = cut(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	g.Kill()
	g.Start(t)
	second := open()
	if a, err = second.Append(part, at); err != nil {
		t.Fatal(err)
	}
	size, cut = at, func() (bool, error) { return true, nil }
	write(int64(len(data)))
	if err := errors.Join(a.Sync(), a.Close(), second.Commit(part, "u.jsonl"), second.Close()); err != nil {
		t.Fatal(err)
	}
	f, n, err := second.Open("u.jsonl")
	if err != nil || n != int64(len(data)) {
		t.Fatal(n, err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, data) {
		t.Errorf("other bytes, %v", err)
	}
	if left, err := second.List(); err != nil || len(left) != 1 {
		t.Errorf("left: %v %v", left, err)
	}
}
