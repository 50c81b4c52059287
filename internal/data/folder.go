package data

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/prepare"
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
	has := func(base string) bool { return slices.Contains(names, base) }
	if load := binaryLoader(has); load != nil {
		return loadRaw(dir, list, names, load, o)
	}
	if has("data_batch_1") || has("train") && has("test") && has("meta") {
		return nil, formError(dir,
			"these are CIFAR's files for Python, pickles; get the binary version (cifar-10-binary.tar.gz, cifar-100-binary.tar.gz)")
	}
	in := newIntake(dir, o.sizeOr(folderSize), lim)
	in.only = o.only()
	if in.listing, err = readListing(dir); err != nil {
		_, _ = in.finish(nil)
		return nil, err
	}
	all, err := in.finish(walk(dir, "", 0, in))
	if err != nil {
		return nil, all.check(o.SkipDamaged, err)
	}
	return all.arrange(in.size, in.gate, o)
}

// loadRaw opens a binary data set and counts what lies beside its files.
func loadRaw(dir string, list []os.DirEntry, names []string, load func(rawFiles, Options) (*source,
	error), o Options) (*source, error) {
	files, err := readRaw(dir, names)
	if err != nil {
		return nil, err
	}
	s, err := load(files, o)
	if err != nil {
		return nil, err
	}
	s.leftOut = tally{}
	for _, e := range list {
		switch {
		case hidden(e.Name()) || rawName(e.Name()):
		case e.IsDir():
			s.leftOut.add("folder")
		default:
			s.leftOut.add(kindOf(e.Name()))
		}
	}
	return s, nil
}

// walk finds images below root/sub in sorted order. Links are followed, since large sets are often
// linked together from several disks; the depth is bounded against loops of them.
func walk(root, sub string, depth int, in *intake) error {
	if depth > maxDepth {
		return fmt.Errorf("data: %q: folders nested more than %d deep: is there a loop of links?",
			filepath.Join(root, sub), maxDepth)
	}
	if err := in.folder(sub); err != nil {
		return err
	}
	list, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(sub)))
	if err != nil && sub != "" {
		return in.refuse(problem{sub, "unreadable folder",
			fmt.Errorf("data: a folder that cannot be read: %w", err)})
	}
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	for _, e := range list {
		if hidden(e.Name()) {
			continue
		}
		if err := visit(root, path.Join(sub, e.Name()), e, depth, in); err != nil {
			return err
		}
	}
	return nil
}

// visit takes in a file, or what is below a folder. A broken link is a problem, since an image may
// be missing behind it.
func visit(root, name string, e os.DirEntry, depth int, in *intake) error {
	isDir, err := isFolder(root, name, e)
	if err != nil {
		return in.refuse(problem{name, "broken link", fmt.Errorf("data: a broken link: %w", err)})
	}
	if isDir {
		return walk(root, name, depth+1, in)
	}
	at := origin{where: root, name: name}
	isImage, known := imageName(name)
	switch {
	case !isImage:
		in.leftOut.add(kindOf(name))
		return nil
	case !in.only.wants(name, in.listing.class(name)):
		return nil
	case known:
		return in.add(&picture{origin: at})
	}
	head, err := readHead(at.path())
	if err != nil {
		return in.refuse(damagedImage(at, err))
	}
	return in.admit(at, head, &picture{origin: at})
}

// admit takes in a file whose name says that it is an image of a format that is not read, if its
// content says otherwise. The formats with the shortest marks are not believed.
func (in *intake) admit(at origin, head []byte, p *picture) error {
	if f := prepare.FormatOf(head); f != "" && f != "BMP" && f != "TIFF" {
		return in.add(p)
	}
	got := path.Ext(at.name)
	if name := prepare.OtherOf(head); name != "" {
		got += " (" + name + ")"
	}
	return in.refuse(damagedImage(at, at.damage(&fault{-1, prepare.Readable, got + ": convert it",
		nil})))
}

// headBytes tell a file's format.
const headBytes = 512

// readHead reads how a file begins.
func readHead(file string) ([]byte, error) {
	// Looked at before it is opened, as opening a pipe waits for a writer.
	if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("data: %q: want a regular file (%w)", file,
			cmp.Or(err, fs.ErrInvalid))
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, headBytes))
	if err != nil {
		return nil, fmt.Errorf("data: read %q: %w", file, err)
	}
	return head, nil
}

// isFolder follows a link.
func isFolder(root, name string, e os.DirEntry) (bool, error) {
	if e.Type()&os.ModeSymlink == 0 {
		return e.IsDir(), nil
	}
	info, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return false, err
	}
	return info.IsDir(), nil
}
