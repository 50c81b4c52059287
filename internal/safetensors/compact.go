package safetensors

import (
	"fmt"
	"math"
	"math/bits"
)

// A compact tensor is one with many zeros, of which a file holds only the other values and their
// places:
//
//	NAME                         F32, 1-D: the values that are not zero, by rising index
//	NAME:bitmap                  U8, 1-D: a bit for each element, the lowest first, set where
//	                             there is a value; or
//	NAME:gaps                    U8, 1-D: a byte for each value, the number of zeros before it;
//	                             255 is 255 zeros and no value
//	metadata tailor.compact      {"NAME":[its dimensions],...}
//
// Zero is the number whose 32 bits are zero. Negative zero is a value like any other, so that every
// tensor comes back bit for bit. docs/formats.md describes all of it.
const (
	compactKey   = "tailor.compact"
	bitmapSuffix = ":bitmap"
	gapsSuffix   = ":gaps"
	// compactBytes is about what a compact tensor takes more of the header than a dense one. It is
	// part of the rule that chooses between them, and so of the bytes of every file: never change
	// it.
	compactBytes = 256
	// farGap stands for as many zeros and no value.
	farGap = 255
)

func isZero(x float32) bool { return math.Float32bits(x) == 0 }

// choosePlaces says how a tensor takes the fewest bytes: "" for dense, or the suffix of its places.
// Of equals it takes the first of dense, bitmap, gaps.
func choosePlaces(data []float32) (suffix string) {
	values, gapBytes, zeros := 0, 0, 0
	for _, x := range data {
		if isZero(x) {
			if zeros++; zeros == farGap {
				gapBytes, zeros = gapBytes+1, 0
			}
			continue
		}
		values, gapBytes, zeros = values+1, gapBytes+1, 0
	}
	least := 4 * len(data)
	if n := 4*values + bitmapLen(len(data)) + compactBytes; n < least {
		least, suffix = n, bitmapSuffix
	}
	if n := 4*values + gapBytes + compactBytes; n < least {
		suffix = gapsSuffix
	}
	return suffix
}

// withoutZeros gives the values of a compact tensor.
func withoutZeros(data []float32) []float32 {
	values := []float32{}
	for _, x := range data {
		if !isZero(x) {
			values = append(values, x)
		}
	}
	return values
}

func bitmapLen(elements int) int { return elements/8 + (elements%8+7)/8 }

func encodeBitmap(data []float32) []byte {
	places := make([]byte, bitmapLen(len(data)))
	for i, x := range data {
		if !isZero(x) {
			places[i/8] |= 1 << (i % 8)
		}
	}
	return places
}

// encodeGaps also covers the zeros after the last value, all but a rest of at most 254: the number
// of elements that a byte can stand for is bounded.
func encodeGaps(data []float32) []byte {
	places, zeros := []byte{}, 0
	for _, x := range data {
		switch {
		case !isZero(x):
			places, zeros = append(places, byte(zeros)), 0
		case zeros == farGap-1:
			places, zeros = append(places, farGap), 0
		default:
			zeros++
		}
	}
	return places
}

// checkBitmap wants one bit for each value, and none beyond the elements.
func checkBitmap(places []byte, elements, values int) error {
	set := 0
	for _, b := range places {
		set += bits.OnesCount8(b)
	}
	if set != values {
		return fmt.Errorf("%w: its bitmap has %d bits set for %d values", ErrFormat, set, values)
	}
	if rest := elements % 8; rest != 0 && places[len(places)-1]>>rest != 0 {
		return fmt.Errorf("%w: its bitmap has bits set beyond its %d elements", ErrFormat,
			elements)
	}
	return nil
}

// checkGaps wants one place for each value, and as many elements as there are but for a rest of
// zeros that no byte stands for.
func checkGaps(places []byte, elements, values int) error {
	placed, at := 0, int64(0)
	for _, b := range places {
		at += int64(b)
		if b != farGap {
			placed, at = placed+1, at+1
		}
	}
	switch rest := int64(elements) - at; {
	case placed != values:
		return fmt.Errorf("%w: its gaps place %d values, it has %d", ErrFormat, placed, values)
	case rest < 0 || rest >= farGap:
		return fmt.Errorf("%w: its gaps cover %d of %d elements", ErrFormat, at, elements)
	}
	return nil
}

// spreadBitmap puts values to their places in dense, which is zero. The bitmap is a checked one.
func spreadBitmap(dense, values []float32, places []byte) {
	next := 0
	for i, b := range places {
		for ; b != 0; b &= b - 1 {
			dense[8*i+bits.TrailingZeros8(b)] = values[next]
			next++
		}
	}
}

// spreadGaps is the same with gaps.
func spreadGaps(dense, values []float32, places []byte) {
	next, at := 0, 0
	for _, b := range places {
		at += int(b)
		if b != farGap {
			dense[at] = values[next]
			next, at = next+1, at+1
		}
	}
}
