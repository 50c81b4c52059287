package prepare

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Upright is the orientation of an image that is stored as it is to be seen. The other seven, 2 to
// 8, say how it must be mirrored or turned first (EXIF 2.3, tag 0x0112).
const Upright = 1

const orientationTag = 0x0112

// exifOrientation reads the orientation from a TIFF header with its first directory, as EXIF has
// it. What is damaged or out of range counts as upright, as viewers take it.
func exifOrientation(b []byte) int {
	d := readDirectory(bytes.TrimPrefix(b, []byte("Exif\x00\x00")))
	if entry := d.entry(orientationTag); entry != nil {
		return orientationValue(entry, d.order)
	}
	return Upright
}

// directory is the first one of a TIFF file, or of EXIF: entries of 12 bytes, each a tag, a type,
// the number of values, and the value where it fits.
type directory struct {
	order   binary.ByteOrder
	entries [][]byte
}

// readDirectory reads as many entries as there are; none where this is no TIFF.
func readDirectory(b []byte) directory {
	d := directory{order: binary.LittleEndian}
	if len(b) < 8 {
		return d
	}
	switch string(b[:4]) {
	case "II*\x00":
	case "MM\x00*":
		d.order = binary.BigEndian
	default:
		return d
	}
	at := int64(d.order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return d
	}
	rest := b[at+2:]
	for range d.order.Uint16(b[at:]) {
		if len(rest) < 12 {
			return d
		}
		d.entries, rest = append(d.entries, rest[:12]), rest[12:]
	}
	return d
}

// entry gives the first entry with a tag, nil if there is none.
func (d *directory) entry(tag uint16) []byte {
	i := slices.IndexFunc(d.entries, func(e []byte) bool { return d.order.Uint16(e) == tag })
	if i < 0 {
		return nil
	}
	return d.entries[i]
}

// orientationValue takes one SHORT, as the standard has it, or one LONG, which some programs write.
func orientationValue(entry []byte, order binary.ByteOrder) int {
	value := uint32(0)
	switch kind := order.Uint16(entry[2:]); {
	case order.Uint32(entry[4:]) != 1:
	case kind == 3:
		value = uint32(order.Uint16(entry[8:]))
	case kind == 4:
		value = order.Uint32(entry[8:])
	}
	if value < 1 || value > 8 {
		return Upright
	}
	return int(value)
}

// pngFacts are what chunks of a PNG say beside the image.
type pngFacts struct {
	exif  []byte // content of the eXIf chunk, nil without
	clear bool   // has a tRNS chunk: a colour that is transparent
	whole bool   // has its last chunk
}

// readPNG walks over the chunks. It judges nothing that the decoder will judge.
func readPNG(raw []byte) (f pngFacts) {
	for at := 8; at+12 <= len(raw); {
		n := int64(binary.BigEndian.Uint32(raw[at:]))
		if n > int64(len(raw)-at-12) {
			return f
		}
		switch body := raw[at+8:][:n]; string(raw[at+4 : at+8]) {
		case "eXIf":
			if f.exif == nil {
				f.exif = body
			}
		case "tRNS":
			f.clear = true
		case "IEND":
			f.whole = true
			return f
		}
		at += 12 + int(n)
	}
	return f
}

// webpExif gives the content of a WebP's EXIF chunk, nil if it has none.
func webpExif(raw []byte) []byte {
	for at := 12; at+8 <= len(raw); {
		n := int64(binary.LittleEndian.Uint32(raw[at+4:]))
		if n > int64(len(raw)-at-8) {
			return nil
		}
		if string(raw[at:at+4]) == "EXIF" {
			return raw[at+8:][:n]
		}
		// Chunks are padded to an even length.
		at += 8 + int(n+n&1)
	}
	return nil
}
