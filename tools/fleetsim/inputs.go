package main

import (
	"fmt"
	"os"

	"github.com/tailor-nas/tailor/internal/textfile"
)

// kind is what a file of inputs begins with.
const kind = "fleetsim/1"

// inputs are measured costs. Each has a comment in the file that says where it is from.
type inputs struct {
	Tailor    string    `yaml:"tailor"`
	Profiling profiling `yaml:"profiling"`
	Queue     queue     `yaml:"queue"`
	Training  training  `yaml:"training"`
}

// profiling is what devices do: each measures so many networks, one after the other.
type profiling struct {
	Devices  []int   `yaml:"devices"`
	Networks int     `yaml:"networks"`
	Seconds  float64 `yaml:"seconds"` // to measure a network, median
	Spread   float64 `yaml:"spread"`  // standard deviation of the logarithm of that
	// FileBytes are those of a network, which a device fetches with the job.
	FileBytes float64 `yaml:"file_bytes"`
	Messages  int     `yaml:"messages"`  // of the queue, a job: asked, given, alive, answered
	JobBytes  float64 `yaml:"job_bytes"` // of all of them
	Twice     float64 `yaml:"twice"`     // share of jobs that are measured twice
	Lost      float64 `yaml:"lost"`      // share of jobs whose device goes away meanwhile
	AwayS     float64 `yaml:"away"`      // seconds until it is back
	TakeoverS float64 `yaml:"takeover"`  // seconds until a lost job is given out again
	LinkMbit  float64 `yaml:"link_mbit"` // of a device
	LatencyS  float64 `yaml:"latency"`   // seconds from a device to the queue and back
}

// queue is the machine that serves.
type queue struct {
	MessagesPerSecond float64 `yaml:"messages_per_second"`
	LinkMbit          float64 `yaml:"link_mbit"`
}

// training is a step of data-parallel training.
type training struct {
	Machines []int   `yaml:"machines"`
	Parts    int     `yaml:"parts"`   // of a batch, which machines share
	Seconds  float64 `yaml:"seconds"` // of a step of one machine
	Alone    float64 `yaml:"alone"`   // share of that which each machine does for itself
	Spread   float64 `yaml:"spread"`  // standard deviation of the logarithm of a piece's time
	// Exchanges are the points of a step at which all wait for each other's sums.
	Exchanges int `yaml:"exchanges"`
	// PartBytes are the sums of a part in all exchanges of a step.
	PartBytes float64 `yaml:"part_bytes"`
	// WeightBytes are the weights, whose gradients are summed in the order of the parts.
	WeightBytes float64 `yaml:"weight_bytes"`
	// Hidden is the share of computing in which gradients of weights travel unnoticed.
	Hidden float64 `yaml:"hidden"`
	Links  []link  `yaml:"links"`
}

// link is what machines that train are joined by.
type link struct {
	Name     string  `yaml:"name"`
	Mbit     float64 `yaml:"mbit"`
	LatencyS float64 `yaml:"latency"` // seconds of a small message, one way
}

func load(path string) (in inputs, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return in, err
	}
	y, err := textfile.ParseYAML(text, textfile.Limits{Bytes: 1 << 16, Depth: 8})
	if err == nil {
		err = y.Decode(&in, true)
	}
	if err == nil {
		err = in.check()
	}
	if err != nil {
		return in, fmt.Errorf("%s: %w", path, err)
	}
	return in, nil
}

func (in inputs) check() error {
	if in.Tailor != kind {
		return fmt.Errorf("tailor is %.40q, expected %s", in.Tailor, kind)
	}
	p, t := in.Profiling, in.Training
	for _, f := range []struct {
		name string
		v    float64
	}{{"profiling.networks", float64(p.Networks)}, {"profiling.seconds", p.Seconds},
		{"profiling.messages", float64(p.Messages)}, {"profiling.link_mbit", p.LinkMbit},
		{"queue.messages_per_second", in.Queue.MessagesPerSecond},
		{"queue.link_mbit", in.Queue.LinkMbit}, {"training.parts", float64(t.Parts)},
		{"training.seconds", t.Seconds}, {"training.exchanges", float64(t.Exchanges)}} {
		if !(f.v > 0) {
			return fmt.Errorf("%s is %g, expected above 0", f.name, f.v)
		}
	}
	for _, f := range []struct {
		name string
		v    float64
	}{{"profiling.twice", p.Twice}, {"profiling.lost", p.Lost}, {"training.alone", t.Alone}} {
		if !(f.v >= 0 && f.v < 1) {
			return fmt.Errorf("%s is %g, expected a share from 0, below 1", f.name, f.v)
		}
	}
	for _, l := range t.Links {
		if !(l.Mbit > 0) {
			return fmt.Errorf("training.links: %s has %g Mbit/s, expected above 0", l.Name, l.Mbit)
		}
	}
	for _, n := range append(append([]int{}, p.Devices...), t.Machines...) {
		if n < 1 || n > 1_000_000 {
			return fmt.Errorf("there are %d devices or machines, expected 1 to 1000000", n)
		}
	}
	return nil
}
