package data

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/store"
)

// rawFiles are the files of a binary data set by base name.
type rawFiles map[string]rawFile

// rawFile is the content as it lies on disk or in the tar, so perhaps gzipped.
type rawFile struct {
	origin
	bytes []byte
}

// rawName tells whether a base name belongs to one of the binary forms.
func rawName(base string) bool {
	switch base {
	case "test_batch.bin", "train.bin", "test.bin", cifar10Names, cifar100Names:
		return true
	}
	if match, _ := path.Match("data_batch_[1-5].bin", base); match {
		return true
	}
	return slices.ContainsFunc(mnistParts(),
		func(p idxPart) bool { return slices.Contains(p.names(), base) })
}

// binaryLoader gives the loader for the form that the names amount to, nil if none.
func binaryLoader(has func(base string) bool) func(rawFiles, Options) (*source, error) {
	switch {
	case has("data_batch_1.bin") || has("test_batch.bin"):
		return loadCIFAR10
	case has("train.bin") && has("test.bin"):
		return loadCIFAR100
	}
	for _, part := range mnistParts() {
		for _, base := range part.names() {
			if has(base) {
				return loadMNIST
			}
		}
	}
	return nil
}

// readRaw reads the binary data set's files that lie directly in a folder.
func readRaw(dir string, names []string) (rawFiles, error) {
	files := rawFiles{}
	for _, name := range names {
		if !rawName(name) {
			continue
		}
		b, err := readCapped(filepath.Join(dir, name), maxRawBytes)
		if err != nil {
			return nil, err
		}
		files[name] = rawFile{origin{where: dir, name: name}, b}
	}
	return files, nil
}

// readCapped reads a whole file of at most limit bytes.
func readCapped(file string, limit int64) ([]byte, error) {
	f, size, err := store.OpenRegular(file)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	if size > limit {
		return nil, fmt.Errorf("data: %q: want a file of at most %d bytes, got %d", file, limit,
			size)
	}
	// The size was capped above; the file being longer by now is a change that nobody promised to
	// notice.
	b := make([]byte, size)
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, fmt.Errorf("data: read %q: %w", file, err)
	}
	return b, nil
}

// missing reports a file that the others of its data set call for.
func (r rawFiles) missing(base string) error {
	// There is at least the file by which the form was recognised.
	names := slices.Sorted(maps.Keys(r))
	return fmt.Errorf("data: %q has %s without %q: the data set needs both", r[names[0]].where,
		names[0], base)
}

// reader gives the file's content, unpacked if its name ends in .gz, and how many bytes that is at
// most.
func (f rawFile) reader() (r io.Reader, most int64, err error) {
	file := &counter{r: bytes.NewReader(f.bytes)}
	if !strings.HasSuffix(f.name, ".gz") {
		return file, int64(len(f.bytes)), nil
	}
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, 0, f.damage(&fault{0, "a gzip header", err.Error(), err})
	}
	return &unpacked{r: z, packed: file}, freeUnpacked + unpackedPerByte*int64(len(f.bytes)), nil
}
