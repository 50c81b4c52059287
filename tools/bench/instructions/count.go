package main

import (
	"fmt"
	"regexp"
	"strings"
)

// counts is what one pass through a loop executes.
type counts struct {
	instructions int
	products     int // multiply-accumulates: four in an instruction
	loads, bytes int
}

func (c counts) perProduct() float64 { return float64(c.instructions) / float64(c.products) }

func (c *counts) load(bytes int) {
	c.loads++
	c.bytes += bytes
}

// body is the lines between a label and the last jump back to it.
func body(text, label string) ([]string, error) {
	_, rest, found := strings.Cut(text, "\n"+label+":\n")
	if !found {
		return nil, fmt.Errorf("there is no label %s", label)
	}
	lines := strings.Split(rest, "\n")
	for i, line := range lines {
		if words := strings.Fields(line); len(words) == 2 && words[1] == label {
			return lines[:i+1], nil
		}
	}
	return nil, fmt.Errorf("nothing jumps back to %s", label)
}

var (
	goLoad   = regexp.MustCompile(`^(FMOV[SDQ]|MOVWU|MOVD)(?:\.P)? -?\d*\(R\d+\)`)
	goLoads  = regexp.MustCompile(`^VLD1(?:\.P)? [^\[]*\[([^\]]*)\]$`)
	goWidths = map[string]int{"FMOVS": 4, "FMOVD": 8, "FMOVQ": 16, "MOVWU": 4, "MOVD": 8}
)

// countGo counts a loop of Go's assembly.
func countGo(text string, l loop) (c counts, err error) {
	_, function, found := strings.Cut(text, "TEXT ·"+l.function+"(SB)")
	if !found {
		return c, fmt.Errorf("there is no function %s", l.function)
	}
	function, _, _ = strings.Cut(function, "\nTEXT ")
	lines, err := body(function, l.label)
	for _, line := range lines {
		line, comment, _ := strings.Cut(strings.TrimSpace(line), " // ")
		if line == "" || strings.HasSuffix(line, ":") {
			continue
		}
		c.instructions++
		if strings.HasPrefix(line, "VFMLA") || strings.HasPrefix(comment, "FMLA") {
			c.products += 4
		} else if m := goLoad.FindStringSubmatch(line); m != nil {
			c.load(goWidths[m[1]])
		} else if m := goLoads.FindStringSubmatch(line); m != nil {
			c.load(16 * (1 + strings.Count(m[1], ",")))
		}
	}
	return c, err
}

var (
	gnuMacro = regexp.MustCompile(`(?s)\.macro (\w+)\n(.*?)\.endm`)
	gnuLoads = regexp.MustCompile(`^ld1\s*\{([^}]*)\}`)
	gnuPairs = regexp.MustCompile(`^ld([pr])\s+([sdq])\d`)
	gnuWidth = map[string]int{"2s": 8, "4s": 16, "s": 4, "d": 8, "q": 16}
)

// countGNU counts a loop of GNU's assembly, macros included.
func countGNU(text string, l loop) (c counts, err error) {
	text = strings.ReplaceAll(text, "\r", "")
	macros := map[string]string{}
	for _, m := range gnuMacro.FindAllStringSubmatch(text, -1) {
		macros[m[1]] = m[2]
	}
	lines, err := body(text, l.label)
	for _, line := range lines {
		name := strings.TrimSpace(line)
		if macro, ok := macros[name]; ok {
			for _, inner := range strings.Split(macro, "\n") {
				c.gnu(inner)
			}
			continue
		}
		c.gnu(line)
	}
	return c, err
}

// gnu counts a line.
func (c *counts) gnu(line string) {
	line, _, _ = strings.Cut(strings.TrimSpace(line), "//")
	if line == "" || strings.HasSuffix(line, ":") || strings.HasPrefix(line, ".") {
		return
	}
	c.instructions++
	if strings.HasPrefix(line, "fmla") {
		c.products += 4
	} else if m := gnuLoads.FindStringSubmatch(line); m != nil {
		bytes := 0
		for _, v := range strings.Split(m[1], ",") {
			_, form, _ := strings.Cut(strings.TrimSpace(v), ".")
			bytes += gnuWidth[form]
		}
		c.load(bytes)
	} else if m := gnuPairs.FindStringSubmatch(line); m != nil {
		registers := map[string]int{"r": 1, "p": 2}
		c.load(registers[m[1]] * gnuWidth[m[2]])
	}
}
