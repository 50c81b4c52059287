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
	"github.com/tailor-nas/tailor/supernet"
)

// TestResumeSaysWhatDiffers by the flag's name, whatever follows from it: the hash of the images
// depends on the seed, and the space on the classes.
func TestResumeSaysWhatDiffers(t *testing.T) {
	j := microJob(t, filepath.Join(t.TempDir(), "run"))
	j.Config.Epochs, j.Config.Strategy = 1, Full
	train(t, j)
	pictures := pictureFolder(t, filepath.Join(t.TempDir(), "pictures"), 20)
	for want, change := range map[string]func(*Job){
		"trained with --seed 7, asked for 8;": func(j *Job) { j.Config.Seed = 8 },
		"trained with --epochs 1, asked for 2; with --weight-decay 3e-5, asked for 0.5; resume": func(j *Job) {
			j.Config.Epochs, j.Config.WeightDecay = 2, 0.5
		},
		"trained with --train-images 180, asked for 190;": func(j *Job) { j.TrainImages = 190 },
		"trained with --holdout 20, asked for 30;":        func(j *Job) { j.Holdout = 30 },
		"with another space of the name micro":            func(j *Job) { j.Space = otherMicro(t, "micro") },
		"with --space micro, asked for mini":              func(j *Job) { j.Space = otherMicro(t, "mini") },
		"pictures has other images than run " +
			j.Dir: func(j *Job) { j.Data = pictures },
	} {
		other := j
		other.Resume = true
		change(&other)
		_, err := Train(t.Context(), other)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := OpenRun(j.Dir); err != nil {
		t.Error(err)
	}
}

func otherMicro(t *testing.T, name string) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("other.yaml",
		[]byte(strings.NewReplacer("name: micro", "name: "+name, "expand: 24",
			"expand: 32").Replace(microSpace)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pictureFolder writes two classes of pictures.
func pictureFolder(t *testing.T, dir string, each int) string {
	t.Helper()
	for class, c := range map[string]color.NRGBA{"red": {200, 0, 0, 255},
		"blue": {0, 0, 200, 255}} {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range each {
			img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
			for p := range 16 * 16 {
				img.SetNRGBA(p%16, p/16, color.NRGBA{c.R + uint8(p%40), uint8(i), c.B + uint8(p/16),
					255})
			}
			f, err := os.Create(filepath.Join(dir, class, fmt.Sprintf("%d.png", i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// TestRelativeDataPath: a run finds its data again from any folder, and where both have moved
// together; where it is gone, or other images are there, the error says so.
func TestRelativeDataPath(t *testing.T) {
	root := filepath.Join(t.TempDir(), "project")
	pictureFolder(t, filepath.Join(root, "pictures"), 20)
	t.Chdir(root)
	j := microJob(t, filepath.Join("runs", "one"))
	j.Data, j.Holdout, j.ValImages, j.TrainImages, j.TestImages = "pictures", 0, 0, Auto, Auto
	j.Config.Epochs, j.Config.Batch, j.Config.Strategy = 1, 16, Full
	if got := train(t, j).Info.Data.Path; got != filepath.Join("..", "..", "pictures") {
		t.Errorf("the run keeps the path %s", got)
	}
	moved := filepath.Join(filepath.Dir(root), "moved")
	t.Chdir(t.TempDir())
	if err := os.Rename(root, moved); err != nil {
		t.Fatal(err)
	}
	run, err := OpenRun(filepath.Join(moved, "runs", "one"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := run.OpenData("")
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.Len() != 36 || run.DataPath() != filepath.Join(moved, "pictures") {
		t.Errorf("%d images from %s", d.Train.Len(), run.DataPath())
	}
	if err := os.Rename(filepath.Join(moved, "pictures"),
		filepath.Join(moved, "images")); err != nil {
		t.Fatal(err)
	}
	if _, err := run.OpenData(""); err == nil || !strings.Contains(err.Error(), "is not at "+
		filepath.Join(moved, "pictures")+" any more; say with --data where it is") {
		t.Errorf("error %v about data that is gone", err)
	}
	if _, err := run.OpenData(filepath.Join(moved, "images")); err != nil {
		t.Error(err)
	}
	pictureFolder(t, filepath.Join(moved, "images"), 21)
	_, err = run.OpenData(filepath.Join(moved, "images"))
	var stale *store.StaleError
	if !errors.As(err, &stale) || strings.Contains(err.Error(), "made again") ||
		!strings.Contains(err.Error(), "has other images than run") {
		t.Errorf("error %v about other images", err)
	}
}
