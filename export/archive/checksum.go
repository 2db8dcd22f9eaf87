package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// stored is a manifest as it is stored, with the checksum of its content.
type stored struct {
	*Manifest
	Checksum string `json:"checksum"`
}

// checksum returns the SHA-256 of a manifest's content, and the checksum in it, nil if
// there is none. White space, escapes and the order of the keys are not content: tools
// that read and write JSON change them.
func checksum(manifest []byte) (sum string, own any, err error) {
	var content map[string]any
	dec := json.NewDecoder(bytes.NewReader(manifest))
	dec.UseNumber()
	if err := dec.Decode(&content); err != nil {
		return "", nil, err
	}
	own = content["checksum"]
	delete(content, "checksum")
	ordered, err := json.Marshal(content)
	if err != nil {
		return "", nil, err
	}
	hash := sha256.Sum256(ordered)
	return hex.EncodeToString(hash[:]), own, nil
}

// checkManifest compares the manifest's text with its checksum. One without a checksum,
// of an earlier version, has no fields but those that this version knows.
func (r *Report) checkManifest(data []byte) {
	sum, own, err := checksum(data)
	switch {
	case err != nil:
	case own == nil:
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		err = dec.Decode(&Manifest{})
	case own != sum:
		err = errors.New("its checksum does not match")
	}
	if err != nil {
		r.Problems = append(r.Problems, fmt.Sprintf("%s was changed after it was written: %v", ManifestName, err))
	}
}
