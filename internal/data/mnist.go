package data

import (
	"crypto/sha256"
	"fmt"
	"image"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// mnistClasses is fixed: MNIST and the sets made in its image (Fashion-MNIST, KMNIST) have ten
// classes.
const mnistClasses = 10

// idxPart is one of the four files.
type idxPart struct {
	stem string
	dims int
}

// mnistParts lists images and labels in turn.
func mnistParts() []idxPart {
	return []idxPart{{"train-images", 3}, {"train-labels", 1}, {"t10k-images", 3},
		{"t10k-labels", 1}}
}

// names lists the names a part is known under: LeCun's with a dash, others' with a dot, packed or
// not.
func (p idxPart) names() []string {
	var names []string
	for _, sep := range []string{"-", "."} {
		name := fmt.Sprintf("%s%sidx%d-ubyte", p.stem, sep, p.dims)
		names = append(names, name, name+".gz")
	}
	return names
}

// loadMNIST opens the four files, then checks them against each other: the format itself ties no
// labels to images.
func loadMNIST(files rawFiles, o Options) (*source, error) {
	h := sha256.New()
	var arrays [4]idxArray
	var from [4]rawFile
	for i, part := range mnistParts() {
		f, a, err := part.read(files)
		if err != nil {
			return nil, err
		}
		// The content is hashed unpacked, so that gzip and its level do not matter.
		fmt.Fprintf(h, "%s %d\n", part.stem, a.shape)
		h.Write(a.bytes)
		arrays[i], from[i] = a, f
	}
	for i := 0; i < 4; i += 2 {
		if err := matchLabels(from[i+1], arrays[i], arrays[i+1]); err != nil {
			return nil, err
		}
	}
	// Dimensions stand at bytes 8 and 12 of an idx file with three of them.
	rows, cols := arrays[0].shape[1], arrays[0].shape[2]
	if r, c := arrays[2].shape[1], arrays[2].shape[2]; r != rows || c != cols {
		return nil, from[2].damage(&fault{8, fmt.Sprintf("images of %dx%d as in train", rows, cols),
			fmt.Sprintf("%dx%d", r, c), nil})
	}
	if max(rows, cols) > prepare.MaxSize {
		return nil, from[0].damage(&fault{8, fmt.Sprintf("images of at most %dx%d", prepare.MaxSize,
			prepare.MaxSize), fmt.Sprintf("%dx%d", rows, cols), nil})
	}
	s := &source{name: "mnist", minSide: min(rows, cols), maxSide: max(rows, cols), channels: 1,
		size: o.sizeOr(min(rows, cols)), content: [32]byte(h.Sum(nil))}
	for i := range mnistClasses {
		s.classes = append(s.classes, fmt.Sprint(i))
	}
	var err error
	if s.train, err = s.greys(arrays[0], arrays[1], from[0]); err != nil {
		return nil, err
	}
	s.test, err = s.greys(arrays[2], arrays[3], from[2])
	return s, err
}

// read takes the first of the part's names that is there.
func (p idxPart) read(files rawFiles) (rawFile, idxArray, error) {
	for _, name := range p.names() {
		f, ok := files[name]
		if !ok {
			continue
		}
		r, most, err := f.reader()
		if err != nil {
			return f, idxArray{}, err
		}
		a, fault := readIdx(r, most, p.dims)
		if fault != nil {
			return f, a, f.damage(fault)
		}
		return f, a, nil
	}
	return rawFile{}, idxArray{}, files.missing(p.names()[0] + "[.gz]")
}

// matchLabels checks a file of labels against its images.
func matchLabels(f rawFile, images, labels idxArray) error {
	if n, m := images.shape[0], labels.shape[0]; n != m {
		return f.damage(&fault{4, fmt.Sprintf("%d labels for as many images", n), fmt.Sprint(m),
			nil})
	}
	for i, l := range labels.bytes {
		if l >= mnistClasses {
			return f.damage(&fault{int64(8 + i), fmt.Sprintf("a label under %d", mnistClasses),
				fmt.Sprint(l), nil})
		}
	}
	return nil
}

// greys packs the images of an idx array as a Set of s.size.
func (s *source) greys(images, labels idxArray, f rawFile) (*memory, error) {
	n, rows, cols := images.shape[0], images.shape[1], images.shape[2]
	m, err := s.slab(f, n, int64(len(images.bytes)))
	if err != nil {
		return nil, err
	}
	copy(m.labels, labels.bytes)
	// At its own size the idx data is the slab: no copy, no rounding.
	if rows == s.size && cols == s.size {
		m.pixels = images.bytes
		return m, nil
	}
	return m, forEach(n, func(i int) error {
		img := &image.Gray{Pix: images.bytes[i*rows*cols:], Stride: cols,
			Rect: image.Rect(0, 0, cols, rows)}
		prepare.Fit(m.image(i), img, s.size, true)
		return nil
	})
}

// slab allocates n images, unless the wanted size makes them too much, at all or for what the file
// has of them.
func (s *source) slab(f rawFile, n int, stored int64) (*memory, error) {
	need := int64(n) * int64(s.size*s.size*s.channels)
	if need > maxSetBytes || need > freeEnlarged && need > enlargedPerByte*stored {
		return nil, fmt.Errorf(
			"data: %q: %d images of %dx%d need %d MiB of memory: choose a smaller size",
			f.where, n, s.size, s.size, need>>20)
	}
	return newMemory(n, s.size, s.channels), nil
}
