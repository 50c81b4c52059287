package data

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// loadTar opens a tar, gzipped or not. It is read once from front to back, while other goroutines
// decode the images.
func loadTar(file string, o Options, lim limits) (*source, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	head := make([]byte, headBytes)
	n, _ := f.ReadAt(head, 0) // a pipe gives nothing
	if image := prepare.FormatOf(head[:n]); image != "" {
		return nil, formError(file, "it is one "+image+
			" image; name the folder that its class folder lies in")
	}
	return readTar(file, f, o, lim)
}

// readTar reads the tar called file from r.
func readTar(file string, r io.Reader, o Options, lim limits) (*source, error) {
	in := newIntake(file, o.sizeOr(folderSize), lim)
	in.only = o.only()
	t := tarWalk{file: file, in: in, raw: rawFiles{}}
	all, err := in.finish(t.walk(r))
	if err != nil {
		return nil, all.check(o.SkipDamaged, err)
	}
	has := func(base string) bool { _, ok := t.raw[base]; return ok }
	load := binaryLoader(has)
	if load == nil {
		return all.arrange(in.size, in.gate, o)
	}
	s, err := load(t.raw, o)
	if err != nil {
		return nil, err
	}
	s.leftOut = all.leftOut
	for _, p := range all.pictures {
		s.leftOut.add(kindOf(p.name))
	}
	for _, p := range all.problems {
		s.leftOut.add(kindOf(p.name))
	}
	return s, nil
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
	file := &counter{r: f}
	buffered := bufio.NewReaderSize(file, 1<<20)
	var packed io.Reader = buffered
	// Peek fails on files of under two bytes only, which the tar reader then refuses.
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return formError(t.file, "its gzip header is damaged")
		}
		packed = &unpacked{r: z, packed: file}
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
		if err := t.entry(h, tr, r); err != nil {
			return err
		}
	}
}

// entry keeps the content of the entries that matter.
func (t *tarWalk) entry(h *tar.Header, tr io.Reader, at *tailReader) error {
	if len(h.Name) > maxName {
		t.last = path.Clean("/" + h.Name[:64])[1:] + "..."
		return t.cut(at, fmt.Errorf("a name of %d bytes, more than %d,", len(h.Name), maxName))
	}
	t.last = path.Clean("/" + h.Name)[1:]
	from := origin{where: t.file, name: t.last, inTar: true}
	isImage, _ := imageName(t.last)
	isRaw := rawName(path.Base(t.last))
	switch {
	case hidden(t.last):
		return nil
	case strings.Count(t.last, "/") > maxDepth:
		return from.damage(&fault{-1, fmt.Sprintf("folders at most %d deep", maxDepth),
			"deeper ones", nil})
	case h.FileInfo().IsDir():
		return t.in.folder(t.last)
	}
	if err := t.in.folder(path.Dir(t.last)); err != nil {
		return err
	}
	switch {
	case isRaw:
		return t.keepRaw(from, h, tr, at)
	case isImage && !t.in.only.wants(t.last, ""):
		return nil
	case isImage:
		return t.keepImage(from, h, tr, at)
	case h.Typeflag == tar.TypeSymlink && path.Ext(t.last) == "":
		return t.in.refuse(problem{t.last, "link",
			from.damage(&fault{-1, "files and folders",
				fmt.Sprintf("a link to %q, which may be a folder of images: pack it again with --dereference", h.Linkname[:min(len(h.Linkname), 64)]), nil})})
	case h.Typeflag != tar.TypeXGlobalHeader:
		t.in.leftOut.add(kindOf(t.last))
	}
	return nil
}

