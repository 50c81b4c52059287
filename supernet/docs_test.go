package supernet_test

import (
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

var update = flag.Bool("update", false, "write the figures of docs/spaces.md anew")

var docsFile = filepath.Join("..", "docs", "spaces.md")

// TestDocs: the figures in docs/spaces.md are those of the code.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	digits := parse(t, fenced(t, text, "yaml"))
	arch, err := digits.ParseArch([]byte(fenced(t, text, "json")))
	if err != nil {
		t.Fatal(err)
	}
	want := replace(t, text, "table", "\n"+spacesTable(t))
	want = replace(t, want, "blocks", "\n"+blocksTable(digits.Blocks(arch)))
	want = replace(t, want, "count", digits.Count().String())
	if *update {
		if err := os.WriteFile(docsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != text {
		t.Errorf("docs/spaces.md has other figures than the code; run this test with -update and look at the difference")
	}
}

// TestDocsClaims checks sentences of docs/spaces.md that are not figures.
func TestDocsClaims(t *testing.T) {
	page, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	text := fenced(t, string(page), "yaml")
	digits := parse(t, text)
	if _, err := digits.ParseArch([]byte(`{"ks": 3, "e": 0, "d": 2, "r": 28}`)); err == nil {
		t.Error("digits takes an arch without ratios")
	}
	if _, err := builtin(t,
		"compofa-elastic").ParseArch(
		[]byte(`{"ks": 3, "d": 2, "r": 224, "wid": null}`)); err != nil {
		t.Error(err)
	}
	_, err = supernet.ParseSpace("digits.yaml",
		[]byte(strings.Replace(text, "kernel: [3, 5], expand: [2, 4]",
			"kernel: [4], expand: [2, 4]", 1)))
	if want := "stages[1].kernel: has 4, kernels must be odd (3, 5, 7)"; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, the page says %s", err, want)
	}
}

// fenced gives the first block of code in a language.
func fenced(t *testing.T, page, language string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, "```"+language+"\n")
	code, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("the page has no %s", language)
	}
	return code
}

// replace sets what stands between the comment that begins with the mark and the end comment.
func replace(t *testing.T, page, mark, with string) string {
	t.Helper()
	before, rest, ok := strings.Cut(page, "<!-- "+mark)
	comment, rest, opened := strings.Cut(rest, "-->")
	_, after, closed := strings.Cut(rest, "<!-- end -->")
	if !ok || !opened || !closed {
		t.Fatalf("the page has no place for %s", mark)
	}
	return before + "<!-- " + mark + comment + "-->" + with + "<!-- end -->" + after
}

func spacesTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| name | what | resolutions | elastic stages, blocks | networks | MACs | parameters |\n|---|---|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(slices.Values(supernet.Builtins())) {
		s := builtin(t, name)
		spec := s.Spec(s.Max())
		low, high := s.Blocks(s.Min()), s.Blocks(s.Max())
		fmt.Fprintf(&b, "| `%s` | %s | %s | %d, %d | %s | %s to %s | %s to %s |\n", name, s.Title,
			resolutions(s), len(spec.D), len(spec.KS),
			large(s.Count()), millions(supernet.MACs(low)), millions(supernet.MACs(high)),
			millions(supernet.Params(low)), millions(supernet.Params(high)))
	}
	return b.String()
}

func resolutions(s *supernet.Space) string {
	n := len(s.Resolutions)
	if n == 1 {
		return strconv.Itoa(s.Resolutions[0])
	}
	return fmt.Sprintf("%d of %d to %d", n, s.Resolutions[0], s.MaxResolution())
}

// large writes a count exactly if it is short.
func large(n *big.Int) string {
	if n.IsInt64() && n.Int64() < 1e7 {
		return thousands(n.Int64())
	}
	mantissa, exponent, _ := strings.Cut(new(big.Float).SetInt(n).Text('e', 2), "e+")
	return mantissa + " x 10^" + exponent
}

// thousands separates groups of three digits.
func thousands(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func millions(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.2f M", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f M", float64(n)/1e6)
}

func blocksTable(blocks []supernet.Block) string {
	shape := func(s supernet.Shape) string { return fmt.Sprintf("%dx%dx%d", s.H, s.W, s.C) }
	var b strings.Builder
	b.WriteString("| block | in | out | middle | kernel | hidden | MACs | parameters |\n|---|---|---|---|---|---|---|---|\n")
	number := func(n int) string { // nothing for what a block does not have
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	for _, k := range blocks {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", k.Name, shape(k.In),
			shape(k.Out), number(k.Mid), number(k.Kernel), number(k.SE),
			thousands(k.MACs()), thousands(k.Params()))
	}
	fmt.Fprintf(&b, "| sum | | | | | | %s | %s |\n", thousands(supernet.MACs(blocks)),
		thousands(supernet.Params(blocks)))
	return b.String()
}
