package torchfile

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"strings"
)

// archive is a file since PyTorch 1.6: a zip archive with a folder, in which data.pkl is the state
// dict and data/KEY each storage, none of them compressed.
type archive struct {
	folder string
	files  map[string]*zip.File
}

// readZip reads such a file.
func (m *machine) readZip() (*File, error) {
	a, err := openArchive(m.data)
	if err != nil {
		return nil, err
	}
	if a.files[a.folder+"constants.pkl"] != nil {
		return nil, &FormatError{0, "is a program of TorchScript: save model.state_dict()"}
	}
	if order, _, err := m.record(a, "byteorder"); err == nil && string(order) != "little" {
		return nil, &FormatError{0, "was not written by a little-endian machine"}
	}
	pickle, offset, err := m.record(a, "data.pkl")
	if err != nil {
		return nil, err
	}
	// The machine reads the pickle where it is in the file, since errors name places there.
	whole := m.data
	m.at, m.data, m.archive = offset, whole[:offset+len(pickle)], a
	state, err := m.load()
	if err != nil {
		return nil, err
	}
	m.data = whole
	return m.file(state)
}

// openArchive lists the records of an archive. They are not read yet.
func openArchive(data []byte) (*archive, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, &FormatError{0, fmt.Sprintf("is a damaged zip archive (%.80q): copy it again",
			err.Error())}
	}
	a := &archive{files: map[string]*zip.File{}}
	for _, f := range z.File {
		if a.files[f.Name] != nil {
			return nil, &FormatError{0, fmt.Sprintf("has record %.80q twice", f.Name)}
		}
		a.files[f.Name] = f
		if folder, ok := strings.CutSuffix(f.Name, "/data.pkl"); ok && !strings.Contains(folder,
			"/") {
			a.folder = folder + "/"
		}
	}
	if a.folder == "" {
		return nil, &FormatError{0,
			"is a zip archive without FOLDER/data.pkl, and no file of torch.save"}
	}
	return a, nil
}

// record gives the bytes of a record, which are a part of the file, and where they are.
func (m *machine) record(a *archive, name string) (raw []byte, at int, err error) {
	f := a.files[a.folder+name]
	if f == nil {
		return nil, 0, &FormatError{0, fmt.Sprintf("has no record %.80q", a.folder+name)}
	}
	offset, err := f.DataOffset()
	size := f.UncompressedSize64
	switch {
	case f.Method != zip.Store || f.CompressedSize64 != size:
		return nil, 0, &FormatError{0, fmt.Sprintf(
			"record %.80q is compressed, which torch.save never does", f.Name)}
	case err != nil || offset > int64(len(m.data)) || size > uint64(len(m.data))-uint64(offset):
		return nil, 0, &FormatError{0, fmt.Sprintf("record %.80q is not all there: copy it again",
			f.Name)}
	}
	raw = m.data[offset:][:size]
	if crc32.ChecksumIEEE(raw) != f.CRC32 {
		return nil, 0, &FormatError{int(offset), fmt.Sprintf(
			"record %.80q was changed or damaged: copy the file again", f.Name)}
	}
	return raw, int(offset), nil
}

// find reads the bytes of a storage, where they are not known yet.
func (m *machine) find(s *storage) error {
	if s.raw != nil {
		return nil
	}
	raw, _, err := m.record(m.archive, "data/"+s.key)
	if err != nil {
		return err
	}
	if want := s.elements; int64(len(raw)/s.typ.Bytes()) != want ||
		len(raw)%s.typ.Bytes() != 0 {
		return &FormatError{0, fmt.Sprintf("storage %.40q has %d bytes, expected %d elements of %d",
			s.key, len(raw), want, s.typ.Bytes())}
	}
	s.raw = raw
	return nil
}
