package store_test

import (
	"math/rand/v2"
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
