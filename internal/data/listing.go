package data

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// The validation images of ImageNet come in one folder, and their classes in a list of one of these
// names, which lies beside train and val:
const (
	// kaggleList has "ImageId,PredictionString" and then lines such as
	// "ILSVRC2012_val_00000017,n01440764 85 1 499 272".
	kaggleList = "LOC_val_solution.csv"
	// synsetList has the class folder of each image, a line each.
	synsetList = "imagenet_2012_validation_synset_labels.txt"
	// devkitList has a number for each image, and devkitMap lines such as "n02119789 1 kit_fox".
	devkitList = "ILSVRC2012_validation_ground_truth.txt"
	devkitMap  = "map_clsloc.txt"

	maxListing = 64 << 20 // bytes of a list
)

// listing is the classes of images that lie in no class folder.
type listing struct {
	file    string
	classes map[string]string // by the image's base name without its ending
}

// class gives the class of an image by its path, "" for one that is not listed. A nil listing has
// none.
func (l *listing) class(name string) string {
	if l == nil {
		return ""
	}
	base := path.Base(name)
	return l.classes[strings.TrimSuffix(base, path.Ext(base))]
}

// readListing reads the list in a folder, nil if there is none.
func readListing(dir string) (*listing, error) {
	for _, form := range []struct {
		name string
		read func(dir string, text []byte) (map[string]string, error)
	}{{kaggleList, readKaggle}, {synsetList, readSynsets}, {devkitList, readDevkit}} {
		file := filepath.Join(dir, form.name)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		text, err := readCapped(file, maxListing)
		if err != nil {
			return nil, err
		}
		classes, err := form.read(dir, text)
		if err != nil {
			return nil, fmt.Errorf("data: %s: %w", file, err)
		}
		return &listing{form.name, classes}, nil
	}
	return nil, nil
}

func readKaggle(_ string, text []byte) (map[string]string, error) {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	classes := map[string]string{}
	for i, row := range rows {
		if i == 0 && row[0] == "ImageId" {
			continue
		}
		class, _, _ := strings.Cut(row[min(1, len(row)-1)], " ")
		if len(row) != 2 || !folderName(class) {
			return nil, fmt.Errorf("line %d is %.80q, expected an image, a comma and its class", i+1,
				strings.Join(row, ","))
		}
		classes[row[0]] = class
	}
	return classes, nil
}

// folderName says whether a class could be the name of a folder.
func folderName(class string) bool {
	return class != "" && class != "." && class != ".." && !strings.ContainsAny(class, "/\\\x00")
}

// numbered is what the validation images of ImageNet are called, from 1 on.
func numbered(i int) string { return fmt.Sprintf("ILSVRC2012_val_%08d", i) }

func readSynsets(_ string, text []byte) (map[string]string, error) {
	classes := map[string]string{}
	for i, class := range strings.Fields(string(text)) {
		if !folderName(class) {
			return nil, fmt.Errorf("entry %d is %.80q, expected a class", i+1, class)
		}
		classes[numbered(i+1)] = class
	}
	return classes, nil
}

// readDevkit joins the numbers of the images' classes with the names of these.
func readDevkit(dir string, text []byte) (map[string]string, error) {
	names, err := readCapped(filepath.Join(dir, devkitMap), maxListing)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("it has numbers of classes, whose names are in %s of the newer devkits: put that beside it, or use %s or %s instead", devkitMap, kaggleList, synsetList)
	}
	if err != nil {
		return nil, err
	}
	byNumber := map[string]string{}
	for line := range strings.Lines(string(names)) {
		if fields := strings.Fields(line); len(fields) >= 2 && folderName(fields[0]) {
			byNumber[fields[1]] = fields[0]
		}
	}
	classes := map[string]string{}
	for i, number := range strings.Fields(string(text)) {
		class, ok := byNumber[number]
		if _, err := strconv.Atoi(number); err != nil || !ok {
			return nil, fmt.Errorf("entry %d is %.80q, expected a number that %s has", i+1, number,
				devkitMap)
		}
		classes[numbered(i+1)] = class
	}
	return classes, nil
}