// regular refuses what is no plain file of at most limit bytes. A link would have to be resolved
// against entries that may be gone or yet to come; a sparse file claims bytes that the tar does not
// have.
func regular(from origin, h *tar.Header, limit int64) error {
	sparse := slices.ContainsFunc(slices.Collect(maps.Keys(h.PAXRecords)),
		func(k string) bool { return strings.HasPrefix(k, "GNU.sparse.") })
	if h.Typeflag == tar.TypeReg && h.Size <= limit && !sparse {
		return nil
	}
	got := fmt.Sprintf("type %q and %d bytes", h.Typeflag, h.Size)
	if sparse || h.Typeflag == tar.TypeGNUSparse {
		got = "a sparse file: pack it again without --sparse"
	}
	return from.damage(&fault{-1, fmt.Sprintf("a regular file of at most %d bytes", limit), got,
		nil})
}

// keepRaw reads a file of a binary data set.
func (t *tarWalk) keepRaw(from origin, h *tar.Header, tr io.Reader, at *tailReader) error {
	if err := regular(from, h, maxRawBytes); err != nil {
		return err
	}
	b, err := readEntry(nil, tr, h.Size)
	if err != nil {
		return t.cut(at, err)
	}
	// The largest set known, CIFAR, takes 184 MB.
	if t.kept += h.Size; t.kept > 2*maxRawBytes {
		return from.damage(&fault{-1, fmt.Sprintf("at most %d bytes of binary files",
			int64(2*maxRawBytes)), "more", nil})
	}
	t.raw[path.Base(from.name)] = rawFile{from, b}
	return nil
}

// keepImage reads an image. What does not begin like one is not read on.
func (t *tarWalk) keepImage(from origin, h *tar.Header, tr io.Reader, at *tailReader) error {
	if err := regular(from, h, prepare.MaxFile); err != nil {
		return t.in.refuse(damagedImage(from, err))
	}
	n := min(h.Size, headBytes)
	head, err := readEntry(nil, io.LimitReader(tr, n), n)
	if err != nil {
		return t.cut(at, err)
	}
	_, known := imageName(from.name)
	if ok := prepare.FormatOf(head) != ""; !ok && known {
		return t.in.refuse(damagedImage(from, from.damageIn(prepare.Unread(head))))
	} else if !ok {
		return t.in.admit(from, head, nil)
	}
	raw, err := readEntry(head, tr, h.Size)
	if err != nil {
		return t.cut(at, err)
	}
	p := &picture{origin: from, raw: raw}
	if known {
		return t.in.add(p)
	}
	return t.in.admit(from, head, p)
}

// readEntry reads an entry of size bytes to its end; head is what was read of it. It takes the
// header's word for the size of an image: memory that is not written to costs nothing, and growing
// a slice would take twice as much. Beyond that it grows.
func readEntry(head []byte, r io.Reader, size int64) ([]byte, error) {
	b := append(make([]byte, 0, min(size, prepare.MaxFile)+bytes.MinRead), head...)
	all := bytes.NewBuffer(b)
	_, err := all.ReadFrom(r)
	if err == nil && int64(all.Len()) < size {
		err = io.ErrUnexpectedEOF
	}
	return all.Bytes(), err
}

// cut reports a tar that cannot be read on.
func (t *tarWalk) cut(at *tailReader, err error) error {
	// No entry could be read: this was no tar to begin with.
	if t.last == "" {
		return formError(t.file, "it is neither a tar nor a gzipped tar ("+prepare.Ending(err)+")")
	}
	return &DamageError{File: t.file, Entry: t.last, Offset: at.n, Want: "a whole tar",
		Got: prepare.Ending(err) + " in or after this entry", Err: err}
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

// counter counts the bytes of a file.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// unpacked is a gzip stream that ends where it holds more than what its bytes may stand for.
type unpacked struct {
	r      io.Reader
	packed *counter
	n      int64
}

// errUnpacked is the error of such a stream.
var errUnpacked = fmt.Errorf("bytes that unpack to more than %d times as many", unpackedPerByte)

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if u.n += int64(n); u.n > freeUnpacked+unpackedPerByte*u.packed.n {
		return n, errUnpacked
	}
	return n, err
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
