// Package tailor runs networks that tailor has cut, in Go alone: [Open] a winner, classify images,
// close it. To train, search and prune, see the packages below and the program cmd/tailor.
package tailor

import (
	"errors"
	"fmt"
	"image"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/tailor-nas/tailor/internal/classify"
	"github.com/tailor-nas/tailor/internal/prepare"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// ErrClosed is what a [Network] gives after its Close.
var ErrClosed = errors.New("tailor: the network is closed")

// Network classifies images. It is safe for concurrent use: as many calls run at once as Go had
// processors when it was opened (GOMAXPROCS), each with memory of its own, and others wait. What a
// call answers depends on its image alone, to the last bit.
type Network struct {
	labels   []string
	preparer *prepare.Preparer
	idle     chan *supernet.Classifier // one for each call that may run; nil until it is needed

	mu     sync.RWMutex     // held by calls for reading, by Close for writing
	subnet *supernet.Subnet // nil when closed
}

// Class is what an image may show.
type Class struct {
	Label       string
	Index       int     // in [Network.Labels]
	Logit       float32 // the network's output
	Probability float64 // softmax of the network's outputs: 0 to 1, all classes together 1
}

// Open reads a network that tailor search or tailor prune wrote, given its folder or the
// manifest.json in it. A network whose files are damaged, or do not belong together, is refused.
func Open(path string) (*Network, error) {
	m, subnet, err := manifest.Open(path)
	if err != nil {
		return nil, fmt.Errorf("tailor: open network: %w", err)
	}
	preparer, err := classify.Preparer(m, subnet)
	if err != nil {
		return nil, fmt.Errorf("tailor: open network %s: %w", path, err)
	}
	n := &Network{labels: m.Classes, preparer: preparer, subnet: subnet}
	n.idle = make(chan *supernet.Classifier, runtime.GOMAXPROCS(0))
	for range cap(n.idle) {
		n.idle <- nil
	}
	return n, nil
}

// Labels are the names of the classes, by the network's outputs.
func (n *Network) Labels() []string { return slices.Clone(n.labels) }

// Decode reads an image file (JPEG, PNG, GIF, BMP, TIFF, WebP) as tailor reads those that it trains
// and tests on. Unlike image.Decode it turns a photo as its EXIF orientation says.
func Decode(r io.Reader) (image.Image, error) {
	if r == nil {
		return nil, errors.New("there is no image to decode")
	}
	return prepare.DecodeImage(r)
}

// Classify gives all classes, the most probable first. The image may have any size: its centre
// square counts. It is taken as it is to be seen, as [Decode] gives it.
func (n *Network) Classify(img image.Image) ([]Class, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.subnet == nil {
		return nil, ErrClosed
	}
	logits, err := n.logits(img)
	if err != nil {
		return nil, fmt.Errorf("tailor: classify: %w", err)
	}
	return n.classes(logits)
}

// logits waits for a classifier and runs it.
func (n *Network) logits(img image.Image) (logits []float32, err error) {
	c := <-n.idle
	defer func() { n.idle <- c }()
	input := make([]float32, n.subnet.Blocks[0].In.Len())
	if err := n.preparer.Prepare(input, img); err != nil {
		return nil, err
	}
	if c == nil {
		if c, err = n.subnet.Classifier(1); err != nil {
			return nil, err
		}
	}
	return c.Logits(input)
}

// classes gives the classes of logits their labels.
func (n *Network) classes(logits []float32) ([]Class, error) {
	ranked, err := classify.Rank(logits)
	if err != nil {
		return nil, fmt.Errorf("tailor: classify: %w", err)
	}
	all := make([]Class, len(ranked))
	for i, r := range ranked {
		all[i] = Class{n.labels[r.Index], r.Index, r.Logit, r.Probability}
	}
	return all, nil
}

// Close waits for the calls at work and gives the network's memory back. Calls after it, but for
// another Close, give [ErrClosed].
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.idle) > 0 {
		(<-n.idle).Close()
	}
	n.subnet = nil
	return nil
}
