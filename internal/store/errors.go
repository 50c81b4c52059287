package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/supernet/provenance"
)

// Errors of reading. They are wrapped with the name of the file and what to do about it. A missing
// file is [io/fs.ErrNotExist], a folder that [WriteDir] will not replace is [io/fs.ErrExist].
var (
	// ErrTooLarge is returned for a file over the cap of its format.
	ErrTooLarge = errors.New("too large")
	// ErrNotRegular is returned for a folder, pipe or device where a file is read or written.
	ErrNotRegular = errors.New("not a regular file")
	// ErrNotDocument is returned for JSON that does not open with "tailor": "<kind>/<version>".
	ErrNotDocument = errors.New("not a tailor document")
	// ErrChecksum is returned for a document whose bytes are not those its checksum was made of.
	ErrChecksum = errors.New("checksum mismatch")
	// ErrNotUTF8 is returned for a document to be written whose text, a path or a name, JSON could
	// not hold as it is.
	ErrNotUTF8 = errors.New("a path or a name is not UTF-8: rename it")
	// ErrFields is returned for an undamaged document with a field that its kind and version do not
	// have.
	ErrFields = errors.New("unexpected content")
)

// SyntaxError tells where a document stops being JSON.
type SyntaxError struct {
	File         string
	Line, Column int // from 1; columns count characters, as editors do
	Err          error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s is not JSON: line %d, column %d: %v: give a file that tailor wrote, or make it again",
		e.File, e.Line, e.Column, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// KindError is returned for a document of another kind than the caller reads.
type KindError struct {
	File       string
	Kind, Want string
}

func (e *KindError) Error() string {
	return fmt.Sprintf("%s is a tailor %s, expected %s", e.File, e.Kind, withArticle(e.Want))
}

// withArticle matters because kinds are words in a sentence: "a manifest", "an accuracy".
func withArticle(noun string) string {
	if noun != "" && strings.Contains("aeiou", noun[:1]) {
		return "an " + noun
	}
	return "a " + noun
}

// VersionError is returned for a document of another version of its kind than the caller reads.
type VersionError struct {
	File    string
	Kind    string
	Version int // of the file
	Reads   int // what the caller reads
}

// newer says whether a newer tailor wrote the file, so that upgrading helps.
func (e *VersionError) newer() bool { return e.Version > e.Reads }

func (e *VersionError) Error() string {
	age, remedy := "an older", "make it again"
	if e.newer() {
		age, remedy = "a newer", "upgrade"
	}
	return fmt.Sprintf("%s was written by %s tailor (%s/%d), this one reads %s/%d: %s",
		e.File, age, e.Kind, e.Version, e.Kind, e.Reads, remedy)
}

// StaleError is public, since callers outside test for it.
type StaleError = provenance.StaleError
