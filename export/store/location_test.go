package store

import "testing"

// A folder is never made of a URL that was meant for another place.
func TestClean_takesNoOtherURLForAFolder(t *testing.T) {
	t.Parallel()
	for name, right := range map[string]bool{
		"backup": true, "./a://b": true, "/tmp/http://x": true, `C:\backup`: true, "a:b": true, "s3://bucket/x": true,
		"S3://bucket/x": false, "gs://bucket/x": false, "https://bucket.example.org/x": false, "file:///backup": false, "s3://": false,
	} {
		if _, err := Clean(name); (err == nil) != right {
			t.Errorf("%s: %v", name, err)
		}
		if s, err := At(t.Context(), name, S3Options{}); !right && err == nil {
			t.Errorf("%s is the store %s", name, s.Name())
		}
	}
}
