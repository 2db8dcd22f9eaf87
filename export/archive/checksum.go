package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fauna-export/export/store"
)

// stored is a manifest as it is stored. Its checksum is its own SHA-256 with
// noChecksum in its place.
type stored struct {
	*Manifest
	Checksum string `json:"checksum,omitempty"`
}

var noChecksum = strings.Repeat("0", 2*sha256.Size)

func checksum(manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return hex.EncodeToString(sum[:])
}

// ownChecksum matches a manifest's checksum, which is its last field.
var ownChecksum = regexp.MustCompile(`"checksum": "([0-9a-f]{64})"\n}\n$`)

// checkManifest compares the manifest with its checksum. One without a checksum, of an
// earlier version, has no fields but those that this version knows.
func (r *Report) checkManifest(s store.Store) error {
	data, err := s.Read(ManifestName)
	if err != nil {
		return fmt.Errorf("read %s: %w", ManifestName, err)
	}
	// Other white space, as of a tool that formats JSON, changes nothing of the content.
	var formatted bytes.Buffer
	if json.Indent(&formatted, bytes.TrimSpace(data), "", "  ") == nil {
		data = append(formatted.Bytes(), '\n')
	}
	if at := ownChecksum.FindSubmatchIndex(data); at != nil {
		open := slices.Concat(data[:at[2]], []byte(noChecksum), data[at[3]:])
		if checksum(open) != string(data[at[2]:at[3]]) {
			r.Problems = append(r.Problems, ManifestName+" was changed after it was written: its checksum does not match")
		}
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	m := stored{Manifest: &Manifest{}}
	err = dec.Decode(&m)
	if err == nil && m.Checksum != "" {
		err = errors.New("its checksum is damaged")
	}
	if err != nil {
		r.Problems = append(r.Problems, fmt.Sprintf("%s was changed after it was written: %v", ManifestName, err))
	}
	return nil
}
