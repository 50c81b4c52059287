package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// idxArray is the content of an idx file of unsigned bytes, the format of MNIST: two zero bytes,
// 0x08 for the type, the number of dimensions, each dimension as a big-endian uint32, then the
// bytes, last dimension fastest.
type idxArray struct {
	shape []int
	bytes []byte
}

// readIdx reads an idx file of at most most bytes that must have dims dimensions and nothing behind
// its data.
func readIdx(r io.Reader, most int64, dims int) (idxArray, *fault) {
	head := make([]byte, 4+4*dims)
	n, err := io.ReadFull(r, head)
	// A file of another kind may be shorter than this header: its magic number says more than its
	// end.
	magic, want := binary.BigEndian.Uint32(head), uint32(0x0800+dims)
	if n >= 4 && magic != want {
		return idxArray{}, &fault{0, fmt.Sprintf("idx magic number %#08x (bytes in %d dimensions)",
			want, dims),
			fmt.Sprintf("%#08x", magic), nil}
	}
	if err != nil {
		return idxArray{}, &fault{int64(n), fmt.Sprintf("an idx header of %d bytes", len(head)),
			prepare.Ending(err), err}
	}
	shape, f := idxShape(head[4:])
	if f != nil {
		return idxArray{}, f
	}
	a := idxArray{shape: shape}
	// total is at most maxRawBytes, checked by idxShape.
	total := int64(product(shape))
	// No more than what the file can hold, so a header that promises too much costs nothing.
	var b bytes.Buffer
	b.Grow(int(min(total, most)) + 1 + bytes.MinRead)
	_, err = b.ReadFrom(io.LimitReader(r, total+1))
	a.bytes = b.Bytes()
	at, whole := int64(len(head)+len(a.bytes)), fmt.Sprintf("%d bytes of header and %v data",
		int64(len(head))+total, shape)
	switch {
	case err != nil:
		return idxArray{}, &fault{at, whole, prepare.Ending(err), err}
	case int64(len(a.bytes)) < total:
		return idxArray{}, &fault{at, whole, "the end of the file", io.ErrUnexpectedEOF}
	case int64(len(a.bytes)) > total:
		return idxArray{}, &fault{at - 1, whole + " and then the end of the file", "more bytes",
			nil}
	}
	return a, nil
}

// idxShape reads the dimensions and checks their product before anyone allocates it.
func idxShape(head []byte) ([]int, *fault) {
	shape := make([]int, len(head)/4)
	total := int64(1)
	for i := range shape {
		d := int64(binary.BigEndian.Uint32(head[4*i:]))
		// Dividing instead of multiplying: the product of what the header claims may overflow.
		if d == 0 || d > maxRawBytes/total {
			return nil, &fault{int64(4 + 4*i), fmt.Sprintf("dimensions of 1 to %d bytes in all",
				maxRawBytes),
				fmt.Sprintf("%d after a product of %d", d, total), nil}
		}
		total *= d
		shape[i] = int(d)
	}
	return shape, nil
}

// product cannot overflow for shapes that idxShape has passed.
func product(shape []int) int {
	p := 1
	for _, d := range shape {
		p *= d
	}
	return p
}
