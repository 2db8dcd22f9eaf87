package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Refused is the error of an S3 server that rejects the credentials or what they
// are used for: exit code 4.
type Refused struct {
	Store string
	Doing string
	Why   string
	// Expired means that the credentials have expired. With new ones the run can
	// be resumed.
	Expired bool
}

// Error says what was refused.
func (e *Refused) Error() string {
	msg := fmt.Sprintf("%s: %s: refused: %s", e.Store, e.Doing, e.Why)
	if e.Expired {
		msg += ". The credentials have expired: get new ones and resume the run"
	}
	return msg
}

// Unreachable is the error of an S3 server that did not answer, or failed, until
// no time was left for retries: exit code 5.
type Unreachable struct {
	Store string
	Doing string
	Tries int
	After time.Duration
	Err   error
}

// Error says how long it was retried.
func (e *Unreachable) Error() string {
	return fmt.Sprintf("%s: %s: %v (gave up after %d tries in %s)", e.Store, e.Doing, e.Err, e.Tries, e.After.Round(time.Second))
}

// Unwrap returns the last failure.
func (e *Unreachable) Unwrap() error { return e.Err }

// UploadLost is the error of a file whose upload the server no longer knows,
// although it was not completed: the file must be written again from the start.
type UploadLost struct {
	Store string
	Name  string
}

// Error says to resume the run.
func (e *UploadLost) Error() string {
	return fmt.Sprintf("%s: the server deleted the upload of %s (a lifecycle rule, or its own age limit): resume the run, which starts the file over", e.Store, e.Name)
}

var errCondition = errors.New("the condition of the request failed")

const (
	minRate     = 64 << 10 // bytes per second that a request's timeout is based on
	minTime     = 30 * time.Second
	firstWait   = 200 * time.Millisecond
	longestWait = 10 * time.Second
	lastTries   = 10 * time.Second // time for retries once the run must end
	firstTries  = 20 * time.Second // time for retries until the server has answered once
)

// do sends a request and retries temporary failures. size is the body's size. The
// error is one of this file's, fs.ErrNotExist, or says what was being done.
func (s *S3) do(doing string, size int, request func(context.Context) error) error {
	start := time.Now()
	patience := s.opt.Patience
	s.mu.Lock()
	if !s.mu.reached {
		patience = min(patience, firstTries)
	}
	s.mu.Unlock()
	told, skewed := false, false
	for tries := 1; ; tries++ {
		ctx, stop := context.WithTimeout(context.WithoutCancel(s.ctx), minTime+time.Duration(size/minRate)*time.Second)
		_, err := s.creds.GetWithContext(&credentials.CredContext{Context: ctx})
		if err == nil {
			err = request(ctx)
		}
		stop()
		if err == nil {
			s.mu.Lock()
			s.mu.reached = true
			s.mu.Unlock()
			return nil
		}
		again, err := s.judge(doing, err, &skewed)
		if !again {
			return err
		}
		if s.ctx.Err() != nil {
			patience = min(patience, lastTries)
		}
		passed := time.Since(start)
		if passed >= patience {
			return &Unreachable{Store: s.Name(), Doing: doing, Tries: tries, After: passed, Err: err}
		}
		if !told && passed > 2*time.Second {
			told = true
			s.opt.Notice(fmt.Sprintf("%s: %s: %v; trying again for up to %s", s.Name(), doing, err, patience.Round(time.Second)))
		}
		wait := min(firstWait<<min(tries-1, 10), longestWait)
		wait = wait/2 + rand.N(wait/2+1)
		if s.ctx.Err() != nil {
			time.Sleep(wait)
		} else {
			_ = s.pause(wait) // the end of the run shortens it
		}
	}
}

// judge classifies an error and reports whether it is temporary.
func (s *S3) judge(doing string, err error, skewed *bool) (again bool, _ error) {
	if none, ok := errors.AsType[*NoCredentials](err); ok {
		return false, &NoCredentials{Store: s.Name(), Tried: none.Tried}
	}
	if judged(err) {
		return false, err
	}
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	if !answered {
		return s.judgeNetwork(doing, err)
	}
	why := s.scrub(answer.Message)
	if answer.Code != "" {
		why += " (" + answer.Code + ")"
	}
	refused := &Refused{Store: s.Name(), Doing: doing, Why: why}
	switch answer.Code {
	case "NoSuchKey", "NoSuchUpload":
		return false, &fs.PathError{Op: doing, Path: s.Name(), Err: fs.ErrNotExist}
	case "NoSuchBucket":
		return false, &Error{Store: s.Name(), Problem: fmt.Sprintf("there is no bucket %q: create it first, or correct its name", s.at.Bucket)}
	case "InvalidBucketName":
		return false, &Error{Store: s.Name(), Problem: fmt.Sprintf("%q is not the name of a bucket", s.at.Bucket)}
	case "PreconditionFailed":
		return false, errCondition
	case "RequestTimeTooSkewed":
		refused.Why += "; this machine's clock is " + time.Now().UTC().Format(time.RFC3339)
		again, *skewed = !*skewed, true
		return again, refused
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		refused.Expired = true
		s.creds.Expire()
		return !s.chain.fixed.Load(), refused
	case "InternalError", "SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout", "Throttling", "ThrottlingException", "ServiceUnavailable", "BadDigest", "IncompleteBody",
		"ConditionalRequestConflict", "OperationAborted":
		return true, errors.New(why)
	}
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound:
		return false, &fs.PathError{Op: doing, Path: s.Name(), Err: fs.ErrNotExist}
	case status == http.StatusPreconditionFailed:
		return false, errCondition
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return false, refused
	case status >= 500 && status != http.StatusNotImplemented && status != http.StatusInsufficientStorage, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return true, errors.New(why)
	}
	return false, fmt.Errorf("%s: %s: %s", s.Name(), doing, why)
}

// judged reports whether an error was already classified, in a nested request.
func judged(err error) bool {
	_, refused := errors.AsType[*Refused](err)
	_, unreachable := errors.AsType[*Unreachable](err)
	_, unusable := errors.AsType[*Error](err)
	return refused || unreachable || unusable
}

// judgeNetwork classifies errors without an answer from the server.
func (s *S3) judgeNetwork(doing string, err error) (again bool, _ error) {
	text := s.scrub(err.Error())
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	if untrusted || unknown {
		return false, &Unreachable{Store: s.Name(), Doing: doing, Tries: 1, Err: errors.New(text + ": set AWS_CA_BUNDLE to a file with the certificates to trust")}
	}
	if strings.Contains(text, "server gave HTTP response to HTTPS client") {
		return false, &Unreachable{Store: s.Name(), Doing: doing, Tries: 1, Err: errors.New("the endpoint uses http, not https: use --s3-endpoint http://…")}
	}
	_, network := errors.AsType[net.Error](err)
	switch {
	case network, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, context.Canceled), strings.Contains(text, "connection"), strings.Contains(text, "EOF"):
		return true, errors.New(text)
	}
	return false, err
}

// minCredential is the length of the shortest credential that is removed from
// texts. A shorter one would be found in any word.
const minCredential = 8

// scrub removes the credentials from text.
func (s *S3) scrub(text string) string {
	v, err := s.creds.GetWithContext(nil)
	if err != nil {
		return text
	}
	for _, secret := range []string{v.SecretAccessKey, v.SessionToken, v.AccessKeyID} {
		if len(secret) >= minCredential {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}
