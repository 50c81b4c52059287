package data_test

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// refuses opens a hostile file, which must be refused with words and without taking much memory.
func refuses(t *testing.T, file []byte, says ...string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := data.OpenTarStream(bytes.NewReader(file), data.Options{})
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Fatal("opened")
	}
	oneLine(t, err)
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not say %q", err, s)
		}
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 400 {
		t.Errorf("took %d MiB", used)
	}
}

// block is a tar header of GNU's old kind, which the library does not write.
func block(name string, kind byte, size int, more func(b []byte)) []byte {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x00")
	copy(b[124:], fmt.Sprintf("%011o\x00%011o\x00", size, 0))
	copy(b[148:], "        ")
	b[156] = kind
	copy(b[257:], "ustar  \x00")
	if more != nil {
		more(b)
	}
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

// TestHostileTars has names and files that claim more than there is.
func TestHostileTars(t *testing.T) {
	whole := pets(t, "train/", "test/").tar(t, "")
	end := whole[len(whole)-1024:]
	whole = whole[:len(whole)-1024]
	with := func(parts ...[]byte) []byte {
		return append(bytes.Join(append([][]byte{whole}, parts...), nil), end...)
	}

	var long bytes.Buffer
	w := tar.NewWriter(&long)
	for range 20 {
		if err := w.WriteHeader(&tar.Header{Name: "train/cat/" + strings.Repeat("a", 1_000_000) +
			".png", Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
	}
	refuses(t, with(long.Bytes()), "a name of 1000014 bytes")

	sparse := func(b []byte) {
		copy(b[386:], fmt.Sprintf("%011o\x00%011o\x00", 0, 512)) // what there is
		copy(b[483:], fmt.Sprintf("%011o\x00", 1<<30-1))         // what it claims
	}
	refuses(t, with(block("train-images-idx3-ubyte", 'S', 512, sparse), make([]byte, 512)),
		"sparse file")
	refuses(t, with(block("train/cat/9.png", 'S', 512, sparse), make([]byte, 512)), "sparse file")
	records := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0",
		"GNU.sparse.name=train/cat/9.png", "GNU.sparse.realsize=60000000"} {
		records += fmt.Sprintf("%d %s\n", len(r)+4, r)
	}
	pax := append(block("pax", 'x', len(records), nil),
		append([]byte(records), make([]byte, 512-len(records))...)...)
	refuses(t, with(pax, block("sparse", '0', 512, nil), append([]byte("1\n0\n0\n"),
		make([]byte, 506)...)), "sparse file")

	refuses(t, with(block(strings.Repeat("d/", 20)+"9.png", '0', 0, nil)), "folders at most 8 deep")
	many := tree{}
	for i := range 10_100 {
		many[fmt.Sprintf("a/%d.png", i)] = nil
	}
	refuses(t, many.tar(t, ""), "more than 10000 files that cannot be read")
}

// TestHostileGzip has streams that unpack to a thousand times their size.
func TestHostileGzip(t *testing.T) {
	zeros := zip(t, make([]byte, 1<<20)) // a gzip stream may have any number of members
	entry := block("train/cat/9.txt", '0', 1<<30, nil)
	refuses(t, append(zip(t, entry), bytes.Repeat(zeros, 300)...),
		"unpack to more than 100 times as many")
	entry = block("train-images-idx3-ubyte", '0', 1<<30, nil)
	refuses(t, append(zip(t, entry), bytes.Repeat(zeros, 300)...),
		"unpack to more than 100 times as many")

	head := idx(nil, 1<<20, 28, 28)
	files := digits()
	delete(files, "train-images-idx3-ubyte")
	files["train-images-idx3-ubyte.gz"] = append(zip(t, head), bytes.Repeat(zeros, 300)...)
	refuses(t, files.tar(t, ""), "train-images-idx3-ubyte.gz",
		"unpack to more than 100 times as many")
	files["train-images-idx3-ubyte.gz"] = zip(t, head)
	refuses(t, files.tar(t, ""), "train-images-idx3-ubyte.gz", "the end of the file")
}

// TestHostileImages has images that take a lot of time or memory.
func TestHostileImages(t *testing.T) {
	one := func(file []byte) []byte { return tree{"train/cat/0.jpg": file}.tar(t, "") }
	file := jpegOf(t, colourImage(8, 8, 1))
	scan := file[bytes.Index(file, []byte("\xff\xda")) : len(file)-2]
	refuses(t, one(append(bytes.Clone(file[:len(file)-2]), append(bytes.Repeat(scan, 5000), 0xff,
		0xd9)...)), "at most 100 scans", "5001 scans")

	wide := bytes.Clone(file)
	frame := bytes.Index(wide, []byte("\xff\xc0"))
	binary.BigEndian.PutUint16(wide[frame+5:], 9000)
	binary.BigEndian.PutUint16(wide[frame+7:], 12000)
	progressive := bytes.Clone(wide)
	progressive[frame+1] = 0xc2
	refuses(t, one(append(progressive[:len(file)-2], append(bytes.Repeat(scan, 60), 0xff,
		0xd9)...)), "scans of 12000x9000")
	refuses(t, one(progressive), "at most 448 MiB of memory")
	for _, side := range []uint32{16_000, 32_768, 65_535} {
		refuses(t, one(pngHeader(side, side)), fmt.Sprintf("%dx%d", side, side))
	}
	gif := []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00;")
	refuses(t, one(gif), "65535x65535")
}

// TestHostileSizes has a small file of many tiny images, which would be large ones.
func TestHostileSizes(t *testing.T) {
	files := digits()
	files["train-images-idx3-ubyte"] = idx(make([]byte, 1<<20), 1<<20, 1, 1)
	labels := make([]byte, 1<<20)
	labels[0] = 1
	files["train-labels-idx1-ubyte"] = idx(labels, 1<<20)
	files["t10k-images-idx3-ubyte"] = idx(make([]byte, 10), 10, 1, 1)
	files["t10k-labels-idx1-ubyte"] = idx(make([]byte, 10), 10)
	failure(t, files.folder(t), data.Options{Size: 64}, "1048576 images of 64x64", "smaller size")
	mustOpen(t, files.folder(t), data.Options{Size: 4})
}
