package trainer

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
)

// TestOldRun: a run that knows nothing of preparation is read. If its data holds what was prepared
// in another way then, that is said.
func TestOldRun(t *testing.T) {
	for name, alpha := range map[string]uint8{"opaque": 255, "transparent": 100} {
		path, dir := t.TempDir(), t.TempDir()
		for i := range 40 {
			img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
			img.SetNRGBA(i%16, 3, color.NRGBA{9, 9, 9, 255})
			for j := 3; j < len(img.Pix); j += 4 {
				img.Pix[j] = alpha
			}
			file := filepath.Join(path, fmt.Sprint("class", i%2), fmt.Sprint(i, ".png"))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			f, err := os.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
				t.Fatal(err)
			}
		}
		j := NewJob(dir, micro(t), path)
		j.Config.Batch = 8
		info, d, err := newInfo(j, nil)
		if err != nil {
			t.Fatal(err)
		}
		if p := info.Data.Preparation; p == nil || p.SizePx != d.Size || p.Background != "white" {
			t.Fatalf("preparation %+v", p)
		}
		info.Data.Preparation = nil
		if alpha < 255 {
			info.Data.SHA256 = strings.Repeat("ab", 32)
			info.Inputs["data"] = store.Input{Path: path, SHA256: strings.Repeat("ab", 32)}
		}
		if err := store.WriteDocument(filepath.Join(dir, runFile), runKind, oldestRun,
			info); err != nil {
			t.Fatal(err)
		}
		var old Info
		if err := old.read(dir); err != nil {
			t.Fatal(err)
		}
		_, err = old.openData(dir, path)
		if opened := err == nil; opened != (alpha == 255) {
			t.Errorf("%s: error %v", name, err)
		}
		var stale *store.StaleError
		if err != nil && (!errors.As(err, &stale) || !strings.Contains(err.Error(),
			"40 transparent: train again")) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
