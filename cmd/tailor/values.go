package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// count is a number with an optional K, M or G.
type count int64

func (c *count) UnmarshalText(text []byte) error {
	s, scale := strings.ToUpper(string(text)), 1.0
	for suffix, factor := range map[string]float64{"K": 1e3, "M": 1e6, "G": 1e9} {
		if t, ok := strings.CutSuffix(s, suffix); ok {
			s, scale = t, factor
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= 0 && v*scale < 1e18) {
		return fmt.Errorf("%q is no count; write a number such as 500000, 50M or 1.5G", text)
	}
	*c = count(v * scale)
	return nil
}

// large writes a count for people: 1.80 M.
func large(n int64) string {
	switch f := float64(n); {
	case f >= 1e9:
		return fmt.Sprintf("%.2f G", f/1e9)
	case f >= 1e6:
		return fmt.Sprintf("%.2f M", f/1e6)
	case f >= 1e3:
		return fmt.Sprintf("%.1f K", f/1e3)
	}
	return strconv.FormatInt(n, 10)
}

// latency writes a time in milliseconds for people, with three digits: 17.6 us, 1.59 ms, 2.50 s. Missing is a dash.
func latency(ms float64) string {
	switch {
	case ms == 0:
		return "-"
	case ms < 0.9995:
		return digits(1000*ms) + " us"
	case ms < 9999.5:
		return digits(ms) + " ms"
	}
	return digits(ms/1000) + " s"
}

// digits rounds to three digits, and to whole numbers from 100 on.
func digits(v float64) string {
	switch {
	case v < 9.995:
		return fmt.Sprintf("%.2f", v)
	case v < 99.95:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// shown is a path as people name it: from the working folder where it is inside.
func shown(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	inside, err := filepath.Rel(here, path)
	if err != nil || !filepath.IsLocal(inside) {
		return path
	}
	return inside
}
