package data

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzListing: whatever a list says, classes are names of folders.
func FuzzListing(f *testing.F) {
	f.Add("ImageId,PredictionString\nILSVRC2012_val_00000001,n01440764 1 2 3 4\n", uint8(0))
	f.Add("n01440764\nn01443537\n../x", uint8(1))
	f.Add("1\n2\n-7\n", uint8(2))
	f.Add("\"a\n,b", uint8(0))
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, devkitMap), []byte("n1 1 a\n../n2 2 b\n"),
		0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, form uint8) {
		read := []func(string, []byte) (map[string]string, error){readKaggle, readSynsets,
			readDevkit}[form%3]
		classes, err := read(dir, []byte(text))
		if err != nil {
			return
		}
		for image, class := range classes {
			if !folderName(class) {
				t.Errorf("image %q is of class %q", image, class)
			}
		}
	})
}
