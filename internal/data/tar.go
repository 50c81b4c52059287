package data

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
)

// loadTar opens a tar, gzipped or not. It is read once from front to back, while other goroutines
// decode the images.
func loadTar(file string, o Options, lim limits) (*source, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	return readTar(file, f, o, lim)
}

// readTar reads the tar called file from r.
func readTar(file string, r io.Reader, o Options, lim limits) (*source, error) {
	in := newIntake(o.sizeOr(folderSize), lim)
	t := tarWalk{file: file, in: in, raw: rawFiles{}}
	pictures, err := in.finish(t.walk(r))
	if err != nil {
		return nil, err
	}
	has := func(base string) bool { _, ok := t.raw[base]; return ok }
	if load := binaryLoader(has); load != nil {
		return load(t.raw, o)
	}
	return arrange(file, pictures, in.size)
}

// tarWalk reads the entries of a tar.
type tarWalk struct {
	file string
	in   *intake
	raw  rawFiles
	last string // the entry being read
	kept int64  // bytes of raw
}

// walk goes from the first entry to the end mark. Whether the tar is gzipped is told by its
// content: names are unreliable.
func (t *tarWalk) walk(f io.Reader) error {
	buffered := bufio.NewReaderSize(f, 1<<20)
	var packed io.Reader = buffered
	// Peek fails on files of under two bytes only, which the tar reader then refuses.
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return formError(t.file, "its gzip header is damaged")
		}
		packed = z
	}
	r := &tailReader{r: packed}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return t.checkEnd(r)
		}
		if err != nil {
			return t.cut(r, err)
		}
		t.last = path.Clean("/" + h.Name)[1:]
		if err := t.entry(h, tr, r); err != nil {
			return err
		}
	}
}

// entry keeps the content of the entries that matter.
func (t *tarWalk) entry(h *tar.Header, tr io.Reader, at *tailReader) error {
	isImage, _ := imageName(t.last)
	base := path.Base(t.last)
	if hidden(t.last) || h.FileInfo().IsDir() || !isImage && !rawName(base) {
		return nil
	}
	from := origin{where: t.file, name: t.last, inTar: true}
	limit := int64(maxImageBytes)
	if !isImage {
		limit = maxRawBytes
	}
	// A link would have to be resolved against entries that may be gone or yet to come.
	if h.Typeflag != tar.TypeReg || h.Size > limit {
		return from.damage(&fault{-1, fmt.Sprintf("a regular file of at most %d bytes", limit),
			fmt.Sprintf("type %q and %d bytes", h.Typeflag, h.Size), nil})
	}
	b, err := readEntry(tr, h.Size)
	if err != nil {
		return t.cut(at, err)
	}
	if isImage {
		return addFile(t.in, from, b)
	}
	// The largest set known, CIFAR, takes 184 MB.
	if t.kept += h.Size; t.kept > 2*maxRawBytes {
		return from.damage(&fault{-1, fmt.Sprintf("at most %d bytes of binary files", int64(2*maxRawBytes)), "more", nil})
	}
	t.raw[base] = rawFile{from, b}
	return nil
}

// readEntry takes the header's word for the size of small entries only; beyond that, memory follows
// the data.
func readEntry(r io.Reader, size int64) ([]byte, error) {
	// ReadAll grows as it reads, and ends with the entry.
	if size > 1<<20 {
		return io.ReadAll(r)
	}
	b := make([]byte, size)
	_, err := io.ReadFull(r, b)
	return b, err
}

// cut reports a tar that cannot be read on.
func (t *tarWalk) cut(at *tailReader, err error) error {
	// No entry could be read: this was no tar to begin with.
	if t.last == "" {
		return formError(t.file, "it is neither a tar nor a gzipped tar ("+ending(err)+")")
	}
	return &DamageError{File: t.file, Entry: t.last, Offset: at.n, Want: "a whole tar", Got: ending(err) + " in or after this entry", Err: err}
}

// checkEnd verifies that the tar was not cut between two entries, and reads on to the end of the
// gzip stream because its checksum comes last.
func (t *tarWalk) checkEnd(r *tailReader) error {
	if r.zeros < 512 {
		return t.cut(r, io.ErrUnexpectedEOF)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return t.cut(r, err)
	}
	return nil
}

// tailReader counts bytes and the zero bytes at the end of what was read: a tar ends in blocks of
// zeros.
type tailReader struct {
	r        io.Reader
	n, zeros int64
}

// Read only looks at the end of each piece: a tail of zeros that fills the piece goes on from the
// piece before.
func (t *tailReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.n += int64(n)
	tail := int64(n - len(bytes.TrimRight(p[:n], "\x00")))
	if tail == int64(n) {
		tail += t.zeros
	}
	t.zeros = tail
	return n, err
}
