package main

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/data"
)

// count is a number above 0, with an optional K, M or G.
type count int64

// countPattern bounds the exponent: 1e999999999 would fill the memory.
var countPattern = regexp.MustCompile(
	`^([0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE]\+?[0-9]{1,2})?)([kKmMgG]?)$`)

// maxCount is far above what any network has.
const maxCount = 1_000_000_000_000_000_000

// UnmarshalText reads "500000", "50M" or "1.5G", exactly.
func (c *count) UnmarshalText(text []byte) error {
	m := countPattern.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("%.40q is no count; write a number such as 500000, 50M or 1.5G", text)
	}
	v, _ := new(big.Rat).SetString(string(m[1]))
	scale := map[string]int64{"": 1, "K": 1e3, "M": 1e6, "G": 1e9}[strings.ToUpper(string(m[2]))]
	v.Mul(v, new(big.Rat).SetInt64(scale))
	switch {
	case v.Sign() == 0:
		return fmt.Errorf("%.40q: a limit must be above 0; leave the flag out for none", text)
	case !v.IsInt():
		return fmt.Errorf("%.40q is no whole number; write one such as 500000, 50M or 1.5G", text)
	case v.Cmp(new(big.Rat).SetInt64(maxCount)) > 0:
		return fmt.Errorf("%.40q is above 1e18", text)
	}
	*c = count(v.Num().Int64())
	return nil
}

// large writes a count for people: 1.80 M.
func large(n int64) string {
	switch f := float64(n); {
	case f >= 1e15:
		return fmt.Sprintf("%.2f P", f/1e15)
	case f >= 1e12:
		return fmt.Sprintf("%.2f T", f/1e12)
	case f >= 1e9:
		return fmt.Sprintf("%.2f G", f/1e9)
	case f >= 1e6:
		return fmt.Sprintf("%.2f M", f/1e6)
	case f >= 1e3:
		return fmt.Sprintf("%.1f K", f/1e3)
	}
	return strconv.FormatInt(n, 10)
}

// latency writes a time in milliseconds for people, with three digits: 17.6 us, 1.59 ms, 2.50 s.
// Missing is a dash.
func latency(ms float64) string { return thousandths(ms, "s") }

// energy writes an energy in millijoules likewise.
func energy(mj float64) string { return thousandths(mj, "J") }

// thousandths writes a number of thousandths of a unit, in the unit or its parts.
func thousandths(v float64, unit string) string {
	switch {
	case v == 0:
		return "-"
	case v < 0.9995:
		return digits(1000*v) + " u" + unit
	case v < 9999.5:
		return digits(v) + " m" + unit
	}
	return digits(v/1000) + " " + unit
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

// shown is a path as people name it.
func shown(path string) string { return data.FromHere(path) }

// shellPlain are words that a shell takes as they are.
var shellPlain = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,][A-Za-z0-9_./:=@%+,-]*$`)

// shellWord is a path as a word of a command that is shown, for a shell to read.
func shellWord(path string) string {
	if strings.HasPrefix(path, "-") { // it would be taken for a flag
		path = "./" + path
	}
	if shellPlain.MatchString(path) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
