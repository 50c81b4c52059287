package supernet

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/suggest"
	"github.com/tailor-nas/tailor/internal/textfile"
)

//go:embed spaces/*.yaml
var spaceFiles embed.FS

// maxSpaceFile bounds what is read as a space file; the time of the YAML reader grows with its
// square.
const maxSpaceFile = 1 << 14

// maxSpaceDepth bounds how deep a space file is nested. They take 4.
const maxSpaceDepth = 16

// SpaceError says which value of a space file is wrong.
type SpaceError struct {
	File  string
	Line  int    // 0 if the file as a whole is wrong
	Field string // "stages[2].kernel"; empty where the text itself is wrong
	Msg   string
}

func (e *SpaceError) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Field != "" {
		where += ": " + e.Field
	}
	return fmt.Sprintf("space file %s: %s", where, e.Msg)
}

// Builtins lists the names of the spaces that ship with tailor.
func Builtins() []string {
	entries, err := fs.ReadDir(spaceFiles, "spaces")
	if err != nil {
		panic("supernet: embedded spaces are missing")
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Builtin is the text of a space that ships with tailor.
func Builtin(name string) ([]byte, error) {
	text, err := spaceFiles.ReadFile(path.Join("spaces", name+".yaml"))
	if err != nil {
		return nil, unknownSpace(name)
	}
	return text, nil
}

// unknownSpace says which names there are, and which was meant perhaps.
func unknownSpace(name string) error {
	err := &suggest.UnknownError{Kind: "space", Word: name, Known: Builtins()}
	if info, statErr := os.Stat(name); statErr == nil && info.Mode().IsRegular() {
		err.Hint = "for the file, write ./" + name
	}
	return err
}

// isFileName says whether a word is the name of a file, rather than of a space.
func isFileName(word string) bool {
	ext := strings.ToLower(filepath.Ext(word))
	return strings.ContainsAny(word, `/\`) || ext == ".yaml" || ext == ".yml"
}

// LoadSpace gives the space of a shipped name, or of a YAML file: anything with a path separator or
// ending in .yaml or .yml is a file.
func LoadSpace(nameOrFile string) (*Space, error) {
	if text, err := spaceFiles.ReadFile(path.Join("spaces", nameOrFile+".yaml")); err == nil {
		return ParseSpace(nameOrFile, text)
	}
	if !isFileName(nameOrFile) {
		return nil, unknownSpace(nameOrFile)
	}
	f, _, err := store.OpenRegular(nameOrFile)
	if err != nil {
		return nil, fmt.Errorf("read space: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSpaceFile+1))
	if err != nil {
		return nil, fmt.Errorf("read space: %w", err)
	}
	return ParseSpace(nameOrFile, text)
}

// ParseSpace reads a space file; file is its name for errors, which are of type [*SpaceError].
func ParseSpace(file string, text []byte) (*Space, error) {
	var doc struct {
		Tailor string `yaml:"tailor"`
		Space  `yaml:",inline"`
	}
	if len(text) > maxSpaceFile {
		return nil, &SpaceError{File: file,
			Msg: fmt.Sprintf("is larger than %d bytes, no space file is", maxSpaceFile)}
	}
	doc.WidthMultiplier, doc.BNEps, doc.Channels = 1, 1e-5, 3
	y, err := readYAML(text, &doc)
	var bad *textfile.YAMLError
	switch {
	case errors.As(err, &bad):
		return nil, &SpaceError{File: file, Line: bad.Line, Field: bad.Field, Msg: bad.Msg}
	case err != nil:
		return nil, &SpaceError{File: file, Msg: err.Error()}
	}
	if y.Empty() {
		return nil, &SpaceError{File: file, Msg: "is empty; write one as docs/spaces.md shows"}
	}
	s := doc.Space
	check := checker{}
	if doc.Tailor != "space/1" {
		check.fail("tailor", "is %q, expected space/1", doc.Tailor)
	}
	check.space(&s)
	if check.field != "" {
		return nil, &SpaceError{File: file, Line: y.Line(check.field), Field: check.field,
			Msg: check.msg}
	}
	return &s, nil
}

func readYAML(text []byte, into any) (*textfile.YAML, error) {
	y, err := textfile.ParseYAML(text, textfile.Limits{Bytes: maxSpaceFile, Depth: maxSpaceDepth})
	if err == nil {
		err = wholeNumbers(y)
	}
	if err == nil {
		err = y.Decode(into, true)
	}
	return y, err
}

// wholeNumbers refuses fractions where the YAML package would drop them.
func wholeNumbers(y *textfile.YAML) error {
	var first error
	y.Numbers(func(n textfile.Number) {
		if first == nil && n.Fraction && !fractional(n.Field) {
			first = &textfile.YAMLError{Line: n.Line, Field: n.Field,
				Msg: fmt.Sprintf("is %s, expected a whole number", n.Text)}
		}
	})
	return first
}

// fractional says whether a field may hold a number with a fraction.
func fractional(field string) bool {
	return slices.ContainsFunc([]string{"width_multiplier", "widths[", "bn_eps", "dropout",
		"expand[", "expand_by_depth.", "se.ratio"},
		func(f string) bool { return strings.Contains(field, f) })
}

// checker keeps the first thing that is wrong with a space.
type checker struct{ field, msg string }

func (c *checker) fail(field, format string, args ...any) {
	if c.field == "" {
		c.field, c.msg = field, fmt.Sprintf(format, args...)
	}
}

func (c *checker) between(field string, v, lo, hi int) {
	if v < lo || v > hi {
		c.fail(field, "is %d, expected %d to %d", v, lo, hi)
	}
}

func (c *checker) act(field string, a Act) {
	if err := a.check(); err != nil {
		c.fail(field, "%v", err)
	}
}

// choices checks a list of choices: not empty, in range, none twice.
func choices[T int | float64](c *checker, field string, v []T, lo, hi T) {
	if len(v) == 0 {
		c.fail(field, "is missing or empty, expected a list of choices")
	}
	for i, x := range v {
		if !(x >= lo && x <= hi) {
			c.fail(field, "has %v, expected %v to %v", x, lo, hi)
		}
		// as in an Arch
		if slices.ContainsFunc(v[:i], func(y T) bool { return float32(y) == float32(x) }) {
			c.fail(field, "has %v twice", x)
		}
	}
}

const (
	maxWidth      = 1 << 14
	maxResolution = 1 << 12
	maxExpand     = 16
)

// MaxClasses is the largest number of classes of a space; the least is 2.
const MaxClasses = 1 << 20

func (c *checker) space(s *Space) {
	if s.Name == "" {
		c.fail("name", "is missing")
	}
	c.text("name", s.Name)
	c.text("title", s.Title)
	c.between("classes", s.Classes, 2, MaxClasses)
	c.between("channels", s.Channels, 1, 4)
	choices(c, "resolutions", s.Resolutions, 8, maxResolution)
	if !(s.WidthMultiplier >= 0.1 && s.WidthMultiplier <= 10) {
		c.fail("width_multiplier", "is %g, expected 0.1 to 10", s.WidthMultiplier)
	}
	if !(s.BNEps > 0 && s.BNEps <= 0.1) {
		c.fail("bn_eps", "is %g, expected above 0, at most 0.1", s.BNEps)
	}
	if err := s.Padding.check(); err != nil {
		c.fail("padding", "%v", err)
	}
	c.between("channel_divisor", s.ChannelDivisor, 0, maxWidth)
	c.stem(&s.Stem)
	if s.Widths != nil {
		c.widths(s)
	}
	if len(s.Stages) == 0 {
		c.fail("stages", "is missing or empty")
	}
	stages, blocks := 0, 0
	if len(s.Stem.Depth) > 1 {
		stages++
	}
	for i := range s.Stages {
		c.stage(fmt.Sprintf("stages[%d]", i), &s.Stages[i])
		if c.field == "" && (!s.Stages[i].fixed() || s.elasticWidths()) {
			stages, blocks = stages+1, blocks+s.Stages[i].maxDepth()
		}
	}
	if stages > MaxStages || blocks > MaxBlocks {
		c.fail("stages", "hold %d elastic stages and %d elastic blocks, at most %d and %d are possible", stages, blocks, MaxStages, MaxBlocks)
	}
	if n := s.widthChoices(); n > MaxWidths {
		c.fail("stages", "have %d widths to choose, at most %d are possible", n, MaxWidths)
	}
	c.between("head.expand", s.Head.Expand, 0, maxWidth)
	c.between("head.features", s.Head.Features, 0, maxWidth)
	if s.Head.FeaturesBias && s.Head.Features == 0 {
		c.fail("head.features_bias", "is set without head.features; leave it out")
	}
	if s.Head.Expand > 0 || s.Head.Features > 0 {
		c.act("head.act", s.Head.Act)
	}
	if !(s.Head.Dropout >= 0 && s.Head.Dropout < 1) {
		c.fail("head.dropout", "is %g, expected 0 to below 1", s.Head.Dropout)
	}
	if c.field != "" {
		return
	}
	s.arrange()
	if err := CheckBlocks(s.fullAt(s.MaxResolution()).blocks); err != nil {
		c.fail("stages", "make a network that is too large: %v", err)
	}
}

// text checks something that is shown on one line.
func (c *checker) text(field, v string) {
	if !utf8.ValidString(v) || len(v) > 200 || strings.ContainsFunc(v, unicode.IsControl) {
		c.fail(field, "is not one line of text of at most 200 bytes")
	}
}

func (c *checker) stage(at string, st *Stage) {
	c.between(at+".width", st.Width, 1, maxWidth)
	c.between(at+".stride", st.Stride, 1, 2)
	c.act(at+".act", st.Act)
	c.excitation(at+".se", st.SE)
	choices(c, at+".depth", st.Depth, 1, 16)
	choices(c, at+".kernel", st.Kernel, 1, 15)
	c.family(at, st)
	for _, k := range st.Kernel {
		if k%2 == 0 {
			c.fail(at+".kernel", "has %d, kernels must be odd (3, 5, 7)", k)
		}
	}
	if st.ExpandByDepth == nil {
		least := 1.
		if st.Block == Bottleneck {
			least = minBottleneck
		}
		choices(c, at+".expand", st.Expand, least, maxExpand)
		return
	}
	if st.Expand != nil {
		c.fail(at+".expand", "and expand_by_depth exclude each other; keep one")
	}
	for _, d := range st.Depth {
		e, ok := st.ExpandByDepth[d]
		if !ok {
			c.fail(at+".expand_by_depth", "has no entry for depth %d", d)
		} else if !(e >= 1 && e <= maxExpand) {
			c.fail(at+".expand_by_depth", "has %g for depth %d, expected 1 to %d", e, d, maxExpand)
		}
	}
	if len(st.ExpandByDepth) != len(st.Depth) {
		c.fail(at+".expand_by_depth", "has %d entries for %d depths", len(st.ExpandByDepth),
			len(st.Depth))
	}
}

// UnmarshalJSON reads a space as a document holds it, with the checks of a space file.
func (s *Space) UnmarshalJSON(text []byte) error {
	type plain Space
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode((*plain)(s)); err != nil {
		return fmt.Errorf("read space: %w", err)
	}
	check := checker{}
	check.space(s)
	if check.field != "" {
		return fmt.Errorf("read space: %s: %s", check.field, check.msg)
	}
	return nil
}
