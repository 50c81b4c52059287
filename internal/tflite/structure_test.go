package tflite

import (
	"testing"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/tflite/schema"
)

// check holds a file to what TFLite's schema asks for.
func (f *file) check(t testing.TB) {
	t.Helper()
	made := map[int]bool{f.in: true}
	for i, c := range f.tensors {
		f.checkTensor(t, c)
		if c.data != nil {
			made[i] = true
		}
	}
	used := map[int]bool{f.out: true}
	for _, op := range f.operators {
		for _, in := range op.in {
			if !made[in] {
				t.Errorf("%v takes tensor %d before it is there", op.code, in)
			}
			used[in] = true
		}
		if len(op.out) != 1 || made[op.out[0]] {
			t.Errorf("%v gives %v", op.code, op.out)
		}
		made[op.out[0]] = true
	}
	for i, c := range f.tensors {
		if !made[i] || !used[i] {
			t.Errorf("tensor %q is made: %v, used: %v", c.name, made[i], used[i])
		}
	}
	f.checkEnds(t)
}

func (f *file) checkTensor(t testing.TB, c readTensor) {
	t.Helper()
	if c.name == "" || c.buffer >= f.buffers {
		t.Errorf("tensor %q has buffer %d of %d", c.name, c.buffer, f.buffers)
	}
	for _, d := range c.shape {
		if d < 1 {
			t.Errorf("tensor %q has the shape %v", c.name, c.shape)
		}
	}
	if c.data == nil && c.buffer == 0 {
		return
	}
	if len(c.data) != 4*c.len() {
		t.Errorf("tensor %q of shape %v has %d bytes", c.name, c.shape, len(c.data))
	}
	at := uintptr(unsafe.Pointer(&c.data[0])) - uintptr(unsafe.Pointer(&f.data[0]))
	if at%16 != 0 {
		t.Errorf("the data of tensor %q begin at byte %d", c.name, at)
	}
}

func (f *file) checkEnds(t testing.TB) {
	t.Helper()
	in, out := f.tensors[f.in], f.tensors[f.out]
	name := export.Logits
	if in.kind == schema.TensorTypeUINT8 {
		name = export.Probabilities
	}
	isMap := out.name == export.Map && name == export.Logits
	vector := out.name == name && len(out.shape) == 2
	if in.name != export.Input || len(in.shape) != 4 || !isMap && !vector {
		t.Errorf("%q of shape %v gives %q of shape %v", in.name, in.shape, out.name, out.shape)
	}
}

// TestPadding lists how windows over one side are padded.
func TestPadding(t *testing.T) {
	for _, c := range []struct {
		w       window
		same    bool
		missing int
	}{
		{window{in: 8, out: 8, kernel: 3, stride: 1, before: 1}, true, 1},
		{window{in: 7, out: 4, kernel: 3, stride: 2, before: 1}, true, 1},
		{window{in: 8, out: 4, kernel: 3, stride: 2, before: 1}, false, 0}, // SAME has 0 before
		{window{in: 8, out: 4, kernel: 3, stride: 2, before: 0}, true, 1},
		{window{in: 8, out: 4, kernel: 5, stride: 2, before: 2}, false, 1},
		{window{in: 8, out: 4, kernel: 5, stride: 2, before: 1}, true, 2},
		{window{in: 28, out: 24, kernel: 5, stride: 1, before: 0}, false, 0},
		{window{in: 1, out: 1, kernel: 7, stride: 2, before: 3}, true, 3},
		{window{in: 5, out: 2, kernel: 2, stride: 2, before: 0}, false, 0},
	} {
		if err := c.w.check(); err != nil || c.w.same() != c.same || c.w.missing() != c.missing {
			t.Errorf("%+v: same %v, %d missing, %v", c.w, c.w.same(), c.w.missing(), err)
		}
	}
	if err := (window{in: 8, out: 5, kernel: 3, stride: 1}).check(); err == nil {
		t.Error("5 of 6 windows are taken for all")
	}
}
