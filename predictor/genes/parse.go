package genes

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/textfile"
)

// Limits of a space. All choices together are about as many features, whose products a fit looks
// at.
const (
	maxGenes   = 256
	maxChoices = 1024 // of all genes together
	maxName    = 200  // bytes
	maxFile    = 1 << 20
	maxDepth   = 8
)

// kind opens the text of a space.
const kind = "genes/1"

// ErrSpace is what every error about the description of a space wraps.
var ErrSpace = errors.New("these genes cannot be used")

var counts = regexp.MustCompile(`^[0-9]{1,6}(,[0-9]{1,6})*$`)

// IsCounts says whether a text is numbers of choices, such as "5,5,5", rather than the path of a
// file.
func IsCounts(text string) bool { return counts.MatchString(text) }

// Load gives the space of a text: numbers of choices, such as "5,5,5", or the path of a YAML file.
func Load(text string) (*Space, error) {
	if IsCounts(text) {
		return fromCounts(text)
	}
	data, err := store.ReadAll(context.Background(), text, maxFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: name a YAML file of genes, or write numbers of choices, such as 5,5,5,5,5,5", err)
	}
	if err != nil {
		return nil, err
	}
	return Parse(text, data)
}

// fromCounts names genes gene1, gene2 and so on, and their choices by their numbers, which mean
// nothing.
func fromCounts(text string) (*Space, error) {
	words := strings.Split(text, ",")
	if len(words) > maxGenes {
		return nil, fmt.Errorf("%w: %d genes, expected at most %d", ErrSpace, len(words), maxGenes)
	}
	s := &Space{Name: text}
	for i, word := range words {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > maxChoices {
			return nil, fmt.Errorf("%w: gene %d of %s has %s choices, expected 1 to %d", ErrSpace,
				i+1, text, word, maxChoices)
		}
		g := Gene{Name: fmt.Sprintf("gene%d", i+1)}
		for c := range n {
			g.Choices = append(g.Choices, strconv.Itoa(c))
		}
		s.Genes = append(s.Genes, g)
	}
	if _, err := s.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSpace, err)
	}
	return s, nil
}

// document is the text of a space.
type document struct {
	Tailor string         `yaml:"tailor"`
	Name   string         `yaml:"name"`
	Genes  []documentGene `yaml:"genes"`
}

type documentGene struct {
	Name    string `yaml:"name"`
	Choices []any  `yaml:"choices"`
	Ordered *bool  `yaml:"ordered"`
}

// Parse reads the YAML of a space. Choices that are all numbers are ordered unless it says
// otherwise. Errors name the file and the line.
func Parse(file string, text []byte) (*Space, error) {
	var d document
	y, err := textfile.ParseYAML(text, textfile.Limits{Bytes: maxFile, Depth: maxDepth})
	if err == nil && y.Empty() {
		err = errors.New("is empty; write genes as docs/genes.md shows")
	}
	if err == nil {
		err = y.Decode(&d, true)
	}
	if err != nil {
		var at *textfile.YAMLError
		if errors.As(err, &at) && at.Line > 0 {
			return nil, fmt.Errorf("%s:%d: %w: %s", file, at.Line, ErrSpace,
				strings.TrimPrefix(at.Error(), fmt.Sprintf("line %d: ", at.Line)))
		}
		return nil, fmt.Errorf("%s: %w: %w", file, ErrSpace, err)
	}
	s, field, err := d.space()
	if err != nil {
		at := ""
		if line := y.Line(field); line > 0 {
			at = fmt.Sprintf(":%d", line)
		}
		return nil, fmt.Errorf("%s%s: %w: %s: %w", file, at, ErrSpace, field, err)
	}
	return s, nil
}

// space makes the space of a text, or says what is wrong with which field.
func (d *document) space() (s *Space, field string, err error) {
	if d.Tailor != kind {
		return nil, "tailor", fmt.Errorf("is %.40q, expected %s", d.Tailor, kind)
	}
	s = &Space{Name: d.Name}
	if s.Name == "" {
		return nil, "name", errors.New("is missing, expected a name for the space")
	}
	if err := checkName(s.Name); err != nil {
		return nil, "name", err
	}
	for i, of := range d.Genes {
		g, field, err := of.gene()
		if err != nil {
			return nil, fmt.Sprintf("genes[%d].%s", i, field), err
		}
		s.Genes = append(s.Genes, *g)
	}
	if field, err := s.check(); err != nil {
		return nil, field, err
	}
	return s, "", nil
}

func (d *documentGene) gene() (g *Gene, field string, err error) {
	g = &Gene{Name: d.Name, Ordered: len(d.Choices) > 1}
	var numbers []float64
	for i, value := range d.Choices {
		name, err := choiceName(value)
		if err != nil {
			return nil, fmt.Sprintf("choices[%d]", i), err
		}
		if g.Choices = append(g.Choices, name); !isNumber(value) {
			g.Ordered = false
			continue
		}
		v, err := strconv.ParseFloat(name, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return nil, fmt.Sprintf("choices[%d]", i), fmt.Errorf("is %.40q, expected a finite number or a name", name)
		}
		numbers = append(numbers, v)
	}
	if d.Ordered != nil {
		g.Ordered = *d.Ordered
	}
	if g.Ordered && len(numbers) == len(g.Choices) && !slices.IsSorted(numbers) {
		return nil, "choices", errors.New("are numbers that do not rise: sort them, or write ordered: false if their order means nothing")
	}
	return g, "", nil
}

func isNumber(value any) bool {
	switch value.(type) {
	case int64, uint64, float64:
		return true
	}
	return false
}

// choiceName is what a choice of YAML is called.
func choiceName(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case uint64:
		return strconv.FormatUint(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case nil:
		return "", errors.New(`is null, expected a name or a number: write "null" for the name, "" for none`)
	}
	return "", errors.New("is no name or number")
}

// check says which field of a space is wrong.
func (s *Space) check() (field string, err error) {
	if len(s.Genes) == 0 || len(s.Genes) > maxGenes {
		return "genes", fmt.Errorf("are %d, expected 1 to %d", len(s.Genes), maxGenes)
	}
	total, seen := 0, map[string]bool{}
	for i, g := range s.Genes {
		at := fmt.Sprintf("genes[%d].", i)
		if err := checkName(g.Name); err != nil || g.Name == "" || seen[g.Name] {
			if err == nil {
				err = fmt.Errorf("is %q, expected a name that no other gene has", g.Name)
			}
			return at + "name", err
		}
		seen[g.Name] = true
		if total += len(g.Choices); len(g.Choices) == 0 || total > maxChoices {
			return at + "choices", fmt.Errorf("are %d, expected at least 1, and at most %d in all genes together", len(g.Choices), maxChoices)
		}
		if err := checkChoices(g.Choices); err != nil {
			return at + "choices", err
		}
	}
	return "", nil
}

func checkChoices(names []string) error {
	seen := map[string]bool{}
	for _, c := range names {
		if err := checkName(c); err != nil {
			return err
		}
		if seen[c] {
			return fmt.Errorf("have %q twice", c)
		}
		seen[c] = true
	}
	return nil
}

// checkName refuses what would not fit a line, or not be told from another part of one.
func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("%.20q... has %d bytes, expected at most %d", name, len(name), maxName)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("%.60q has characters that cannot be printed", name)
	}
	if strings.TrimSpace(name) != name {
		return fmt.Errorf("%.60q begins or ends with a blank", name)
	}
	return nil
}
