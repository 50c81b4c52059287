package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/supernet/provenance"
)

// What opens a document is public, since the types of documents are: see package provenance.
type (
	Header   = provenance.Header
	Input    = provenance.Input
	Document = provenance.Document
)

var (
	// hashPattern is what HashFile and safetensors.Write return.
	hashPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	// namePattern is a kind and a version, "profile/1". Bounded, so that an error can quote it from
	// any file.
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}/[1-9][0-9]{0,5}$`)
	// zeroHash holds the checksum's place while the checksum is made. A hash cannot contain itself.
	zeroHash = strings.Repeat("0", 2*sha256.Size)
)

// WriteDocument writes doc to path as [WriteFile] does, and fills in doc's Tailor and SHA256. The
// Inputs are the caller's; each needs a hash. The bytes depend on doc alone.
func WriteDocument(path, kind string, version int, doc Document) error {
	data, header, err := encodeDocument(kind, version, doc)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err == nil {
		*provenance.Of(doc) = header
	}
	return err
}

// encodeDocument leaves doc as it was and returns the header that belongs to data. The checksum is
// patched into the finished bytes, so what was hashed is what is written; encoding a second time
// might differ in a caller's own marshaler.
func encodeDocument(kind string, version int, doc Document) (data []byte, header Header,
	err error) {
	h := provenance.Of(doc)
	header = *h
	header.Tailor, header.SHA256 = fmt.Sprintf("%s/%d", kind, version), zeroHash
	if err := validate(header); err != nil {
		return nil, Header{}, err
	}
	defer func(old Header) { *h = old }(*h)
	*h = header

	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // people read these files
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, Header{}, fmt.Errorf("encode %s: %w", header.Tailor, err)
	}
	if buf.Len() > maxDocumentBytes { // it could not be read again
		return nil, Header{}, fmt.Errorf("encode %s: %d bytes are %w, at most %d",
			header.Tailor, buf.Len(), ErrTooLarge, maxDocumentBytes)
	}
	data = buf.Bytes()
	if err := checkValues(data); err != nil {
		return nil, Header{}, fmt.Errorf("encode %s: %w", header.Tailor, err)
	}
	if replacedText(data) {
		return nil, Header{}, fmt.Errorf("encode %s: %w", header.Tailor, ErrNotUTF8)
	}
	before, digits, after, ok := splitAtHash(data, header.Tailor)
	if !ok {
		return nil, Header{},
			fmt.Errorf("encode %s: %T does not embed store.Header as its first field",
				header.Tailor, doc)
	}
	header.SHA256 = documentHash(before, after)
	copy(digits, header.SHA256)
	return data, header, nil
}

// replacedText says whether a text was no UTF-8, such as a path can be: JSON puts U+FFFD in the
// place of what it has no way to write, as an escape; a U+FFFD that was there before is written as
// it is.
func replacedText(data []byte) bool {
	const escape = `\ufffd`
	for {
		i := bytes.Index(data, []byte(escape))
		if i < 0 {
			return false
		}
		backslashes := len(data[:i]) - len(bytes.TrimRight(data[:i], `\`))
		if backslashes%2 == 0 { // else the text itself has a backslash and "ufffd"
			return true
		}
		data = data[i+len(escape):]
	}
}

// validate refuses to write provenance that says nothing: a role with an empty hash would pass for
// traced.
func validate(h Header) error {
	if !namePattern.MatchString(h.Tailor) {
		return fmt.Errorf("%q is no kind and version of a document", h.Tailor)
	}
	for _, role := range slices.Sorted(maps.Keys(h.Inputs)) {
		if !hashPattern.MatchString(h.Inputs[role].SHA256) {
			return fmt.Errorf("input %q has no SHA-256 of 64 lower-case hexadecimal digits", role)
		}
	}
	return nil
}

// splitAtHash finds the checksum of a document, which stands at the same place in every version of
// every kind: on the third line, by which people and scripts may find it too. It is strict about
// every byte before the digits, because those are part of what is hashed.
func splitAtHash(data []byte, tailor string) (before, digits, after []byte, ok bool) {
	opening := "{\n  \"tailor\": \"" + tailor + "\",\n  \"sha256\": \""
	end := len(opening) + len(zeroHash)
	if len(data) <= end || !bytes.HasPrefix(data, []byte(opening)) || data[end] != '"' {
		return nil, nil, nil, false
	}
	return data[:len(opening)], data[len(opening):end], data[end:], true
}

// documentHash is the checksum of a document with its digits as zeros.
func documentHash(before, after []byte) string {
	h := sha256.New()
	h.Write(before)
	io.WriteString(h, zeroHash)
	h.Write(after)
	return hex.EncodeToString(h.Sum(nil))
}
