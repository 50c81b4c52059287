package genes

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/suggest"
)

// Gene is one of the things that can be chosen.
type Gene struct {
	Name    string   `json:"name"`
	Choices []string `json:"choices"`
	// Ordered says that choices that are near in the list are alike.
	Ordered bool `json:"ordered,omitempty"`
}

// Space is what can be chosen. Make one with [Load] or [Parse]; it must not be changed.
type Space struct {
	Name  string
	Genes []Gene
}

// Configuration is a point of a space: for each gene the number of the choice taken, from 0.
type Configuration = []uint16

// Sizes are the numbers of choices of the genes.
func (s *Space) Sizes() []int {
	sizes := make([]int, len(s.Genes))
	for i, g := range s.Genes {
		sizes[i] = len(g.Choices)
	}
	return sizes
}

// Count is the number of configurations.
func (s *Space) Count() *big.Int {
	count := big.NewInt(1)
	for _, g := range s.Genes {
		count.Mul(count, big.NewInt(int64(len(g.Choices))))
	}
	return count
}

// SHA256 is the hash of the genes and their choices. The name of the space is no part of it.
func (s *Space) SHA256() string {
	text, err := json.Marshal(s.Genes)
	if err != nil {
		panic("genes: a space that Parse would refuse") // strings and bools always have JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Named gives for each gene the choice taken.
func (s *Space) Named(c Configuration) map[string]string {
	named := make(map[string]string, len(c))
	for i, g := range s.Genes {
		named[g.Name] = g.Choices[c[i]]
	}
	return named
}

// Check says what of a configuration is none of the space.
func (s *Space) Check(c Configuration) error {
	if len(c) != len(s.Genes) {
		return fmt.Errorf("%d genes, expected %d", len(c), len(s.Genes))
	}
	for i, g := range s.Genes {
		if int(c[i]) >= len(g.Choices) {
			return fmt.Errorf("gene %s has choice %d, expected 0 to %d", g.Name, c[i],
				len(g.Choices)-1)
		}
	}
	return nil
}

// gene is the number of the gene of a name, -1 for none.
func (s *Space) gene(name string) int {
	for i, g := range s.Genes {
		if g.Name == name {
			return i
		}
	}
	return -1
}

// names are those of the genes.
func (s *Space) names() (all []string) {
	for _, g := range s.Genes {
		all = append(all, g.Name)
	}
	return all
}

// UnknownError says that a word names no gene, or no choice of a gene.
type UnknownError struct {
	What  string // "gene", or "choice of NAME"
	Word  string
	Known []string
}

func (e *UnknownError) Error() string {
	near := ""
	if n := suggest.Nearest(e.Word, e.Known); n != "" {
		near = fmt.Sprintf(" (did you mean %s?)", n)
	}
	return fmt.Sprintf("%.60q is no %s%s; expected %s", e.Word, e.What, near, shortened(e.Known))
}

// shortened lists names: some, where they are many.
func shortened(names []string) string {
	const some = 12
	if len(names) > some {
		return fmt.Sprintf("one of %d, such as %s", len(names), quoted(names[:some]))
	}
	return quoted(names)
}

func quoted(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		if all[i] = n; n == "" || strings.ContainsAny(n, ", ") {
			all[i] = strconv.Quote(n)
		}
	}
	return strings.Join(all, ", ")
}

// choice is the number of the choice that a word means: that of this name, where choices are
// numbers the one of this value, and else the word is the number of the choice itself.
func (g *Gene) choice(word string) (uint16, error) {
	for i, c := range g.Choices {
		if c == word {
			return uint16(i), nil
		}
	}
	value, err := strconv.ParseFloat(word, 64)
	numbers := false
	for i, c := range g.Choices {
		v, notNumber := strconv.ParseFloat(c, 64)
		numbers = numbers || notNumber == nil
		if err == nil && notNumber == nil && v == value {
			return uint16(i), nil
		}
	}
	if i, err := strconv.Atoi(word); err == nil && !numbers && 0 <= i && i < len(g.Choices) {
		return uint16(i), nil
	}
	return 0, &UnknownError{"choice of " + g.Name, word, g.Choices}
}
