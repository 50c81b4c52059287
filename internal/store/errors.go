package store

import (
	"errors"
	"fmt"
	"strings"
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

// StaleError is returned for a file that was made from another input than the one at hand.
type StaleError struct {
	File string
	Role string // of the input: "run", "profile", ...
	Want string // SHA-256 of what File was made from; empty if File does not name this role
	Got  string // SHA-256 of what is at hand
}

func (e *StaleError) Error() string {
	if e.Want == "" {
		return fmt.Sprintf("%s does not say which %s it was made from and must be made again",
			e.File, e.Role)
	}
	what := stale[e.Role]
	if what == "" {
		what = "was made from another " + e.Role
	}
	return fmt.Sprintf("%s %s (%s, not %s) and must be made again", e.File, what, brief(e.Want),
		brief(e.Got))
}

// stale says of roles, in the words of somebody who does not know how they are called, what is
// wrong.
var stale = map[string]string{
	"weights": "was made for the weights of another training run, or of an earlier step of this one",
	"data":    "was made with other images, or with other ones of them held out",
	"space":   "is of another search space",
}

// brief cuts a hash to the length that people compare by eye.
func brief(sha string) string { return sha[:min(len(sha), 12)] }
