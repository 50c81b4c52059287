package torchfile

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Tensor is a float32 array with its name, the last dimension fastest.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

const fileProtocol = 1001

// fileMagic is what the first pickle holds, 0x1950a86a20f9469cfc6c, little-endian.
var fileMagic = magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")

// Read gives the tensors of a state dict in the order of the file. They share nothing with data or
// each other.
func Read(data []byte) ([]Tensor, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return nil, &FormatError{0,
			"is in the zip format of PyTorch 1.6 and later: load it there and save it with torch.save(..., _use_new_zipfile_serialization=False)"}
	}
	m := &machine{data: data, storages: map[string]*storage{}}
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
	return m.tensors(state)
}

// preamble reads the pickles before the state dict.
func (m *machine) preamble() error {
	first, err := m.load()
	if err != nil || first != any(fileMagic) {
		return &FormatError{0, "does not begin like a file of torch.save before PyTorch 1.6"}
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

// readStorages reads what follows the pickles: for each key, in this order, the number of elements
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
		if !isKey || s == nil || s.data != nil {
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
		n > uint64(len(m.data)-m.at)/4 {
		m.fail("a storage has %d elements, its tensors say %d, and %d bytes are left", n,
			s.elements, len(m.data)-m.at)
		return m.err
	}
	raw := m.bytes(4 * int(s.elements))
	s.data = make([]float32, s.elements)
	for i := range s.data {
		s.data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return nil
}

// tensors copies those of the state dict out of their storages.
func (m *machine) tensors(state any) ([]Tensor, error) {
	d, ok := state.(*dict)
	if !ok {
		m.fail("holds no dict of names and tensors: save model.state_dict()")
		return nil, m.err
	}
	room := maxGrowth * int64(len(m.data)/4+1)
	var all []Tensor
	for _, name := range d.keys {
		v, ok := d.values[name].(*view)
		if !ok {
			m.fail("%.80q is no tensor: save model.state_dict()", name)
			return nil, m.err
		}
		if room -= v.len(); room < 0 {
			m.fail("its tensors share storages, and are more than %d times larger than the file",
				maxGrowth)
			return nil, m.err
		}
		t := Tensor{Name: name, Shape: make([]int, len(v.shape)), Data: v.copy()}
		for i, n := range v.shape {
			t.Shape[i] = int(n)
		}
		all = append(all, t)
	}
	return all, nil
}
