package data

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
)

func TestReadIdx(t *testing.T) {
	good := []byte{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6}
	a, f := readIdx(bytes.NewReader(good), int64(len(good)), 2)
	if f != nil || !slices.Equal(a.shape, []int{2, 3}) ||
		!slices.Equal(a.bytes, []byte{1, 2, 3, 4, 5, 6}) {
		t.Fatalf("got %+v, %+v", a, f)
	}
	edit := func(at int, b ...byte) []byte {
		c := slices.Clone(good)
		copy(c[at:], b)
		return c
	}
	for _, c := range []struct {
		name   string
		file   []byte
		offset int64
	}{
		{"empty", nil, 0},
		{"header cut", good[:9], 9},
		{"data cut", good[:17], 17},
		{"no data", good[:12], 12},
		{"more data", append(slices.Clone(good), 7), 18},
		{"type float", edit(2, 0x0d), 0},
		{"three dimensions", edit(3, 3), 0},
		{"little-endian", edit(0, 2, 8, 0, 0), 0},
		{"dimension 0", edit(4, 0, 0, 0, 0), 4},
		{"product over the cap", edit(4, 0, 1, 0, 0, 0, 1, 0, 0), 8},
		{"product past 64 bits", edit(4, 255, 255, 255, 255, 255, 255, 255, 255), 4},
	} {
		_, f := readIdx(bytes.NewReader(c.file), int64(len(c.file)), 2)
		if f == nil {
			t.Errorf("%s: no fault", c.name)
		} else if f.offset != c.offset {
			t.Errorf("%s: fault at byte %d, want %d (%+v)", c.name, f.offset, c.offset, *f)
		}
	}
}

// TestReadIdxAllocatesByData has a header that promises 1 GiB and no data.
func TestReadIdxAllocatesByData(t *testing.T) {
	head := []byte{0, 0, 8, 1, 0x40, 0, 0, 0}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, f := readIdx(bytes.NewReader(head), int64(len(head)), 1); f == nil {
		t.Fatal("no fault")
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes allocated for an empty file", n)
	}
}

// FuzzReadIdx checks that what parses is encoded by no other bytes.
func FuzzReadIdx(f *testing.F) {
	f.Add([]byte{0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3})
	f.Add([]byte{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 9, 9})
	f.Add([]byte{0, 0, 8, 1, 0x40, 0, 0, 0})
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, dims := range []int{1, 3} {
			a, fault := readIdx(bytes.NewReader(file), int64(len(file)), dims)
			if fault != nil {
				if fault.offset < 0 || fault.offset > int64(len(file)) {
					t.Errorf("fault at byte %d of %d", fault.offset, len(file))
				}
				continue
			}
			again := []byte{0, 0, 8, byte(dims)}
			for _, d := range a.shape {
				again = binary.BigEndian.AppendUint32(again, uint32(d))
			}
			if again = append(again, a.bytes...); !bytes.Equal(again, file) {
				t.Errorf("%x parses as %v but encodes as %x", file, a.shape, again)
			}
		}
	})
}
