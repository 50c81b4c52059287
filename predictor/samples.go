package predictor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/supernet"
)

// maxSamples bounds a file from outside. OFA's predictors were fitted to 16,000 samples, of some
// 300 bytes each.
const maxSamples = 1 << 17

// Sample is a sub-network with a measured value, and a line of a .jsonl file: {"arch": {...},
// "value": 0.76}.
type Sample struct {
	Arch  supernet.Spec `json:"arch"`
	Value float64       `json:"value"`
}

// ReadAccuracies is [ReadSamples] of values that are accuracies, from 0 to 1.
func ReadAccuracies(path string, space *supernet.Space) ([]Sample, error) {
	return readSamples(path, space, checkTop1)
}

// ReadLatencies is [ReadSamples] of values that are milliseconds, above 0.
func ReadLatencies(path string, space *supernet.Space) ([]Sample, error) {
	return readSamples(path, space, func(ms float64) error {
		if err := checkMS(ms); err != nil {
			return fmt.Errorf("%w: the network %w", ErrSamples, err)
		}
		return nil
	})
}

// ReadEnergies is [ReadSamples] of energies of an inference in millijoules, above 0. Their key is
// "energy_mj", so that they may stand beside the value of a latency.
func ReadEnergies(path string, space *supernet.Space) ([]Sample, error) {
	return readBy(path, func(text []byte) (Sample, error) {
		s, err := parseEnergy(text, space)
		if err == nil {
			err = checkMJ(s.Value)
		}
		return s, err
	})
}

func checkTop1(value float64) error {
	if !(value >= 0 && value <= 1) {
		return fmt.Errorf("%w: the accuracy is %g, expected a share between 0 and 1 (write 76 %% as 0.76)", ErrSamples, value)
	}
	return nil
}

// ReadSamples reads a .jsonl file of sub-networks of a space with their values, one a line or in
// one array; empty lines are skipped, and so are keys other than arch and value. Errors name file
// and line.
func ReadSamples(path string, space *supernet.Space) ([]Sample, error) {
	return readSamples(path, space, func(float64) error { return nil })
}

func readSamples(path string, space *supernet.Space, check func(value float64) error) ([]Sample,
	error) {
	return readBy(path, sampleParser(space, check))
}

// readBy reads a file whose values are read by parse.
func readBy(path string, parse func(text []byte) (Sample, error)) ([]Sample, error) {
	f, _, err := store.OpenRegular(path)
	if err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	defer f.Close()
	return parseBy(path, f, parse)
}

func parseSamples(file string, r io.Reader, space *supernet.Space,
	check func(value float64) error) ([]Sample, error) {
	return parseBy(file, r, sampleParser(space, check))
}

// sampleParser reads samples whose values pass a check.
func sampleParser(space *supernet.Space, check func(value float64) error) func([]byte) (Sample,
	error) {
	return func(text []byte) (Sample, error) {
		s, err := parseSample(text, space)
		if err == nil {
			err = check(s.Value)
		}
		return s, err
	}
}

func parseBy(file string, r io.Reader, parse func(text []byte) (Sample, error)) ([]Sample, error) {
	var samples []Sample
	err := textfile.NamedValues(file, r, func(text []byte) error {
		s, err := parse(text)
		if err == nil && len(samples) == maxSamples {
			err = fmt.Errorf("more than %d samples", maxSamples)
		}
		samples = append(samples, s)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(samples) == 0:
		return nil, fmt.Errorf(
			`%s: holds no samples, expected lines such as {"arch": {...}, "value": 0.76}`, file)
	}
	return samples, nil
}

func parseSample(text []byte, space *supernet.Space) (Sample, error) {
	var raw struct {
		Arch  *supernet.Spec `json:"arch"`
		Value *float64       `json:"value"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return Sample{}, fmt.Errorf(`%w, expected {"arch": {...}, "value": 0.76}`,
			textfile.JSONError(err))
	}
	if raw.Arch == nil {
		return Sample{}, errors.New(`"arch" is missing`)
	}
	if raw.Value == nil {
		return Sample{}, errors.New(`"value" is missing, expected a number`)
	}
	if _, err := space.Arch(*raw.Arch); err != nil {
		return Sample{}, err
	}
	return Sample{*raw.Arch, *raw.Value}, nil
}

// parseEnergy reads an arch with its energy.
func parseEnergy(text []byte, space *supernet.Space) (Sample, error) {
	var raw struct {
		Arch *supernet.Spec `json:"arch"`
		MJ   *float64       `json:"energy_mj"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return Sample{}, fmt.Errorf(`%w, expected {"arch": {...}, "energy_mj": 3.2}`,
			textfile.JSONError(err))
	}
	if raw.Arch == nil {
		return Sample{}, errors.New(`"arch" is missing`)
	}
	if raw.MJ == nil {
		return Sample{}, errors.New(`"energy_mj" is missing, expected what an inference takes in millijoules`)
	}
	if _, err := space.Arch(*raw.Arch); err != nil {
		return Sample{}, err
	}
	return Sample{*raw.Arch, *raw.MJ}, nil
}

// measured is distinct archs with their values.
type measured struct {
	archs  []supernet.Arch
	values []float64
}

// distinct checks samples and averages those of one arch, in the order in which archs first come.
func distinct(space *supernet.Space, samples []Sample) (measured, error) {
	var m measured
	if space == nil {
		return m, errNoSpace
	}
	// Archs are canonical: samples that differ only in genes that do not matter are of one network.
	index, counts := map[supernet.Arch]int{}, []float64(nil)
	for i, s := range samples {
		a, err := space.Arch(s.Arch)
		if err != nil {
			return m, fmt.Errorf("sample %d: %w", i+1, err)
		}
		at, known := index[a]
		if !known {
			at = len(m.archs)
			index[a] = at
			m.archs, m.values, counts = append(m.archs, a), append(m.values, 0), append(counts, 0)
		}
		m.values[at] += s.Value
		counts[at]++
	}
	for i, n := range counts {
		m.values[i] /= n
	}
	return m, nil
}

// spanned are the resolutions of the space from the smallest to the largest of the archs: a model
// has something to go by between those that were measured, and nothing beyond.
func spanned(space *supernet.Space, archs []supernet.Arch) (within []int) {
	low, high := int(archs[0].Resolution), int(archs[0].Resolution)
	for _, a := range archs {
		low, high = min(low, int(a.Resolution)), max(high, int(a.Resolution))
	}
	for _, r := range space.Resolutions {
		if low <= r && r <= high {
			within = append(within, r)
		}
	}
	return within
}

// errNoSpace is returned where somebody gives no space.
var errNoSpace = errors.New("there is no space: load one with supernet.LoadSpace")
