package augment

import (
	"math"
	"math/rand/v2"
)

// jitter changes brightness, contrast, saturation and hue in a random order, as torchvision's
// ColorJitter does. Grey images have no saturation and no hue.
func (e *Editor) jitter(r *rand.Rand, pixels []uint8) {
	c := e.recipe
	if c.Brightness+c.Contrast+c.Saturation+c.Hue == 0 {
		return
	}
	order := [4]int{0, 1, 2, 3}
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	factor := func(strength float64) float64 { return between(r, 1-strength, 1+strength) }
	brightness, contrast, saturation := factor(c.Brightness), factor(c.Contrast),
		factor(c.Saturation)
	turn := between(r, -c.Hue, c.Hue)
	for _, what := range order {
		switch {
		case what == 0 && c.Brightness > 0:
			brighten(pixels, brightness)
		case what == 1 && c.Contrast > 0:
			e.contrast(pixels, contrast)
		case what == 2 && c.Saturation > 0:
			e.saturate(pixels, saturation)
		case what == 3 && c.Hue > 0:
			e.turnHue(pixels, turn)
		}
	}
}

// toByte rounds and clamps.
func toByte(v float64) uint8 { return uint8(min(max(math.Floor(v+.5), 0), 255)) }

// look replaces every value by that of a table.
func look(pixels []uint8, table *[256]uint8) {
	for i, v := range pixels {
		pixels[i] = table[v]
	}
}

// away gives the table of going from a value to v by a factor: 0 is the value, 1 is v, and beyond 1
// v goes further away.
func away(from, factor float64) (table [256]uint8) {
	for v := range table {
		table[v] = toByte(from + float64(factor*(float64(v)-from)))
	}
	return table
}

// brighten multiplies.
func brighten(pixels []uint8, factor float64) {
	table := away(0, factor)
	look(pixels, &table)
}

// contrast moves values away from the mean brightness of the image.
func (e *Editor) contrast(pixels []uint8, factor float64) {
	table := away(e.meanLuma(pixels), factor)
	look(pixels, &table)
}

// luma is the brightness of a colour by the weights of ITU-R BT.601, in parts of 1<<16.
func luma(r, g, b uint8) int { return 19595*int(r) + 38470*int(g) + 7471*int(b) }

func (e *Editor) meanLuma(pixels []uint8) float64 {
	sum := 0
	if e.channels == 1 {
		for _, v := range pixels {
			sum += int(v) << 16
		}
	} else {
		for i := 0; i+2 < len(pixels); i += 3 {
			sum += luma(pixels[i], pixels[i+1], pixels[i+2])
		}
	}
	return float64(sum) / float64(e.size*e.size) / (1 << 16)
}

// saturate moves the values of each pixel away from its brightness. It computes in whole numbers of
// 1<<16.
func (e *Editor) saturate(pixels []uint8, factor float64) {
	if e.channels != 3 {
		return
	}
	const one = 1 << 16
	f := int(math.Round(factor * one))
	for i := 0; i+2 < len(pixels); i += 3 {
		p := pixels[i : i+3 : i+3]
		grey := luma(p[0], p[1], p[2])
		for c, v := range p {
			moved := grey + ((int(v)<<16)-grey)*f/one
			p[c] = uint8(min(max((moved+one/2)>>16, 0), 255))
		}
	}
}

// turnHue turns every colour's hue by a share of the colour circle; value and saturation, as HSV
// has them, stay.
func (e *Editor) turnHue(pixels []uint8, turn float64) {
	if e.channels != 3 {
		return
	}
	for i := 0; i+2 < len(pixels); i += 3 {
		p := pixels[i : i+3 : i+3]
		top, low := max(p[0], p[1], p[2]), min(p[0], p[1], p[2])
		if top == low {
			continue
		}
		h := hueOf(p, int(top), int(top)-int(low)) + float64(6*turn)
		if h < 0 {
			h += 6
		} else if h >= 6 {
			h -= 6
		}
		fromHue(p, h, top, low)
	}
}

// hueOf is the hue of a colour that is not grey, from -1 to 5, in sixths of the circle. spread is
// the difference between its largest value and its smallest.
func hueOf(p []uint8, top, spread int) float64 {
	r, g, b := int(p[0]), int(p[1]), int(p[2])
	switch top {
	case r:
		return float64(g-b) / float64(spread)
	case g:
		return 2 + float64(b-r)/float64(spread)
	}
	return 4 + float64(r-g)/float64(spread)
}

// fromHue writes the colour of a hue, 0 to 6, whose largest and smallest values are given.
func fromHue(p []uint8, h float64, top, low uint8) {
	sixth := int(h) % 6
	share := h - float64(int(h))
	if sixth%2 == 1 { // the middle value falls
		share = 1 - share
	}
	middle := toByte(float64(low) + float64(share*float64(top-low)))
	switch sixth {
	case 0:
		p[0], p[1], p[2] = top, middle, low
	case 1:
		p[0], p[1], p[2] = middle, top, low
	case 2:
		p[0], p[1], p[2] = low, top, middle
	case 3:
		p[0], p[1], p[2] = low, middle, top
	case 4:
		p[0], p[1], p[2] = middle, low, top
	default:
		p[0], p[1], p[2] = top, low, middle
	}
}
