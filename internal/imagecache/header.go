package imagecache

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
)

// A file begins with a header, whose numbers are little-endian:
//
//	tailor-images/1\n    16 bytes
//	key                  32
//	bytes of an image     4
//	number of the file    4
//	images in the file    4
//	checksum of these     4
//
// Then come the images' checksums, and the images.
const (
	magic       = "tailor-images/1\n"
	headerBytes = len(magic) + sha256.Size + 3*4 + crc32.Size
)

func (c *Cache) header(file int) (h [headerBytes]byte) {
	b := append(h[:0], magic...)
	b = append(b, c.key[:]...)
	for _, n := range []int{c.bytes, file, c.count(file)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	sum := checksum(b)
	copy(h[len(b):], sum[:])
	return h
}

// checksum is CRC-32C, which processors compute.
func checksum(b []byte) (sum [crc32.Size]byte) {
	binary.LittleEndian.PutUint32(sum[:], crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	return sum
}
