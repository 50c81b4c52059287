package imagecache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/store"
)

// ErrDamaged is returned for a file of a cache that is not what was written.
var ErrDamaged = errors.New("damaged cache")

// fileBytes is about how many bytes of images a file has.
const fileBytes = 64 << 20

// Cache is a number of images of one length. It is safe for concurrent use, except while it is
// filled.
type Cache struct {
	dir           string
	key           [sha256.Size]byte
	images, bytes int
	perFile       int
	have          []bool // by file
}

// Open looks for the images of a key in a folder, which need not be there: so many images of so
// many bytes. The key is the hash of all that decides what the images are.
func Open(dir string, key [sha256.Size]byte, images, bytes int) (*Cache, error) {
	return open(dir, key, images, bytes, max(1, fileBytes/max(1, bytes)))
}

// open is Open with so many images a file.
func open(dir string, key [sha256.Size]byte, images, bytes, perFile int) (*Cache, error) {
	if images < 1 || bytes < 1 {
		return nil, fmt.Errorf("cache of %d images of %d bytes: there is nothing to keep", images,
			bytes)
	}
	c := &Cache{dir: filepath.Join(dir, hex.EncodeToString(key[:8])), key: key, images: images,
		bytes: bytes, perFile: perFile}
	c.have = make([]bool, (images+c.perFile-1)/c.perFile)
	for i := range c.have {
		var err error
		if c.have[i], err = c.check(i); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Dir is the folder that the files are in.
func (c *Cache) Dir() string { return c.dir }

// Bytes is how large the cache is when it is full, and Missing how much of that is not there.
func (c *Cache) Bytes() int64 { return c.sum(func(int) bool { return true }) }

// Missing is 0 for a cache that is full.
func (c *Cache) Missing() int64 { return c.sum(func(file int) bool { return !c.have[file] }) }

func (c *Cache) sum(counts func(file int) bool) (total int64) {
	for i := range c.have {
		if counts(i) {
			total += c.length(i)
		}
	}
	return total
}

// count is how many images a file has, and length how many bytes it has in all.
func (c *Cache) count(file int) int { return min(c.perFile, c.images-file*c.perFile) }

func (c *Cache) length(file int) int64 {
	return int64(headerBytes) + int64(c.count(file))*int64(c.bytes+crc32.Size)
}

func (c *Cache) path(file int) string {
	return filepath.Join(c.dir, fmt.Sprintf("%06d.images", file))
}

// check says whether a file is there; one that is not of this cache is an error.
func (c *Cache) check(file int) (bool, error) {
	path := c.path(file)
	f, size, err := store.OpenRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open cache: %w", err)
	}
	defer f.Close()
	var have [headerBytes]byte
	if _, err := io.ReadFull(f, have[:]); err != nil || have != c.header(file) ||
		size != c.length(file) {
		return false, fmt.Errorf("%w: %s is of %d bytes, expected %d of images with the key %x: delete it, and it is made again",
			ErrDamaged, path, size, c.length(file), c.key[:8])
	}
	return true, nil
}

// Read gives image i; ok is false for one that is not there.
func (c *Cache) Read(i int, dst []uint8) (ok bool, err error) {
	if len(dst) != c.bytes {
		return false, fmt.Errorf("cache: image buffer has %d bytes, expected %d", len(dst), c.bytes)
	}
	file, at := i/c.perFile, int64(i%c.perFile)
	if !c.have[file] {
		return false, nil
	}
	f, err := os.Open(c.path(file))
	if err != nil {
		return false, fmt.Errorf("read cache: %w", err)
	}
	defer f.Close()
	var sum [crc32.Size]byte
	pixels := int64(headerBytes) + int64(c.count(file))*crc32.Size
	for _, part := range []struct {
		b  []byte
		at int64
	}{{sum[:], int64(headerBytes) + at*crc32.Size}, {dst, pixels + at*int64(c.bytes)}} {
		if _, err := f.ReadAt(part.b, part.at); err != nil {
			return false, fmt.Errorf("read cache %s: %w", f.Name(), err)
		}
	}
	if sum != checksum(dst) {
		return false, fmt.Errorf("%w: image %d of %s has another checksum: delete the file, and it is made again",
			ErrDamaged, at, f.Name())
	}
	return true, nil
}

// Fill makes the files that are missing. images writes images from to to, one after the other.
// After each file, done is told how many bytes there are. An interrupted Fill loses nothing but the
// file that it was at.
func (c *Cache) Fill(ctx context.Context, images func(ctx context.Context, dst []uint8, from,
	to int) error, done func(bytes int64)) error {
	if c.Missing() == 0 {
		return nil
	}
	lock, err := store.LockDir(c.dir, "the cache of tailor train")
	if err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	defer lock.Unlock()
	if err := store.CleanPartial(c.dir); err != nil {
		return fmt.Errorf("make cache: %w", err)
	}
	buffer := make([]uint8, c.count(0)*c.bytes)
	for file := range c.have {
		if c.have[file] {
			continue
		}
		if c.have[file], err = c.check(file); err != nil || c.have[file] {
			if err != nil {
				return err
			}
			continue // another program made it meanwhile
		}
		from, n := file*c.perFile, c.count(file)
		if err := images(ctx, buffer[:n*c.bytes], from, from+n); err != nil {
			return err
		}
		if err := c.write(file, buffer[:n*c.bytes]); err != nil {
			return fmt.Errorf("make cache: %w", err)
		}
		c.have[file] = true
		done(c.Bytes() - c.Missing())
	}
	return nil
}

func (c *Cache) write(file int, pixels []uint8) error {
	return store.WriteFile(c.path(file), func(w io.Writer) error {
		head := c.header(file)
		out := head[:]
		for at := 0; at < len(pixels); at += c.bytes {
			sum := checksum(pixels[at : at+c.bytes])
			out = append(out, sum[:]...)
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
		_, err := w.Write(pixels)
		return err
	})
}
