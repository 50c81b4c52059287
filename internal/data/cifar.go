package data

import (
	"crypto/sha256"
	"fmt"
	"image"
	"strings"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// A record of the binary CIFAR sets is one label (CIFAR-10) or a coarse and a fine label
// (CIFAR-100), then 32x32 pixels as a red, a green and a blue plane.
const (
	cifarSide  = 32
	cifarPlane = cifarSide * cifarSide

	cifar10Names  = "batches.meta.txt"
	cifar100Names = "fine_label_names.txt"
)

// cifarForm is what tells the two sets apart.
type cifarForm struct {
	name        string
	classes     []int // number of classes of each label byte; the last label is the class
	train, test []string
	names       string // file of class names
	mean, std   []float32
}

// loadCIFAR10 opens the set of Krizhevsky (2009) with ten classes, in five training batches and one
// of tests. The mean and standard deviation are those in common use for normalising it.
func loadCIFAR10(files rawFiles, o Options) (*source, error) {
	form := cifarForm{
		name: "cifar10", classes: []int{10}, test: []string{"test_batch.bin"}, names: cifar10Names,
		mean: []float32{.4914, .4822, .4465}, std: []float32{.2023, .1994, .2010},
	}
	for i := range 5 {
		form.train = append(form.train, fmt.Sprintf("data_batch_%d.bin", i+1))
	}
	return form.load(files, o)
}

// loadCIFAR100 opens the set with a hundred classes in twenty groups, of which only the classes are
// used.
func loadCIFAR100(files rawFiles, o Options) (*source, error) {
	form := cifarForm{
		name: "cifar100", classes: []int{20, 100}, train: []string{"train.bin"},
		test: []string{"test.bin"}, names: cifar100Names,
		mean: []float32{.5071, .4867, .4408}, std: []float32{.2675, .2565, .2761},
	}
	return form.load(files, o)
}

// load checks all files before it unpacks any, so that the first damaged one is reported at once.
func (c cifarForm) load(files rawFiles, o Options) (*source, error) {
	h := sha256.New()
	for _, base := range append(append([]string{}, c.train...), c.test...) {
		f, ok := files[base]
		if !ok {
			return nil, files.missing(base)
		}
		if f := c.checkRecords(f.bytes); f != nil {
			return nil, files[base].damage(f)
		}
		fmt.Fprintf(h, "%s %d\n", base, len(f.bytes))
		h.Write(f.bytes)
	}
	// The format has no counts, so batches of different lengths are the only sign of a batch cut
	// between two records.
	for _, base := range c.train[1:] {
		if n, m := len(files[c.train[0]].bytes), len(files[base].bytes); n != m {
			return nil, files[base].damage(&fault{int64(min(n, m)), fmt.Sprintf("%d bytes as in %s",
				n, c.train[0]), fmt.Sprint(m), nil})
		}
	}
	classes, err := c.classNames(files)
	if err != nil {
		return nil, err
	}
	s := &source{name: c.name, minSide: cifarSide, maxSide: cifarSide, classes: classes,
		channels: 3, size: o.sizeOr(cifarSide), content: [32]byte(h.Sum(nil))}
	if s.train, err = c.unpack(s, files, c.train); err != nil {
		return nil, err
	}
	if s.test, err = c.unpack(s, files, c.test); err != nil {
		return nil, err
	}
	// The published statistics are those of the 50,000 official images only.
	if s.train.Len() == 50_000 {
		s.mean, s.std = c.mean, c.std
	}
	return s, nil
}

// record is the length of a record in bytes: 3073 or 3074.
func (c cifarForm) record() int { return len(c.classes) + 3*cifarPlane }

// checkRecords verifies lengths and labels of a file.
func (c cifarForm) checkRecords(b []byte) *fault {
	rec := c.record()
	if len(b) == 0 || len(b)%rec != 0 {
		return &fault{int64(len(b)), fmt.Sprintf("a whole number of %d-byte records", rec),
			fmt.Sprintf("%d bytes", len(b)), nil}
	}
	for at := 0; at < len(b); at += rec {
		for i, n := range c.classes {
			if l := int(b[at+i]); l >= n {
				return &fault{int64(at + i), fmt.Sprintf("a label under %d", n), fmt.Sprint(l), nil}
			}
		}
	}
	return nil
}

// classNames reads the optional file of names, a line each.
func (c cifarForm) classNames(files rawFiles) ([]string, error) {
	n := c.classes[len(c.classes)-1]
	f, ok := files[c.names]
	if !ok {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprint(i)
		}
		return names, nil
	}
	if len(f.bytes) > maxNames {
		return nil, f.damage(&fault{maxNames, fmt.Sprintf("%d class names in at most %d bytes", n,
			maxNames), "more bytes", nil})
	}
	// A blank line ends the official file, and some copies have Windows line ends.
	var names []string
	for line := range strings.Lines(string(f.bytes)) {
		if line = strings.TrimSpace(line); line != "" {
			names = append(names, line)
		}
	}
	if len(names) != n {
		return nil, f.damage(&fault{-1, fmt.Sprintf("%d class names, a line each", n),
			fmt.Sprint(len(names)), nil})
	}
	return names, nil
}

// unpack turns checked files into one Set.
func (c cifarForm) unpack(s *source, files rawFiles, names []string) (*memory, error) {
	// per is the number of images a file, the same in all of names.
	rec, per := c.record(), len(files[names[0]].bytes)/c.record()
	m, err := s.slab(files[names[0]], per*len(names), int64(rec*per*len(names)))
	if err != nil {
		return nil, err
	}
	return m, forEach(m.Len(), func(i int) error {
		b := files[names[i/per]].bytes[i%per*rec:]
		m.labels[i] = b[len(c.classes)-1]
		planes := b[len(c.classes):rec]
		if s.size == cifarSide {
			interleave(m.image(i), planes, 3)
			return nil
		}
		// The kernel wants pixels, not planes.
		img := image.NewRGBA(image.Rect(0, 0, cifarSide, cifarSide))
		interleave(img.Pix, planes, 4)
		prepare.Fit(m.image(i), img, s.size, false)
		return nil
	})
}

// interleave writes three planes as pixels of stride bytes, a fourth byte being opaque alpha.
func interleave(dst, planes []byte, stride int) {
	r, g, b := planes[:cifarPlane], planes[cifarPlane:2*cifarPlane], planes[2*cifarPlane:]
	for i := range r {
		p := dst[i*stride : (i+1)*stride]
		p[0], p[1], p[2] = r[i], g[i], b[i]
		if stride == 4 {
			p[3] = 0xff
		}
	}
}
