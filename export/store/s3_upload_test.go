package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
)

func writeParts(t *testing.T, a Appender, data []byte, from, piece, every int64) (durable int64) {
	t.Helper()
	last := from
	var pending func() (bool, error)
	var at int64
	for from < int64(len(data)) {
		n := min(piece, int64(len(data))-from)
		must(a.Write(data[from : from+n]))(t)
		from += n
		if pending == nil && from-last >= every {
			pending, at, last = a.Cut(), from, from
		}
		if pending != nil && must(pending())(t) {
			durable, pending = at, nil
		}
	}
	for pending != nil && at <= from/testPart*testPart {
		if must(pending())(t) {
			return at
		}
	}
	return durable
}

func TestS3_anUploadSurvivesItsProcess(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	data := noise(1, 3*testPart+12345)
	want := sha256.Sum256(data)
	first := server.open(t, "run")
	a := must(first.Append(".fauna-export/u.jsonl.part", 0))(t)
	durable := writeParts(t, a, data[:2*testPart+testPart/2], 0, 100_000, 300_000)
	a.(*s3File).sent.Wait() // the process ends here
	if durable == 0 {
		t.Fatal("no cut became durable")
	}
	if len(server.uploads(t)) != 1 {
		t.Fatal("no upload")
	}
	second := server.open(t, "run")
	if got := sizes(t, second)[".fauna-export/u.jsonl.part"]; got < durable || got%testPart != 0 {
		t.Fatalf("%d bytes there, the cut is at %d", got, durable)
	}
	if _, err := second.Append(".fauna-export/u.jsonl.part", durable+1); err == nil {
		t.Error("it continues at a byte that is no cut")
	}
	a = must(second.Append(".fauna-export/u.jsonl.part", durable))(t)
	writeParts(t, a, data, durable, 77_777, 1<<20)
	ok(t, a.Sync())
	ok(t, a.Close())
	if got := sizes(t, second); got[".fauna-export/u.jsonl.part"] != int64(len(data)) {
		t.Fatalf("%v", got)
	}
	third := server.open(t, "run") // the second process ended after the last checkpoint
	ok(t, third.Commit(".fauna-export/u.jsonl.part", "u.jsonl"))
	if sha256.Sum256(content(t, third, "u.jsonl")) != want {
		t.Error("other bytes")
	}
	if got := sizes(t, third); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
	if up := server.uploads(t); len(up) != 0 {
		t.Errorf("uploads left: %v", up)
	}
}

func TestS3_otherBytesAfterACutAreRefusedAndTheUploadGoes(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	data := noise(2, 2*testPart)
	s := server.open(t, "run")
	for _, how := range []string{"other bytes", "an earlier end"} {
		a := must(s.Append(".fauna-export/u.part", 0))(t)
		durable := writeParts(t, a, data, 0, 500_000, 1_000_000)
		ok(t, a.Close())
		if durable%testPart == 0 {
			t.Fatal("the cut lies at the end of a part")
		}
		a = must(s.Append(".fauna-export/u.part", durable))(t)
		var err error
		if how == "other bytes" {
			changed := bytes.Clone(data)
			changed[durable+1] ^= 1
			_, err = a.Write(changed[durable:])
		} else {
			must(a.Write(data[durable : durable+10]))(t)
			err = a.Sync()
		}
		if _, diverged := errors.AsType[*Diverged](err); !diverged {
			t.Fatalf("%s: %v", how, err)
		}
		ok(t, a.Close())
		if got, up := sizes(t, s), server.uploads(t); len(got) != 0 || len(up) != 0 {
			t.Errorf("%s: left %v, %v", how, got, up)
		}
	}
}

func TestS3_aDroppedUploadIsNamedAndTheFileBeginsAnew(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	s := server.open(t, "run")
	data := noise(7, 3*testPart)
	a := must(s.Append(".fauna-export/u.part", 0))(t)
	durable := writeParts(t, a, data[:testPart+100_000], 0, 50_000, 1_000_000)
	if durable == 0 {
		t.Fatal("no cut")
	}
	a.(*s3File).sent.Wait()
	u := must(s.record(".fauna-export/u.part"))(t)
	ok(t, s.abortID(u.Final, u.ID)) // as a lifecycle rule does
	// While writing.
	_, err := a.Write(data[testPart+100_000:])
	if err == nil {
		err = a.Sync()
	}
	a.Close()
	if _, lost := errors.AsType[*UploadLost](err); !lost || !strings.Contains(err.Error(), "deleted the upload") {
		t.Errorf("%v", err)
	}
	// On resume.
	if got := sizes(t, s)[".fauna-export/u.part"]; got != 0 {
		t.Errorf("%d bytes are there", got)
	}
	if _, err := s.Append(".fauna-export/u.part", durable); err == nil {
		t.Error("it can be gone on with")
	}
	a = must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(data))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	ok(t, s.Commit(".fauna-export/u.part", "u"))
	if !bytes.Equal(content(t, s, "u"), data) {
		t.Error("other bytes")
	}
}

