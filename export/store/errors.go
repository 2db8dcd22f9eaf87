package store

import (
	"fmt"
	"io/fs"
)

// Diverged is the error of a file started by an earlier process that cannot be
// continued, because the next bytes differ from those that the Store already has.
// The file was dropped and must be written again from the start.
type Diverged struct {
	Name string
}

// Error says that the file must be started over.
func (e *Diverged) Error() string {
	return e.Name + " was started by an earlier process, but its content differs now because documents have changed. Resume the run to start the file over"
}

// Error is the error of a store that cannot be used as requested: exit code 2.
type Error struct {
	Store   string
	Problem string
	// Resumable means that it contains a run that can be resumed.
	Resumable bool
	// Locked means that another process is working in it.
	Locked bool
	// ReadOnly: this user can't write there.
	ReadOnly bool
}

// Error says what is wrong with the store.
func (e *Error) Error() string { return e.Store + ": " + e.Problem }

// TooLarge is the error of a file over the size limit.
type TooLarge struct {
	Name string
	Most int64
}

// Error gives the limit.
func (e *TooLarge) Error() string {
	return fmt.Sprintf("%s is larger than the limit of %d bytes", e.Name, e.Most)
}

// NotRegular is the error of a name that is not a regular file: a link, a
// folder, a named pipe, a device.
type NotRegular struct {
	Name string
	Mode fs.FileMode
}

// Error says what it is instead.
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

// Foreign is the error of a file or folder that this program did not create where
// it expects its own.
type Foreign struct {
	Name string
	Why  string
}

// Error says why.
func (e *Foreign) Error() string { return e.Name + " " + e.Why }

// short is the error of a file that ends before the position to continue from.
func short(name string, from int64) error {
	return fmt.Errorf("%s ends before byte %d, where it should continue", name, from)
}
