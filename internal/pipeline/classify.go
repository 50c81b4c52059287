package pipeline

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"time"

	"github.com/tailor-nas/tailor"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
)

// ClassifyJob asks what a winner sees in image files.
type ClassifyJob struct {
	Winner string // the manifest, or the folder that it is in
	Images []string
	Top    int // classes of each image, the most probable first
	// Runtime runs the network; nil for tailor's own engine.
	Runtime profiles.Runtime
}

// Classified is what it saw.
type Classified struct {
	Winner  string            `json:"winner"`
	Runtime string            `json:"runtime,omitempty"` // absent for tailor's own engine
	Images  []ClassifiedImage `json:"images"`
}

// ClassifiedImage is what it saw in one image, or why it saw nothing.
type ClassifiedImage struct {
	Image   string           `json:"image"`
	Classes []ClassifiedAs   `json:"classes,omitempty"`
	Times   *ClassifiedTimes `json:"times,omitempty"`
	Error   string           `json:"error,omitempty"`
}

// ClassifiedAs is a class with its probability.
type ClassifiedAs struct {
	Label       string  `json:"label"`
	Index       int     `json:"index"` // among the network's outputs
	Logit       float32 `json:"logit"` // the output itself
	Probability float64 `json:"probability"`
}

// ClassifiedTimes is how long it took.
type ClassifiedTimes struct {
	DecodeMS   float64 `json:"decode_ms"`   // the file becomes pixels
	ClassifyMS float64 `json:"classify_ms"` // pixels are prepared, the network runs
}

// classifier sees classes in images: tailor's own engine, or a network in another runtime.
type classifier interface {
	Classify(image.Image) ([]tailor.Class, error)
	Close() error
}

// Classify classifies image files, each as the winner's manifest says that it is prepared. A file
// that is no image has an error of its own, and the others are classified.
func Classify(ctx context.Context, j ClassifyJob) (*Classified, error) {
	network, err := openClassifier(ctx, j)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", j.Winner, err)
	}
	defer network.Close()
	return classifyAll(ctx, j, network)
}

// openClassifier opens the winner where it is to run.
func openClassifier(ctx context.Context, j ClassifyJob) (classifier, error) {
	if !isNative(j.Runtime) {
		return openServed(ctx, j.Runtime, j.Winner)
	}
	network, err := tailor.Open(j.Winner)
	if err != nil {
		return nil, unwrapLibrary(err)
	}
	return network, nil
}

func classifyAll(ctx context.Context, j ClassifyJob, network classifier) (*Classified, error) {
	// The first call makes the network's memory, which is not the first image's time.
	if _, err := network.Classify(image.NewRGBA(image.Rect(0, 0, 1, 1))); err != nil {
		return nil, err
	}
	c := &Classified{Winner: j.Winner}
	if !isNative(j.Runtime) {
		c.Runtime = j.Runtime.Info().ID()
	}
	for _, path := range j.Images {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		one := ClassifiedImage{Image: path}
		if err := one.classify(network, j.Top); err != nil {
			one.Error = err.Error()
		}
		c.Images = append(c.Images, one)
	}
	return c, nil
}

// Failed is how many files were not classified.
func (c *Classified) Failed() (n int) {
	for _, one := range c.Images {
		if one.Error != "" {
			n++
		}
	}
	return n
}

func (c *ClassifiedImage) classify(network classifier, top int) error {
	begin := time.Now()
	img, err := decodeFile(c.Image)
	if err != nil {
		return err
	}
	decoded := time.Now()
	classes, err := network.Classify(img)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Image, unwrapLibrary(err))
	}
	c.Times = &ClassifiedTimes{milliseconds(decoded.Sub(begin)), milliseconds(time.Since(decoded))}
	for _, class := range classes[:min(top, len(classes))] {
		c.Classes = append(c.Classes, ClassifiedAs{class.Label, class.Index, class.Logit,
			class.Probability})
	}
	return nil
}

// unwrapLibrary is an error of the library without the library's name, which the program has too.
func unwrapLibrary(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// decodeFile reads an image file. Opening a pipe could wait for ever, so it looks first.
func decodeFile(path string) (image.Image, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder, expected an image: name the images in it", path)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file, expected an image", path)
	}
	f, _, err := store.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, err := tailor.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}