// A record that was changed is named, whatever it says, and starts no panic and
// no huge buffer.
func TestS3_aDamagedRecordIsNamed(t *testing.T) {
	t.Parallel()
	const name = ".fauna-export/u.jsonl.part"
	server := newS3Server(t)
	first := server.open(t, "run")
	a := must(first.Append(name, 0))(t)
	durable := writeParts(t, a, noise(1, 2*testPart+testPart/2), 0, 100_000, 300_000)
	a.(*s3File).sent.Wait()
	right := must(first.record(name))(t)
	for what, change := range map[string]func(u *upload){
		"parts of nothing":       func(u *upload) { u.PartSize = 0 },
		"parts without end":      func(u *upload) { u.PartSize = 1 << 60 },
		"a negative part size":   func(u *upload) { u.PartSize = -u.PartSize },
		"fewer parts":            func(u *upload) { u.Parts = nil },
		"a cut before the file":  func(u *upload) { u.Cuts[0].At = -1 },
		"a cut after the parts":  func(u *upload) { u.Cuts[len(u.Cuts)-1].At += 10 * testPart },
		"a cut without its hash": func(u *upload) { u.Cuts[len(u.Cuts)-1].SHA256 = "" },
		"a negative size":        func(u *upload) { u.Size = -1 },
	} {
		u := *right
		u.Parts, u.Cuts = slices.Clone(right.Parts), slices.Clone(right.Cuts)
		change(&u)
		ok(t, first.saveRecord(u))
		s := server.open(t, "run")
		_, listed := s.List()
		_, appended := s.Append(name, durable)
		for _, err := range []error{listed, appended} {
			if bad, is := errors.AsType[*Error](err); !is || !strings.Contains(bad.Problem, "remove .fauna-export/") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	ok(t, first.saveRecord(*right))
	if a, err := server.open(t, "run").Append(name, durable); err != nil {
		t.Errorf("the right one: %v", err)
	} else {
		ok(t, a.Close())
	}
}

func TestS3_completingTwiceAsksOnceAndThenLooks(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	s := server.open(t, "run")
	data := noise(8, testPart+1)
	a := must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(data))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	server.set(nil, loseOnce(func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }))
	ok(t, s.Commit(".fauna-export/u.part", "u"))
	if n := server.count("POST", "uploadId"); n != 1 {
		t.Errorf("%d requests to complete it", n)
	}
	if !bytes.Equal(content(t, s, "u"), data) {
		t.Error("other bytes")
	}
	// Another object with that name is not mistaken for ours.
	a = must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(data))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	u := must(s.record(".fauna-export/u.part"))(t)
	ok(t, s.abortID(u.Final, u.ID))
	if err := s.Commit(".fauna-export/u.part", "u"); err == nil {
		t.Error("a dropped upload was completed")
	} else if _, lost := errors.AsType[*UploadLost](err); !lost {
		t.Errorf("%v", err)
	}
}

func TestS3_closeAbortsWhatIsLeft(t *testing.T) {
	t.Parallel()
	server := newS3Server(t)
	s := server.open(t, "run")
	a := must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(noise(9, testPart+1)))(t)
	ok(t, a.Close())
	other := server.open(t, "run2")
	b := must(other.Append(".fauna-export/u.part", 0))(t)
	must(b.Write(noise(9, testPart+1)))(t)
	ok(t, b.Close())
	ok(t, s.Close())
	if up := server.uploads(t); len(up) != 1 || up[0] != "run2/u" {
		t.Errorf("%v", up)
	}
	// A process that died before recording its upload leaves it to the next one.
	_, err := other.core.NewMultipartUpload(context.Background(), "bucket", "run/u", minio.PutObjectOptions{})
	ok(t, err)
	a = must(s.Append(".fauna-export/u.part", 0))(t)
	must(a.Write(noise(9, testPart+1)))(t)
	ok(t, a.Sync())
	ok(t, a.Close())
	ok(t, s.Commit(".fauna-export/u.part", "u"))
	if up := server.uploads(t); len(up) != 1 {
		t.Errorf("%v", up)
	}
}
