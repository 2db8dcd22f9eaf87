package store

import (
	"fmt"
	"io/fs"
	"strings"
)

// MaxSmall is the size of the largest file that Read reads.
const MaxSmall = 256 << 20

// TooLarge is the error of a file over the size limit.
type TooLarge struct {
	Name       string
	Size, Most int64
}

// Error gives both sizes.
func (e *TooLarge) Error() string {
	return fmt.Sprintf("%s has more than the %d bytes that it may have", e.Name, e.Most)
}

// NotRegular is the error of a name that is not a regular file: a link, a
// folder, a named pipe, a device.
type NotRegular struct {
	Name string
	Mode fs.FileMode
}

// Error says what it is.
func (e *NotRegular) Error() string {
	what := "a device"
	switch {
	case e.Mode&fs.ModeSymlink != 0:
		what = "a link"
	case e.Mode.IsDir():
		what = "a folder"
	case e.Mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case e.Mode&fs.ModeSocket != 0:
		what = "a socket"
	}
	return e.Name + " is " + what + ", not a regular file"
}

// Foreign is the error of a file or folder that this program did not create,
// where it expects its own.
type Foreign struct {
	Name string
	Why  string
}

// Error says why.
func (e *Foreign) Error() string { return e.Name + " " + e.Why }

// CheckName returns an error for a name that is not flat, apart from a store's
// prefixes, or that some system would split.
func CheckName(name string) error {
	base := name
	for _, prefix := range []string{WorkPrefix, MergedPrefix} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			base = rest
			break
		}
	}
	if base == "" || base == "." || base == ".." || strings.ContainsAny(base, "/\\:\x00") {
		return fmt.Errorf("%q is not the name of a file in a store", name)
	}
	return nil
}
