package torchfile

import (
	"bytes"
	"context"
	"encoding/binary"
)

// Tensor is a float32 array with its name, the last dimension fastest.
type Tensor = struct {
	Name  string
	Shape []int
	Data  []float32
}

// File is what a file holds.
type File struct {
	// Tensors are those of the state dict, in the order of the file. They share nothing with each
	// other.
	Tensors []Tensor
	// Skipped says of what else there is, a line each, why it is not among them.
	Skipped []string
	// Whole are the tensors of whole numbers among these, with their type, but for the counters of
	// batch norm, which every file has.
	Whole []string
	// Taken is the key of the state dict in a checkpoint, with those of the dicts around it; empty
	// where the file is the state dict. Beside are the keys of what else holds tensors.
	Taken  string
	Beside []string

	looks int // for what holds tensors
}

const fileProtocol = 1001

// fileMagic is what the first pickle of a file before PyTorch 1.6 holds, 0x1950a86a20f9469cfc6c,
// little-endian.
var fileMagic = magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

// The first bytes of files: of a zip archive, and of the pickle of the magic number.
const (
	zipOpening    = "PK\x03\x04"
	pickleOpening = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
)

// Is says whether bytes begin as a file of torch.save does, by the first 14 or more.
func Is(beginning []byte) bool {
	return bytes.HasPrefix(beginning, []byte(zipOpening)) ||
		bytes.HasPrefix(beginning, []byte(pickleOpening))
}

// Read gives the tensors of the state dict in a file. Tensors of 16-bit and 64-bit floats are
// converted, those of whole numbers skipped.
// It ends early when ctx does.
func Read(ctx context.Context, data []byte) (*File, error) {
	m := &machine{ctx: ctx, data: data, storages: map[string]*storage{}}
	if bytes.HasPrefix(data, []byte(zipOpening)) {
		return m.readZip()
	}
	if err := m.preamble(); err != nil {
		return nil, err
	}
	state, err := m.load()
	if err != nil {
		return nil, err
	}
	keys, err := m.load()
	if err != nil {
		return nil, err
	}
	if err := m.readStorages(keys); err != nil {
		return nil, err
	}
	return m.file(state)
}

// preamble reads the pickles before the state dict.
func (m *machine) preamble() error {
	first, err := m.load()
	if err != nil || first != any(fileMagic) {
		return &FormatError{0, "does not begin like a file of torch.save"}
	}
	version, err := m.load()
	if err == nil && version != any(int64(fileProtocol)) {
		m.fail("has protocol %s, expected %d", kind(version), fileProtocol)
		err = m.err
	}
	if err != nil {
		return err
	}
	facts, err := m.load()
	if err != nil {
		return err
	}
	if d, ok := facts.(*dict); !ok || d.values["little_endian"] != any(true) {
		m.fail("was not written by a little-endian machine")
	}
	return m.err
}

// readStorages finds what follows the pickles: for each key, in this order, the number of elements
// and the elements.
func (m *machine) readStorages(keys any) error {
	l, ok := keys.(*list)
	if !ok || len(l.items) != len(m.storages) {
		m.fail("does not list the %d storages of its tensors", len(m.storages))
		return m.err
	}
	m.end = len(m.data)
	for _, k := range l.items {
		m.begin = m.at
		key, isKey := k.(string)
		s := m.storages[key]
		if !isKey || s == nil || s.raw != nil {
			m.fail("lists storage %s twice, or no tensor has it", kind(k))
			return m.err
		}
		if err := m.readStorage(s); err != nil {
			return err
		}
	}
	if m.at != len(m.data) {
		m.fail("has %d bytes after the last storage", len(m.data)-m.at)
	}
	return m.err
}

func (m *machine) readStorage(s *storage) error {
	count := m.bytes(8)
	if count == nil {
		return m.err
	}
	if n := binary.LittleEndian.Uint64(count); n != uint64(s.elements) ||
		n > uint64((len(m.data)-m.at)/s.typ.Bytes()) {
		m.fail("a storage has %d elements, its tensors say %d, and %d bytes are left", n,
			s.elements, len(m.data)-m.at)
		return m.err
	}
	if s.raw = m.bytes(s.typ.Bytes() * int(s.elements)); s.raw == nil {
		s.raw = []byte{}
	}
	return nil
}
