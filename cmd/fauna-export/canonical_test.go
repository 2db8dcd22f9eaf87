package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// canonical normalizes JSON so that equal values have equal texts: strings are
// written one way, while the order of members and the text of numbers stay.
func canonical(text []byte) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var b strings.Builder
	if err := canonicalValue(dec, &b); err != nil {
		return "", err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("more follows: %v", err)
	}
	return b.String(), nil
}

func canonicalValue(dec *json.Decoder, b *strings.Builder) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	delim, nested := t.(json.Delim)
	if !nested {
		fmt.Fprintf(b, "%#v ", t)
		return nil
	}
	b.WriteRune(rune(delim))
	for dec.More() {
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			fmt.Fprintf(b, "%q: ", key)
		}
		if err := canonicalValue(dec, b); err != nil {
			return err
		}
	}
	end, err := dec.Token()
	if err == nil {
		b.WriteRune(rune(end.(json.Delim)))
	}
	return err
}
