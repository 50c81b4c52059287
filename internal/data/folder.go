package data

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// folderSize is the default side of images from folders.
const folderSize = 32

// loadFolder looks at the names that lie directly in dir: those of a binary data set decide, else
// dir is searched for images.
func loadFolder(dir string, o Options, lim limits) (*source, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	var names []string
	for _, e := range list {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	// Binary files decide first: CIFAR's own folder also holds an HTML page, and images might lie
	// around.
	if load := binaryLoader(func(base string) bool { return slices.Contains(names, base) }); load != nil {
		files, err := readRaw(dir, names)
		if err != nil {
			return nil, err
		}
		return load(files, o)
	}
	in := newIntake(o.sizeOr(folderSize), lim)
	pictures, err := in.finish(walk(dir, "", 0, in))
	if err != nil {
		return nil, err
	}
	return arrange(dir, pictures, in.size)
}

// walk finds images below root/sub in sorted order. Links are followed, since large sets are often
// linked together from several disks; the depth is bounded against loops of them.
func walk(root, sub string, depth int, in *intake) error {
	if depth > maxDepth {
		return fmt.Errorf("data: %q: folders nested more than %d deep: is there a loop of links?", filepath.Join(root, sub), maxDepth)
	}
	list, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(sub)))
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	for _, e := range list {
		name := path.Join(sub, e.Name())
		if hidden(e.Name()) {
			continue
		}
		isDir, err := isFolder(root, name, e)
		if err != nil {
			return err
		}
		if isDir {
			err = walk(root, name, depth+1, in)
		} else {
			err = addFile(in, origin{where: root, name: name}, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isFolder follows a link. A broken link is an error, since an image may be missing behind it.
func isFolder(root, name string, e os.DirEntry) (bool, error) {
	if e.Type()&os.ModeSymlink == 0 {
		return e.IsDir(), nil
	}
	info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return false, fmt.Errorf("data: %w", err)
	}
	return info.IsDir(), nil
}

// addFile takes a file in if it is an image, and refuses kinds of images that would otherwise be
// left out silently.
func addFile(in *intake, at origin, raw []byte) error {
	switch isImage, known := imageName(at.name); {
	case !isImage:
		return nil
	case !known:
		return at.damage(&fault{-1, "JPEG or PNG images", path.Ext(at.name) + ": convert it", nil})
	}
	return in.add(&picture{origin: at, raw: raw})
}
