package main

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/search"
)

// share is a limit as a part of what the largest network costs, "60%"; 0 where it is none.
type share float64

var sharePattern = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,6})?%$`)

// parseShare reads one; false of text without a percent sign.
func parseShare(text []byte) (s share, ok bool, err error) {
	if len(text) == 0 || text[len(text)-1] != '%' {
		return 0, false, nil
	}
	v, err := strconv.ParseFloat(string(text[:len(text)-1]), 64)
	if !sharePattern.Match(text) || err != nil || !(v > 0 && v <= 100) {
		return 0, true, fmt.Errorf("%.40q is no share; write one above 0%%, up to 100%%, of what "+
			"the largest network costs", text)
	}
	return share(v / 100), true, nil
}

// portion is a share of a whole: 0.9 or 90%.
type portion float64

// UnmarshalText reads both.
func (p *portion) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return fmt.Errorf("is %.40q, expected a share such as 0.9 or 90%%", text)
	}
	if percent {
		v /= 100
	}
	*p = portion(v)
	return nil
}

// countLimit is a count, or a share of the largest network's.
type countLimit struct {
	count
	share
}

// UnmarshalText reads "50M" or "60%".
func (l *countLimit) UnmarshalText(text []byte) (err error) {
	var isShare bool
	if l.share, isShare, err = parseShare(text); isShare {
		return err
	}
	return l.count.UnmarshalText(text)
}

// of is the limit; largest costs so much.
func (l countLimit) of(largest float64) int64 {
	if l.share > 0 {
		return int64(math.Max(float64(l.share)*largest, 1))
	}
	return int64(l.count)
}

// timeLimit is a duration, or a share of the largest network's.
type timeLimit struct {
	duration time.Duration
	share
}

// maxTimeLimit is far above what any network takes.
const maxTimeLimit = 1000 * time.Hour

// UnmarshalText reads "5ms" or "60%".
func (l *timeLimit) UnmarshalText(text []byte) (err error) {
	var isShare bool
	if l.share, isShare, err = parseShare(text); isShare {
		return err
	}
	if l.duration, err = time.ParseDuration(string(text)); err != nil {
		return fmt.Errorf("is %.40q, expected a time with its unit, such as 5ms, or a share of "+
			"the largest network's, such as 60%%", text)
	}
	if l.duration < 1 || l.duration > maxTimeLimit {
		return fmt.Errorf("is %s, expected 1ns to 1000h", l.duration)
	}
	return nil
}

// ms is the limit in milliseconds, a share to four digits; the largest network takes so long.
func (l timeLimit) ms(largest float64) float64 {
	if l.share > 0 {
		return fourDigits(float64(l.share) * largest)
	}
	return float64(l.duration) / float64(time.Millisecond)
}

// energyLimit is an energy in millijoules, or a share of the largest network's.
type energyLimit struct {
	mj float64
	share
}

var energyPattern = regexp.MustCompile(`^([0-9]{1,12}(?:\.[0-9]{1,12})?)(uJ|mJ|J)$`)

// maxEnergyMJ is far above what any inference takes.
const maxEnergyMJ = 1e9

// UnmarshalText reads "5mJ" or "60%".
func (l *energyLimit) UnmarshalText(text []byte) (err error) {
	var isShare bool
	if l.share, isShare, err = parseShare(text); isShare {
		return err
	}
	m := energyPattern.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("is %.40q, expected an energy with its unit, uJ, mJ or J, such as 5mJ, "+
			"or a share of the largest network's, such as 60%%", text)
	}
	v, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		return err
	}
	switch string(m[2]) {
	case "uJ":
		v /= 1e3
	case "J":
		v *= 1e3
	}
	if !(v > 0 && v <= maxEnergyMJ) {
		return fmt.Errorf("is %.40s, expected an energy above 0, up to 1000000 J", text)
	}
	l.mj = v
	return nil
}

// of is the limit in millijoules, a share to four digits; the largest network takes so much.
func (l energyLimit) of(largest float64) float64 {
	if l.share > 0 {
		return fourDigits(float64(l.share) * largest)
	}
	return l.mj
}

// fourDigits rounds to four digits.
func fourDigits(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return v
}

// largest is what the largest network costs.
func largest(spans []search.Span, c search.Cost) float64 {
	for _, s := range spans {
		if s.Cost == c {
			return s.Largest
		}
	}
	return 0
}
