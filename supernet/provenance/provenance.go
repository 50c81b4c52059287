// Package provenance says what a document of tailor was made from: every profile, predictor, run
// and manifest begins with a [Header], which holds the hashes of its inputs.
package provenance

import "fmt"

// Header opens every document. A document type embeds it by value as its first field:
//
//	type Profile struct {
//		provenance.Header
//		Device string `json:"device"`
//	}
type Header struct {
	Tailor string `json:"tailor"` // kind and version: "profile/1"
	SHA256 string `json:"sha256"` // of the file with these 64 digits as zeros
	// by role, "run" or "profile": what this was made from
	Inputs map[string]Input `json:"inputs,omitempty"`
}

// Input names something that a document was made from. Only the hash counts; the path helps a
// person find the file.
type Input struct {
	Path   string `json:"path,omitempty"`
	SHA256 string `json:"sha256"` // a document's [Header.SHA256], any other file's own hash
}

// Document is a pointer to a struct that embeds [Header]; nothing else satisfies it.
type Document interface {
	header() *Header
}

// header is unexported so that embedding Header is the only way to be a Document; Go promotes it
// all the same.
func (h *Header) header() *Header { return h }

// Of gives the header of a document.
func Of(d Document) *Header { return d.header() }

// Check returns a [*StaleError] unless file, the document that h opens, was made from the input
// with this hash.
func (h Header) Check(file, role, sha string) error {
	if want := h.Inputs[role].SHA256; want == "" || want != sha {
		return &StaleError{File: file, Role: role, Want: want, Got: sha}
	}
	return nil
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
