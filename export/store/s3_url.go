package store

import (
	"errors"
	"fmt"
	"strings"
)

// s3Scheme is the prefix of an S3 store's URL.
const s3Scheme = "s3://"

// S3URL is a bucket and a prefix in it.
type S3URL struct {
	Bucket string
	// Prefix is empty or ends with "/".
	Prefix string
}

// String returns the URL.
func (u S3URL) String() string {
	return strings.TrimSuffix(s3Scheme+u.Bucket+"/"+u.Prefix, "/")
}

// parseS3 parses s3://bucket/prefix. A user name or password in it is an error,
// which does not repeat it.
func parseS3(text string) (S3URL, error) {
	rest, ok := strings.CutPrefix(text, s3Scheme)
	if !ok {
		return S3URL{}, fmt.Errorf("%q is not of the form s3://bucket/prefix", text)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	switch {
	case strings.Contains(bucket, "@"):
		return S3URL{}, errors.New("an s3:// URL takes no name or password: credentials come from the AWS_… variables or a profile")
	case bucket == "":
		return S3URL{}, errors.New("s3:// needs the name of a bucket: s3://bucket/prefix")
	case len(bucket) < 3 || len(bucket) > 63 || strings.Trim(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-_ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return S3URL{}, fmt.Errorf("%q is not the name of a bucket: 3 to 63 letters, digits, dots and hyphens", bucket)
	}
	if strings.ContainsAny(prefix, "?#\\\x00") {
		return S3URL{}, fmt.Errorf("the prefix %q contains a character that is not allowed: ? # \\", prefix)
	}
	prefix = strings.Trim(prefix, "/")
	for _, part := range strings.Split(prefix, "/") {
		if prefix != "" && (part == "" || part == "." || part == "..") {
			return S3URL{}, fmt.Errorf("the prefix %q has an empty part, \".\" or \"..\" in it", prefix)
		}
	}
	if len(prefix) > 500 {
		return S3URL{}, errors.New("the prefix is longer than 500 bytes")
	}
	if prefix != "" {
		prefix += "/"
	}
	return S3URL{Bucket: bucket, Prefix: prefix}, nil
}
