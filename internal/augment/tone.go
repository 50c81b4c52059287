package augment

// The operations of TrivialAugment that replace values, as Pillow's ImageOps and ImageEnhance
// define them.

// posterize keeps so many of the upper bits of a value.
func posterize(pixels []uint8, bits int) {
	mask := uint8(0xff << (8 - bits))
	for i := range pixels {
		pixels[i] &= mask
	}
}

// solarize turns values from a threshold on into their negatives.
func solarize(pixels []uint8, from float64) {
	for i, v := range pixels {
		if float64(v) >= from {
			pixels[i] = 255 - v
		}
	}
}

// channel calls f with each channel's counts of values, and replaces its values by f's table.
func (e *Editor) channel(pixels []uint8, f func(counts *[256]int) [256]uint8) {
	for c := range e.channels {
		var counts [256]int
		for i := c; i < len(pixels); i += e.channels {
			counts[pixels[i]]++
		}
		table := f(&counts)
		for i := c; i < len(pixels); i += e.channels {
			pixels[i] = table[pixels[i]]
		}
	}
}

// autoContrast stretches the values of each channel to 0 to 255.
func (e *Editor) autoContrast(pixels []uint8) {
	e.channel(pixels, func(counts *[256]int) (table [256]uint8) {
		low, high := 0, 255
		for low < 255 && counts[low] == 0 {
			low++
		}
		for high > 0 && counts[high] == 0 {
			high--
		}
		for v := range table {
			table[v] = uint8(v)
			if high > low {
				table[v] = uint8(min(max((v-low)*255/(high-low), 0), 255))
			}
		}
		return table
	})
}

// equalize makes the values of each channel about equally frequent.
func (e *Editor) equalize(pixels []uint8) {
	e.channel(pixels, func(counts *[256]int) (table [256]uint8) {
		last := 255
		for last > 0 && counts[last] == 0 {
			last--
		}
		step := (e.size*e.size - counts[last]) / 255
		sum := step / 2
		for v := range table {
			table[v] = uint8(v)
			if step > 0 {
				table[v] = uint8(min(sum/step, 255))
			}
			sum += counts[v]
		}
		return table
	})
}

// sharpen moves values away from those of the smoothed image; the edge of the image stays.
func (e *Editor) sharpen(pixels []uint8, factor float64) {
	copy(e.spare, pixels)
	row := e.size * e.channels
	for y := 1; y < e.size-1; y++ {
		for i := y*row + e.channels; i < (y+1)*row-e.channels; i++ {
			smooth := toByte(float64(e.around(i, row)) / 13)
			moved := float64(factor * (float64(e.spare[i]) - float64(smooth)))
			pixels[i] = toByte(float64(smooth) + moved)
		}
	}
}

// around is the weighted sum of a value (5) and its eight neighbours (1 each).
func (e *Editor) around(i, row int) int {
	sum := 4 * int(e.spare[i])
	for _, line := range [3]int{i - row, i, i + row} {
		sum += int(e.spare[line-e.channels]) + int(e.spare[line]) + int(e.spare[line+e.channels])
	}
	return sum
}
