package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
)

// upload is the record of a multipart upload, stored before its first part is
// sent and until it ends.
type upload struct {
	Version int `json:"version"`
	// Name is the file's name before Commit, Final the one after it, which is the
	// upload's own.
	Name  string `json:"name"`
	Final string `json:"final"`
	ID    string `json:"upload"`
	// Token is in the metadata of the resulting object, to identify it.
	Token    string       `json:"token"`
	PartSize int64        `json:"part_size"`
	Parts    []uploadPart `json:"parts"`
	// Cuts are the positions from which the file can be continued, ascending:
	// the newest, and the one before it, which a checkpoint may still refer to.
	Cuts []uploadCut `json:"cuts,omitempty"`
	// Size is the file's size once it is fully uploaded.
	Size int64 `json:"size,omitempty"`
}

type uploadPart struct {
	ETag string `json:"etag"`
	Size int64  `json:"size"`
}

// uploadCut is a position in a file, and the hash of the bytes between it and the
// end of its part, which a process that continues there must reproduce.
type uploadCut struct {
	At     int64  `json:"at"`
	SHA256 string `json:"sha256,omitempty"`
}

const (
	recordVersion = 1
	tokenName     = "Fauna-Export"
)

// partsFor returns how many parts hold the first size bytes of a file.
func partsFor(size, part int64) int { return int((size + part - 1) / part) }

