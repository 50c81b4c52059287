package jobs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/prepare"
	"github.com/tailor-nas/tailor/trainer"
)

// An images file has a line of JSON, the header, and behind it the pixels of images, (H,W,C) bytes
// each: those that calibrate, and then those to test on.

// maxHeader bounds the header, and so the number of images: each takes some bytes of it.
const maxHeader = 256 << 20

// header says what an images file holds.
type header struct {
	Channels int       `json:"channels"`
	Size     int       `json:"size"` // side, in pixels
	Classes  int       `json:"classes"`
	Mean     []float32 `json:"mean"` // of the training images, by channel
	Std      []float32 `json:"std"`
	Train    int       `json:"train"`        // training images there are; may be 0
	At       []int     `json:"train_at"`     // which of them are in the file
	Labels   []int     `json:"train_labels"` // theirs
	Test     []int     `json:"test_labels"`  // of the images to test on
}

// length is of an image, in bytes.
func (h *header) length() int64 { return int64(h.Size) * int64(h.Size) * int64(h.Channels) }

func (h *header) check() error {
	switch {
	case h.Channels != 1 && h.Channels != 3:
		return fmt.Errorf("%w: its images have %d channels, expected 1 or 3", ErrProtocol,
			h.Channels)
	case h.Size < 1 || h.Size > prepare.MaxSize:
		return fmt.Errorf("%w: its images have a side of %d pixels, expected 1 to %d", ErrProtocol,
			h.Size, prepare.MaxSize)
	case h.Classes < 1 || h.Classes > 1<<20:
		return fmt.Errorf("%w: it has %d classes, expected 1 to %d", ErrProtocol, h.Classes, 1<<20)
	case len(h.Mean) != h.Channels || len(h.Std) != h.Channels:
		return fmt.Errorf("%w: it has %d means and %d deviations for %d channels", ErrProtocol,
			len(h.Mean), len(h.Std), h.Channels)
	case len(h.At) != len(h.Labels) || h.Train < 0 || h.Train > 1<<30 || len(h.Test) == 0:
		return fmt.Errorf("%w: it names %d images of %d to train on, %d of their labels, and %d to test on",
			ErrProtocol, len(h.At), h.Train, len(h.Labels), len(h.Test))
	}
	for _, i := range h.At {
		if i < 0 || i >= h.Train {
			return fmt.Errorf("%w: training image %d of %d", ErrProtocol, i, h.Train)
		}
	}
	for _, l := range slices.Concat(h.Labels, h.Test) {
		if l < 0 || l >= h.Classes {
			return fmt.Errorf("%w: label %d of %d classes", ErrProtocol, l, h.Classes)
		}
	}
	return nil
}

// numbers is a set whose labels are its numbers, to learn which images are drawn from one of its
// length.
type numbers int

func (n numbers) Len() int               { return int(n) }
func (numbers) Label(i int) int          { return i }
func (numbers) Image(int, []uint8) error { return fmt.Errorf("%w: it has no images", ErrProtocol) }

// writeImages writes the images that calibrate, as an evaluator of these settings draws them, and
// those to test on.
func writeImages(w io.Writer, d *trainer.Data, test trainer.Set, s trainer.EvalSettings) error {
	set, err := (*data.Parts)(d).Dataset()
	if err != nil {
		return err
	}
	h := header{Channels: d.Channels, Size: d.Size, Classes: len(d.Classes), Train: d.Train.Len()}
	h.Mean, h.Std = set.Stats()
	drawn := data.Subset(numbers(h.Train), s.CalibrationImages, s.Seed)
	for i := range drawn.Len() {
		at := drawn.Label(i)
		h.At, h.Labels = append(h.At, at), append(h.Labels, d.Train.Label(at))
	}
	for i := range test.Len() {
		h.Test = append(h.Test, test.Label(i))
	}
	return h.write(w, d.Train, test)
}

// write writes the header, and the pixels of images that calibrate and of those to test on.
func (h *header) write(w io.Writer, train, test trainer.Set) error {
	if err := h.check(); err != nil {
		return err
	}
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return err
	}
	pixels := make([]uint8, h.length())
	write := func(from trainer.Set, i int) error {
		if err := from.Image(i, pixels); err != nil {
			return fmt.Errorf("image %d: %w", i, err)
		}
		_, err := w.Write(pixels)
		return err
	}
	for _, at := range h.At {
		if err := write(train, at); err != nil {
			return err
		}
	}
	for i := range test.Len() {
		if err := write(test, i); err != nil {
			return err
		}
	}
	return nil
}

// images are those of an images file, which stays open.
type images struct {
	file *os.File
	data *trainer.Data
	test *stored
}

// openImages opens an images file. Close its file when done.
func openImages(path string) (*images, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	h, at, err := readHeader(f)
	if err == nil {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil {
			if want := at + int64(len(h.At)+len(h.Test))*h.length(); info.Size() != want {
				err = fmt.Errorf("%w: its images file has %d bytes, expected %d", ErrProtocol,
					info.Size(), want)
			}
		}
	}
	if err != nil {
		_ = f.Close() // it was only read
		return nil, err
	}
	train := &stored{file: f, from: at, bytes: h.length(), labels: h.Labels}
	test := &stored{file: f, from: at + int64(len(h.At))*h.length(), bytes: h.length(),
		labels: h.Test}
	d := &trainer.Data{Name: "queue", Channels: h.Channels, Size: h.Size, Train: scatter(train, h),
		Stats: func() (mean, std []float32) { return h.Mean, h.Std }}
	for i := range h.Classes {
		d.Classes = append(d.Classes, strconv.Itoa(i))
	}
	return &images{f, d, test}, nil
}

// readHeader reads the header, and says where the pixels begin.
func readHeader(r io.Reader) (h *header, at int64, err error) {
	text, err := bufio.NewReader(io.LimitReader(r, maxHeader)).ReadBytes('\n')
	if err != nil {
		return nil, 0, fmt.Errorf("%w: its images file has no header: %w", ErrProtocol, err)
	}
	h = new(header)
	if err := parse(text, h); err != nil {
		return nil, 0, err
	}
	return h, int64(len(text)), h.check()
}

// stored are images in a file.
type stored struct {
	file   io.ReaderAt
	from   int64
	bytes  int64 // of an image
	labels []int
}

func (s *stored) Len() int        { return len(s.labels) }
func (s *stored) Label(i int) int { return s.labels[i] }
func (s *stored) Image(i int, dst []uint8) error {
	if int64(len(dst)) != s.bytes {
		return fmt.Errorf("%w: an image has %d bytes, asked for %d", ErrProtocol, s.bytes, len(dst))
	}
	_, err := s.file.ReadAt(dst, s.from+int64(i)*s.bytes)
	return err
}

// scattered are some images of a larger set, under their numbers there. Its others are not here:
// nobody draws them.
type scattered struct {
	*stored
	all int
	at  map[int]int
}

func scatter(s *stored, h *header) *scattered {
	at := make(map[int]int, len(h.At))
	for i, n := range h.At {
		at[n] = i
	}
	return &scattered{s, h.Train, at}
}

func (s *scattered) Len() int { return s.all }

func (s *scattered) Label(i int) int {
	if k, ok := s.at[i]; ok {
		return s.stored.Label(k)
	}
	return 0
}

func (s *scattered) Image(i int, dst []uint8) error {
	k, ok := s.at[i]
	if !ok {
		return fmt.Errorf("%w: training image %d was not sent", ErrProtocol, i)
	}
	return s.stored.Image(k, dst)
}
