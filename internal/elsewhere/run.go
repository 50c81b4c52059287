package elsewhere

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Quantity is what a text is read for.
type Quantity int

const (
	// Times are of an inference, in milliseconds.
	Times Quantity = iota
	// Energies are of an inference, in millijoules. Tables alone have them.
	Energies
)

// Run is one run of a measuring tool on a network.
type Run struct {
	Network string
	// Value is a time in milliseconds, the median of its inferences where the tool prints one and
	// else their mean, or an energy in millijoules.
	Value   float64
	File    string
	Line    int // of the time
	Session int // counts in a file; runs of one session followed each other
	Tool    Tool
}

// Tool is what ran a network, as far as it says so.
type Tool struct {
	Name      string
	Delegates string // what the tool gives the network to, such as XNNPACK
	Threads   int    // 0 if it does not say
}

// String is the tool as the runtime of a predictor: benchmark_model XNNPACK threads=4.
func (t Tool) String() string {
	words := []string{t.Name}
	if t.Delegates != "" {
		words = append(words, t.Delegates)
	}
	if t.Threads > 0 {
		words = append(words, fmt.Sprintf("threads=%d", t.Threads))
	}
	return strings.Join(words, " ")
}

// with adds a delegate. Which was named first says nothing.
func (t *Tool) with(delegate string) {
	all := strings.Fields(t.Delegates)
	if !slices.Contains(all, delegate) {
		all = append(all, delegate)
	}
	slices.Sort(all)
	t.Delegates = strings.Join(all, " ")
}

// join gives what two runs say of one tool, or false if they cannot be of one.
func (t Tool) join(other Tool) (Tool, bool) {
	same := (t.Name == other.Name || t.Name == "" || other.Name == "") &&
		(t.Delegates == other.Delegates || t.Delegates == "" || other.Delegates == "") &&
		(t.Threads == other.Threads || t.Threads == 0 || other.Threads == 0)
	return Tool{cmp.Or(t.Name, other.Name), cmp.Or(t.Delegates, other.Delegates),
		cmp.Or(t.Threads, other.Threads)}, same
}

// Text is what a file of measurements holds.
type Text struct {
	Runs   []Run
	Device string   // as measure.sh found it, "" if it did not run
	Failed []string // runs that gave no time, each as FILE:LINE (NETWORK)
}