// loadRecords reads the records of uploads under the prefix. They are cached
// while nobody else can change them.
func (s *S3) loadRecords() (map[string]*upload, error) {
	s.mu.Lock()
	known := maps.Clone(s.mu.records)
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	entries, err := s.list(uploadsPrefix)
	if err != nil {
		return nil, err
	}
	found := make(map[string]*upload)
	for _, e := range entries {
		name, err := url.PathUnescape(strings.TrimPrefix(e.Name, uploadsPrefix))
		if err != nil {
			continue // not created by us
		}
		u, err := s.readRecord(name)
		if err != nil {
			return nil, err
		}
		if u != nil { // nil if it was completed meanwhile
			found[u.Name] = u
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.alone {
		s.mu.records = maps.Clone(found)
	}
	return found, nil
}

// readRecord reads the record of a file's upload, nil if there is none.
func (s *S3) readRecord(name string) (*upload, error) {
	data, _, err := s.get(s.recordKey(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	u := &upload{}
	if err := json.Unmarshal(data, u); err != nil || u.Version != recordVersion || u.Name != name || u.Final != final(name) || !u.sound(max(s.opt.PartSize, 8*defaultPart)) {
		return nil, &Error{Store: s.Name(), Problem: fmt.Sprintf("the record of the upload of %s is damaged or of another version: remove %s, and resume the run, which starts the file over", name, s.shown(s.recordKey(name)))}
	}
	return u, nil
}

// sound reports whether a record's parts, of at most a size, and its cuts are such
// as a file may have.
func (u *upload) sound(most int64) bool {
	if u.PartSize < minPart || u.PartSize > most || u.Size < 0 {
		return false
	}
	for i, p := range u.Parts {
		if p.Size != u.PartSize && (p.Size <= 0 || p.Size > u.PartSize || i < len(u.Parts)-1) {
			return false
		}
	}
	for i, c := range u.Cuts {
		if c.At <= 0 || i > 0 && c.At <= u.Cuts[i-1].At || partsFor(c.At, u.PartSize) > len(u.Parts) || c.At%u.PartSize != 0 && c.SHA256 == "" {
			return false
		}
	}
	return true
}

// record returns the record of a file's upload, nil if there is none.
func (s *S3) record(name string) (*upload, error) {
	s.mu.Lock()
	alone := s.mu.alone
	s.mu.Unlock()
	if !alone {
		return s.readRecord(name)
	}
	all, err := s.loadRecords()
	return all[name], err
}

// saveRecord makes a record durable.
func (s *S3) saveRecord(u upload) error {
	data, _ := json.Marshal(u) // texts and numbers can't fail
	if err := s.put(s.recordKey(u.Name), data); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.records != nil {
		s.mu.records[u.Name] = &u
	}
	return nil
}

func (s *S3) dropRecord(name string) error {
	if err := s.delete(s.recordKey(name)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mu.records, name)
	return nil
}

// begin starts the upload of a file. Uploads of the same key without a record
// are from a process that died at this point.
func (s *S3) begin(name string, part int64) (*upload, error) {
	u := &upload{Version: recordVersion, Name: name, Final: final(name), Token: rand.Text(), PartSize: part}
	if err := s.owned(); err != nil {
		return nil, err
	}
	err := s.do("begin the upload of "+u.Final, 0, func(ctx context.Context) (err error) {
		// Each time, since a lost answer may have left an upload behind.
		if err := s.abortOthers(u.Final); err != nil {
			return err
		}
		u.ID, err = s.core.NewMultipartUpload(ctx, s.at.Bucket, s.key(u.Final), minio.PutObjectOptions{UserMetadata: map[string]string{tokenName: u.Token}})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.saveRecord(*u); err != nil {
		return nil, errors.Join(err, s.abortID(u.Final, u.ID))
	}
	return u, nil
}

// abortOthers aborts the uploads of a key. Some servers list them only by exact
// key, others by prefix.
func (s *S3) abortOthers(name string) error {
	var ids []string
	err := s.do("list the uploads of "+name, 0, func(ctx context.Context) error {
		ids = ids[:0]
		res, err := s.core.ListMultipartUploads(ctx, s.at.Bucket, s.key(name), "", "", "", 1000)
		if err != nil {
			return err
		}
		for _, one := range res.Uploads {
			if one.Key == s.key(name) {
				ids = append(ids, one.UploadID)
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, id := range ids {
		if err := s.abortID(name, id); err != nil {
			return err
		}
	}
	return nil
}

// abortID aborts an upload until the server has no part of it, since a part in
// flight may arrive after the first attempt.
func (s *S3) abortID(name, id string) error {
	for range 5 {
		err := s.do("abort the upload of "+name, 0, func(ctx context.Context) error {
			return s.core.AbortMultipartUpload(ctx, s.at.Bucket, s.key(name), id)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		parts, err := s.listParts(name, id)
		switch {
		case errors.Is(err, fs.ErrNotExist), err == nil && len(parts) == 0:
			return nil
		case err != nil:
			return err
		}
	}
	return fmt.Errorf("%s: the upload of %s could not be aborted: its parts remain", s.Name(), name)
}

// abort aborts the upload of a file and removes its record.
func (s *S3) abort(u *upload) error {
	if err := s.abortID(u.Final, u.ID); err != nil {
		return err
	}
	return s.dropRecord(u.Name)
}

// listParts returns the parts that the server has, by number.
func (s *S3) listParts(name, id string) (parts map[int]uploadPart, err error) {
	parts = make(map[int]uploadPart)
	for marker, more := 0, true; more; {
		err := s.do("list the parts of "+name, 0, func(ctx context.Context) error {
			res, err := s.core.ListObjectParts(ctx, s.at.Bucket, s.key(name), id, marker, 1000)
			if err != nil {
				return err
			}
			for _, p := range res.ObjectParts {
				parts[p.PartNumber] = uploadPart{ETag: strings.Trim(p.ETag, `"`), Size: p.Size}
			}
			more = res.IsTruncated && res.NextPartNumberMarker > marker
			marker = res.NextPartNumberMarker
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// durable returns how much of a file's upload the server still has, up to the
// first part that differs from the one sent.
func (s *S3) durable(u *upload) (int64, error) {
	there, err := s.listParts(u.Final, u.ID)
	if errors.Is(err, fs.ErrNotExist) {
		if done, err := s.completed(u); err != nil || done {
			return u.Size, err
		}
		s.opt.Notice((&UploadLost{Store: s.Name(), Name: u.Final}).Error())
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	size := int64(0)
	for i, p := range u.Parts {
		if there[i+1] != p {
			s.opt.Notice(fmt.Sprintf("%s: the server no longer has all parts of %s: continuing from what is left, or from the start", s.Name(), u.Final))
			break
		}
		size += p.Size
	}
	return size, nil
}

// completed reports whether an upload's resulting object exists.
func (s *S3) completed(u *upload) (bool, error) {
	info, err := s.stat("look at "+u.Final, u.Final)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return info.Metadata.Get("X-Amz-Meta-"+tokenName) == u.Token && info.Size == u.Size, nil
}

// complete turns the parts of an upload into an object, with one request at a
// time. After a successful request, and after one with unknown outcome, it
// checks the object itself.
func (s *S3) complete(u *upload) error {
	if u.Size == 0 {
		return fmt.Errorf("%s: %s was not uploaded completely", s.Name(), u.Name)
	}
	parts := make([]minio.CompletePart, len(u.Parts))
	for i, p := range u.Parts {
		parts[i] = minio.CompletePart{PartNumber: i + 1, ETag: p.ETag}
	}
	tried := false
	err := s.do("complete the upload of "+u.Final, 0, func(ctx context.Context) error {
		if tried {
			if done, err := s.completed(u); err != nil || done {
				return err
			}
		}
		tried = true
		_, err := s.core.CompleteMultipartUpload(ctx, s.at.Bucket, s.key(u.Final), u.ID, parts, minio.PutObjectOptions{})
		return err
	})
	done, serr := s.completed(u)
	switch {
	case serr != nil:
		return errors.Join(err, serr)
	case done:
		return s.dropRecord(u.Name)
	case errors.Is(err, fs.ErrNotExist):
		return &UploadLost{Store: s.Name(), Name: u.Final}
	case err != nil:
		return err
	}
	return fmt.Errorf("%s: the upload of %s was completed, but the object differs from what was sent", s.Name(), u.Final)
}

// putPart sends a part.
func (s *S3) putPart(u *upload, number int, data []byte) (uploadPart, error) {
	if err := s.owned(); err != nil {
		return uploadPart{}, err
	}
	md5Text, shaText := s.sums(data)
	var etag string
	err := s.do(fmt.Sprintf("upload part %d of %s", number, u.Final), len(data), func(ctx context.Context) error {
		p, err := s.core.PutObjectPart(ctx, s.at.Bucket, s.key(u.Final), u.ID, number, bytes.NewReader(data), int64(len(data)),
			minio.PutObjectPartOptions{Md5Base64: md5Text, Sha256Hex: shaText, DisableContentSha256: true})
		etag = strings.Trim(p.ETag, `"`)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = &UploadLost{Store: s.Name(), Name: u.Final}
	}
	return uploadPart{ETag: etag, Size: int64(len(data))}, err
}

func hexSum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}
