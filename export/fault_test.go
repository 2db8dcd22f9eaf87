package export

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestFault_passingFailuresLeaveTheSameBytes(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{
		"down": errFakeDown, "busy": errFakeBusy, "timeout": errFakeTimeout, "server error": errFakeServer, "document not found": errFakeGone,
	} {
		t.Run(name, func(t *testing.T) {
			src := twoCollections()
			src.fault = func(c fakeCall) error {
				if c.n%5 == 0 && (fault != errFakeGone || c.what == "documents" && c.n%35 == 0) {
					return fault
				}
				return nil
			}
			dir := exportDir(t)
			m := mustDo(t, Spec{Collections: []string{"users", "orders"}, PageSize: 50, RetryFor: patient}, src, swiftEnv(dir, 7))
			for _, name := range []string{"users", "orders"} {
				if c := src.set[name]; !bytes.Equal(mustRead(t, dir, name+".jsonl"), jsonl(c, c.docs)) {
					t.Errorf("%s differs", name)
				}
			}
			if m.Collections[0].Retries == 0 && fault != errFakeGone {
				t.Error("no retry is counted")
			}
		})
	}
}

func TestFault_tooLargePagesAreHalved(t *testing.T) {
	t.Parallel()
	src := twoCollections()
	src.fault = func(c fakeCall) error {
		if c.what == "documents" && c.size > 7 {
			return errFakeLarge
		}
		return nil
	}
	dir := exportDir(t)
	mustDo(t, Spec{Collections: []string{"users", "orders"}}, src, swiftEnv(dir, 1))
	if c := src.set["users"]; !bytes.Equal(mustRead(t, dir, "users.jsonl"), jsonl(c, c.docs)) {
		t.Error("the rows differ")
	}
}

func TestFault_theOneBadDocumentIsNamed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{"too large": errFakeLarge, "server error": errFakeServer} {
		t.Run(name, func(t *testing.T) {
			src := twoCollections()
			src.fault = func(c fakeCall) error {
				if c.what == "documents" && c.collection == "users" && c.from <= 5002 && c.from+int64(c.size)*3 > 5002 {
					return fault
				}
				return nil
			}
			r, err := NewRun(Spec{Collections: []string{"users", "orders"}}, src, swiftEnv(exportDir(t), 1))
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Do(context.Background())
			bad, ok := errors.AsType[*BadDocument](err)
			if !ok || bad.ID != 5002 {
				t.Fatalf("error %v", err)
			}
		})
	}
}

func TestFault_aServerThatStaysAwayEndsTheRunResumably(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{"down": errFakeDown, "secret refused": errFakeSecret} {
		t.Run(name, func(t *testing.T) {
			src := twoCollections()
			away := false
			src.fault = func(c fakeCall) error {
				away = away || c.what == "documents" && c.from > 4000
				if away {
					return fault
				}
				return nil
			}
			dir := exportDir(t)
			r, err := NewRun(Spec{Collections: []string{"users", "orders"}, PageSize: 100}, src, swiftEnv(dir, 1))
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Do(context.Background())
			if !errors.Is(err, fault) || isError[*Partial](err) {
				t.Fatalf("error %v", err)
			}
			first := r.Status()
			if _, err := NewRun(Spec{Collections: []string{"users"}}, src, swiftEnv(dir, 1)); err == nil || !strings.Contains(err.Error(), "resume") {
				t.Errorf("a new run in the folder: %v", err)
			}
			src.fault = nil
			if r, err = OpenRun(src, swiftEnv(dir, 2)); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			if c := src.set["users"]; !bytes.Equal(mustRead(t, dir, "users.jsonl"), jsonl(c, c.docs)) {
				t.Error("the rows differ")
			}
			if s := r.Status(); s.Earlier <= 0 || name == "down" && s.Earlier < 4*time.Minute || s.Earlier > first.Elapsed || s.EarlierRetries != first.Retries {
				t.Errorf("the first process took %s with %d retries, the second one says %s and %d", first.Elapsed, first.Retries, s.Earlier, s.EarlierRetries)
			}
		})
	}
}
