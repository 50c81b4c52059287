package data_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"runtime"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// BenchmarkPhotos opens four photos of 12, 48 and 108 megapixels, as phones take them. The column
// MiB is the memory that the heap has had so far, so that it is that of the largest yet.
func BenchmarkPhotos(b *testing.B) {
	for _, side := range []image.Point{{4000, 3000}, {8000, 6000}, {12000, 9000}} {
		b.Run(fmt.Sprintf("%dMP", side.X*side.Y/1_000_000), func(b *testing.B) {
			img := image.NewYCbCr(image.Rectangle{Max: side}, image.YCbCrSubsampleRatio420)
			for i := range img.Y {
				img.Y[i] = byte(i >> 4)
			}
			var file bytes.Buffer
			if err := jpeg.Encode(&file, img, nil); err != nil {
				b.Fatal(err)
			}
			img = nil
			files := tree{"a/0.jpg": file.Bytes(), "a/1.jpg": file.Bytes(), "b/0.jpg": file.Bytes(),
				"b/1.jpg": file.Bytes()}
			path := files.folder(b)
			for b.Loop() {
				if _, err := data.Open(path, data.Options{Size: 224}); err != nil {
					b.Fatal(err)
				}
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB")
		})
	}
}
