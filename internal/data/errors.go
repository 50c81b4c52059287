package data

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// ErrForm is wrapped by Open's error when nothing at the path has a form that Open understands.
var ErrForm = errors.New("not a data set in a form that is understood")

// forms ends every ErrForm.
const forms = `understood are "synthetic", a folder of MNIST idx files, a folder of CIFAR-10 or CIFAR-100 binary files, ` +
	`a folder of images (train/CLASS/*.jpg and test/CLASS/*.jpg, or CLASS/*.jpg), and a .tar, .tar.gz or .tgz of one of these`

// formError says what Open would have understood; it wraps ErrForm.
func formError(path, why string) error {
	return fmt.Errorf("data: open %q: %s: %w; %s", path, why, ErrForm, forms)
}

// DamageError says where a file differs from what its format demands. Offset counts unpacked bytes
// of the file or of the tar's entry; for a tar or gzip stream that cannot be read on, those of the
// tar. In an image it is how far the decoder had read, which may be a buffer past the fault.
type DamageError struct {
	File   string // file on disk
	Entry  string // entry of the tar, empty when File is not a tar
	Offset int64  // byte by which the damage showed, -1 if there is no such byte
	Want   string // what was expected there
	Got    string // what was found
	Err    error  // the decoder's error, or nil
}

// Error gives one line with every field that is set.
func (e *DamageError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "data: %q", e.File)
	if e.Entry != "" {
		fmt.Fprintf(&b, ": entry %q", e.Entry)
	}
	if e.Offset >= 0 {
		fmt.Fprintf(&b, ": at byte %d", e.Offset)
	}
	fmt.Fprintf(&b, ": want %s, got %s", e.Want, e.Got)
	return b.String()
}

// Unwrap gives the decoder's error.
func (e *DamageError) Unwrap() error { return e.Err }

// origin names a file on disk or inside a tar.
type origin struct {
	where string // the folder or the tar
	name  string // slash-separated, relative to where
	inTar bool
}

// path is where the file lies on disk, if it is not in a tar.
func (o origin) path() string { return filepath.Join(o.where, filepath.FromSlash(o.name)) }

// damage places a fault, which its parser knows only by offset, in the file it was read from.
func (o origin) damage(f *fault) *DamageError {
	e := &DamageError{File: o.where, Entry: o.name, Offset: f.offset, Want: f.want, Got: f.got,
		Err: f.err}
	if !o.inTar {
		e.File, e.Entry = o.path(), ""
	}
	return e
}

// damageIn is [origin.damage] of an image.
func (o origin) damageIn(f *prepare.Fault) *DamageError {
	return o.damage(&fault{f.Offset, f.Want, f.Got, f.Err})
}

// fault is what a parser found wrong in a stream of bytes.
type fault struct {
	offset    int64
	want, got string
	err       error
}
