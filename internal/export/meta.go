package export

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Meta is what an exported file says about its network beside the graph, and how it is to be
// written.
type Meta struct {
	Name   string   // of the graph; any text
	Labels []string // of the classes, in the order of the logits; may be empty

	// Mean and Std are the normalisation: what the network takes is (value/255 - mean) / std, by
	// channel. They are empty where nothing is known of images.
	Mean, Std []float32

	Arch           string // the choice of the space that the network is, as JSON
	ManifestSHA256 string // of the files that it was made from
	WeightsSHA256  string
	Version        string // of the tailor that writes

	Options
}

// Options say how a file is written.
type Options struct {
	// Preprocessing puts into the graph what else a caller would do: the input is an image of bytes
	// (1,height,width,channels) of the network's size, and the output is probabilities.
	Preprocessing bool

	// Opset is the version of ONNX's operators, 0 for the default. TFLite has none.
	Opset int

	// Batch is how many images the graph takes at once, 0 for 1.
	Batch int
}

// maxBatch bounds Options.Batch.
const maxBatch = 4096

// Names of the graph's ends.
const (
	Input         = "input"
	Logits        = "logits"
	Probabilities = "probabilities"
	Map           = "output" // of a network, or a block on its own, that ends in a map
)

// Output is the name of the output of a graph that ends in a linear layer.
func (m Meta) Output() string {
	if m.Preprocessing {
		return Probabilities
	}
	return Logits
}

// Images is how many images the graph takes at once.
func (m Meta) Images() int { return max(m.Batch, 1) }

// Check says whether the labels and the normalisation fit a network of so many channels and
// classes.
func (m Meta) Check(channels, classes int) error {
	if len(m.Labels) != 0 && len(m.Labels) != classes {
		return fmt.Errorf("export: %d labels for %d classes", len(m.Labels), classes)
	}
	if len(m.Mean) != len(m.Std) || len(m.Mean) != 0 && len(m.Mean) != channels {
		return fmt.Errorf("export: normalisation of %d means and %d standard deviations for %d channels",
			len(m.Mean), len(m.Std), channels)
	}
	for _, s := range m.Std {
		if !(s > 0) {
			return fmt.Errorf("export: a standard deviation of %g, expected above 0", s)
		}
	}
	if m.Batch < 0 || m.Batch > maxBatch {
		return fmt.Errorf("export: batches of %d, expected at most %d", m.Batch, maxBatch)
	}
	if m.Preprocessing && m.Batch > 1 {
		return fmt.Errorf("export: preprocessing is of single images, batches of %d cannot have it",
			m.Batch)
	}
	if m.Preprocessing && len(m.Mean) == 0 {
		return fmt.Errorf("export: the network's manifest says nothing of its images (it was made " +
			"without data), so that preprocessing cannot be written: leave it out")
	}
	return nil
}

// Affine is the normalisation as a product and a sum: value*scale[c] + shift[c] of a byte.
func (m Meta) Affine() (scale, shift []float32) {
	for c, std := range m.Std {
		scale = append(scale, float32(1/(255*float64(std))))
		shift = append(shift, float32(-float64(m.Mean[c])/float64(std)))
	}
	return scale, shift
}

// Property is one entry of a file's metadata.
type Property struct{ Key, Value string }

// Properties lists what is known, in an order that is always the same. Lists are JSON.
func (m Meta) Properties() []Property {
	all := []Property{
		{"tailor.version", m.Version},
		{"tailor.arch", m.Arch},
		{"tailor.manifest_sha256", m.ManifestSHA256},
		{"tailor.weights_sha256", m.WeightsSHA256},
		{"labels", list(m.Labels)},
		{"mean", list(m.Mean)},
		{"std", list(m.Std)},
	}
	known := all[:0]
	for _, p := range all {
		if p.Value != "" {
			known = append(known, p)
		}
	}
	return known
}

// list is a list as JSON, which no list of texts or finite numbers fails to be.
func list[T any](values []T) string {
	if len(values) == 0 {
		return ""
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if enc.Encode(values) != nil {
		return ""
	}
	return strings.TrimSpace(text.String())
}
