package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// DataPath is where the data was when the run in a folder began, as a path from the working folder.
func (i *Info) DataPath(dir string) string { return data.Resolve(dir, i.Data.Path) }

// DataPath is where the data was when training began, as a path from the working folder.
func (r *Run) DataPath() string { return r.Info.DataPath(r.Dir) }

// OtherDataError is returned where images are not those that something was made with. It wraps a
// [*provenance.StaleError].
type OtherDataError struct {
	Path  string // of the images
	Of    string // what was made with others: "run DIR"
	Was   string // where those were
	Stale *provenance.StaleError
}

func (e *OtherDataError) Error() string {
	return fmt.Sprintf("%s has other images than %s was trained on, which were at %s: say with --data where these are (sha256 %.12s, not %.12s)", e.Path, e.Of, e.Was, e.Stale.Want, e.Stale.Got)
}

func (e *OtherDataError) Unwrap() error { return e.Stale }

// otherData is the error about images that are not those of a run.
func otherData(dir string, i *Info, sha, path string) error {
	return &OtherDataError{path, "run " + dir, i.DataPath(dir),
		&provenance.StaleError{File: filepath.Join(dir, runFile), Role: "data", Want: i.Data.SHA256,
			Got: sha}}
}

// MissingData says what to do about data that is not where it was, if that is the error.
func MissingData(of, path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("the data of %s is not at %s any more; say with --data where it is: %w", of,
		path, err)
}
