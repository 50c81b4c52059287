package safetensors

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// budget is what the worst file may make a reader allocate, all in all.
const budget = 512 << 20

// within fails if f allocates more than the budget.
func within(t *testing.T, name string, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > budget {
		t.Errorf("%s takes %d MB", name, n>>20)
	}
}

func TestHostileTensors(t *testing.T) {
	file := func(header string, data int) []byte {
		return append(append([]byte{byte(len(header)), byte(len(header) >> 8),
			byte(len(header) >> 16), byte(len(header) >> 24), 0, 0, 0, 0}, header...),
			make([]byte, data)...)
	}
	var many strings.Builder
	for i := 0; many.Len() < maxHeaderBytes-100; i++ {
		fmt.Fprintf(&many, `"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`, i)
	}
	const places = 1 << 20
	dense := fmt.Sprintf(
		`{"__metadata__":{"tailor.compact":"{\"a\":[%d]}"},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},`+
			`"a:gaps":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, 255*places, places,
		places)
	deep := "{\"a\":" + strings.Repeat("[", 1<<20) + "}"
	for name, data := range map[string][]byte{
		"many tensors": file("{"+strings.TrimSuffix(many.String(), ",")+"}", 0),
		"dense":        append(file(dense, 0), bytes.Repeat([]byte{255}, places)...),
		"deep":         file(deep, 0),
		"long name": file(`{"`+strings.Repeat("a", 1<<20)+
			`":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0),
	} {
		within(t, name, func() {
			if _, err := Decode(bytes.NewReader(data),
				int64(len(data))); name != "many tensors" && err == nil {
				t.Errorf("%s: no error", name)
			} else if err != nil && len(err.Error()) > 300 {
				t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
			}
		})
	}
}

// What would be too large at full size is written dense, so that it can be read.
func TestCompactOverItsBudgetIsDense(t *testing.T) {
	zeros := make([]float32, maxCompactBytes/4/4+1)
	var tensors []Tensor
	for _, name := range []string{"a", "b", "c", "d"} {
		tensors = append(tensors, Tensor{name, []int{len(zeros)}, zeros})
	}
	var n byteCounter
	if err := EncodeCompact(&n, tensors, nil); err != nil || n < maxCompactBytes {
		t.Errorf("%d bytes, %v", n, err)
	}
	n = 0
	if err := EncodeCompact(&n, tensors[:3], nil); err != nil || n > maxCompactBytes/100 {
		t.Errorf("%d bytes of three, %v", n, err)
	}
}

type byteCounter int64

func (n *byteCounter) Write(p []byte) (int, error) { *n += byteCounter(len(p)); return len(p), nil }
