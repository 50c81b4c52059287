package prepare

import (
	"image"

	"golang.org/x/image/draw"
)

// Fit writes the centre square of img, scaled to size x size, as (H,W,1) or (H,W,3) bytes. It crops
// before it scales: the work is then bounded by the output also for images of extreme shape.
func Fit(dst []uint8, img image.Image, size int, grey bool) {
	square := centre(img.Bounds())
	canvas := image.NewRGBA(image.Rect(0, 0, size, size))
	// Not scaling at all is the only way to keep every byte.
	if square.Dx() == size {
		draw.Draw(canvas, canvas.Bounds(), img, square.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(canvas, canvas.Bounds(), img, square, draw.Src, nil)
	}
	pack(dst, canvas.Pix, grey)
}

// centre gives the largest square in the middle of r.
func centre(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	at := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}
}

// pack drops alpha, and for grey keeps one of three equal channels.
func pack(dst, rgba []uint8, grey bool) {
	if grey {
		for i := range dst {
			dst[i] = rgba[4*i]
		}
		return
	}
	for i := range len(dst) / 3 {
		copy(dst[3*i:3*i+3], rgba[4*i:4*i+3])
	}
}
