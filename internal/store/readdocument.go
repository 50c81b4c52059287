package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/supernet/provenance"
)

// openingPattern is laxer about space than what is written, so that a reformatted document is
// recognised, and then called changed.
var openingPattern = regexp.MustCompile(
	`^\s*\{\s*"tailor"\s*:\s*"([a-z][a-z0-9-]{0,31})/([1-9][0-9]{0,5})"`)

// ReadDocument reads a document of this kind and version into doc, which should be zero and after
// an error holds nothing of use. The file must be whole and unchanged since [WriteDocument], and
// have no field that doc lacks. Its errors are [*SyntaxError], [*KindError], [*VersionError],
// [ErrNotDocument], [ErrChecksum], [ErrFields], [ErrTooLarge] and those of opening a file.
func ReadDocument(path, kind string, version int, doc Document) error {
	f, size, err := OpenRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if size > maxDocumentBytes {
		return fmt.Errorf("%s is %w: it has %d bytes, a document has at most %d: check the path",
			path, ErrTooLarge, size, maxDocumentBytes)
	}
	var data bytes.Buffer
	data.Grow(int(size) + bytes.MinRead)
	// a file that grows meanwhile fails its checksum
	if _, err := data.ReadFrom(io.LimitReader(f, maxDocumentBytes)); err != nil {
		return fmt.Errorf("cannot read %s: %w", path, err)
	}
	return decodeDocument(path, data.Bytes(), kind, version, doc)
}

// Kind tells what a document says it is, from its first bytes and without checking the rest.
func Kind(path string) (kind string, version int, err error) {
	f, _, err := OpenRegular(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, sniffBytes))
	if err != nil {
		return "", 0, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return sniff(path, data)
}

// sniff looks at the opening alone, so that it is quick with a large file and works with a damaged
// one.
func sniff(path string, data []byte) (kind string, version int, err error) {
	match := openingPattern.FindSubmatch(data[:min(len(data), sniffBytes)])
	if match == nil {
		return "", 0, fmt.Errorf(
			"%s is %w: it does not open with its \"tailor\" kind: give a file that tailor wrote",
			path, ErrNotDocument)
	}
	version, err = strconv.Atoi(string(match[2])) // six digits always fit
	return string(match[1]), version, err
}

// decodeDocument reads what is sealed with its checksum at once. That it is JSON need not be known
// before, which would take as long as all the rest.
func decodeDocument(path string, data []byte, kind string, version int, doc Document) error {
	tailor := fmt.Sprintf("%s/%d", kind, version)
	before, digits, after, ok := splitAtHash(data, tailor)
	sha := string(digits)
	if !ok || sha != documentHash(before, after) {
		return unsealed(path, data, kind, version)
	}
	if err := checkValues(data); err != nil {
		return fmt.Errorf("%s is %w: check the path", path, err)
	}
	if err := decodeStrict(path, data, tailor, doc); err != nil {
		return err
	}
	// These were verified; a field of the same name further down was not.
	h := provenance.Of(doc)
	h.Tailor, h.SHA256 = tailor, sha
	return nil
}

// unsealed says why data is no document of a kind and version with its checksum. It goes from the
// coarse to the fine, so that the error names what is really wrong: not JSON, not ours, another
// kind, another version, damaged. The version comes before the checksum because a newer tailor may
// seal its files in another way.
func unsealed(path string, data []byte, kind string, version int) error {
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return fmt.Errorf("%s starts with a byte order mark, so an editor saved it after tailor did (%w): copy or make it again", path, ErrChecksum)
	}
	if !json.Valid(data) {
		return syntaxError(path, data)
	}
	if err := checkValues(data); err != nil {
		return fmt.Errorf("%s is %w: check the path", path, err)
	}
	gotKind, gotVersion, err := sniff(path, data)
	if err != nil {
		return err
	}
	if gotKind != kind {
		return &KindError{File: path, Kind: gotKind, Want: kind}
	}
	if gotVersion != version {
		return &VersionError{File: path, Kind: kind, Version: gotVersion, Reads: version}
	}
	if bytes.Contains(data, []byte("\r\n")) {
		return fmt.Errorf("%s has other line ends than tailor writes, as git and editors make them on Windows (%w): copy it as it is, or make it again", path, ErrChecksum)
	}
	return fmt.Errorf("%s was changed or damaged after it was written (%w): copy or make it again", path, ErrChecksum)
}

// checkValues bounds what decoding takes. Braces and commas within texts count too; no document has
// that many.
func checkValues(data []byte) error {
	objects := bytes.Count(data, []byte{'{'}) + bytes.Count(data, []byte{'['})
	if objects > maxDocumentObjects {
		return fmt.Errorf("%w: it has %d objects and lists, a document has at most %d", ErrTooLarge,
			objects, maxDocumentObjects)
	}
	if values := bytes.Count(data, []byte{','}); values > maxDocumentValues {
		return fmt.Errorf("%w: it has %d values, a document has at most %d", ErrTooLarge, values,
			maxDocumentValues)
	}
	return nil
}

// decodeStrict refuses unknown fields: with a good checksum they mean that another program wrote
// the file, and to drop them would be to misread it.
func decodeStrict(path string, data []byte, tailor string, doc Document) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(doc)
	// a decoder stops behind the value
	if rest := data[dec.InputOffset():]; err != nil || len(bytes.Trim(rest, " \t\r\n")) > 0 {
		if !json.Valid(data) {
			return syntaxError(path, data)
		}
	}
	if err != nil {
		return fmt.Errorf("%s has %w for %s: %w: it was written by another tailor, make it again with this one",
			path, ErrFields, tailor, err)
	}
	return nil
}

// syntaxError finds the place again that json.Valid does not tell.
func syntaxError(path string, data []byte) error {
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("cannot read %s: %w", path, err)
	}
	// Offset counts the bytes read when the error was seen, the offending one included.
	at := min(max(int(syntax.Offset)-1, 0), len(data))
	lineStart := bytes.LastIndexByte(data[:at], '\n') + 1
	return &SyntaxError{
		File:   path,
		Line:   bytes.Count(data[:at], []byte{'\n'}) + 1,
		Column: utf8.RuneCount(data[lineStart:at]) + 1,
		Err:    err,
	}
}

// ReadDocumentSince is [ReadDocument] for the versions from oldest to newest of a kind: those that
// only lack optional fields of doc, and whose other fields mean the same.
func ReadDocumentSince(path, kind string, oldest, newest int, doc Document) error {
	version := newest
	// Errors are for ReadDocument to tell.
	if k, v, err := Kind(path); err == nil && k == kind && oldest <= v && v < newest {
		version = v
	}
	return ReadDocument(path, kind, version, doc)
}
