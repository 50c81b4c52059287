package clib

import (
	"runtime"
	"unsafe"
)

// Memory is Go memory that libraries may keep addresses of, until Free. It must be freed before it
// is no longer used.
type Memory struct{ pins runtime.Pinner }

// alignment is that of numbers, in bytes: a cache line, and the widest vector.
const alignment = 64

// Floats gives so many numbers, 0 each.
func (m *Memory) Floats(n int) []float32 {
	const spare = alignment / 4
	all := make([]float32, n+spare)
	skip := 0
	if off := uintptr(unsafe.Pointer(&all[0])) % alignment; off != 0 {
		skip = int(alignment-off) / 4
	}
	m.pins.Pin(&all[0])
	return all[skip : skip+n : skip+n]
}

// Text gives a copy of a text with a NUL behind it.
func (m *Memory) Text(text string) unsafe.Pointer {
	return m.Bytes(append([]byte(text), 0))
}

// Bytes keeps bytes, one or more, where they are.
func (m *Memory) Bytes(data []byte) unsafe.Pointer {
	m.pins.Pin(&data[0])
	return unsafe.Pointer(&data[0])
}

// Free lets the collector have what was given.
func (m *Memory) Free() { m.pins.Unpin() }
