package clib

import (
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// TestCall calls a function of the C library, from goroutines whose stacks move.
func TestCall(t *testing.T) {
	copyBytes, err := System("memcpy")
	if err != nil {
		t.Skip("there is no C library: ", err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range uint64(1000) {
				from, to := i, uint64(0)
				Call(copyBytes, uintptr(unsafe.Pointer(&to)), uintptr(unsafe.Pointer(&from)), 8)
				if to != i {
					t.Errorf("%d was copied, expected %d", to, i)
				}
				deep(20)
			}
		})
	}
	wg.Wait()
}

// deep makes the stack grow.
func deep(n int) byte {
	var room [1 << 10]byte
	if n == 0 {
		return room[0]
	}
	return deep(n-1) + room[n]
}

func TestMemory(t *testing.T) {
	var m Memory
	defer m.Free()
	for n := range 70 {
		x := m.Floats(n + 1)
		if len(x) != n+1 || uintptr(unsafe.Pointer(&x[0]))%alignment != 0 {
			t.Errorf("%d numbers at %p", len(x), &x[0])
		}
	}
	runtime.GC()
	if got := Text(m.Text("some text")); got != "some text" {
		t.Errorf("%q", got)
	}
	if got := Text(nil); got != "" {
		t.Errorf("%q", got)
	}
}

func TestOpen(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "none.so"))
	if err == nil || !strings.Contains(err.Error(), "none.so") {
		t.Errorf("%v, expected which library cannot be opened", err)
	}
}
