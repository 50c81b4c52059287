package prepare

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// format is a kind of image file that is read. Which one a file has is told by its content: names
// are unreliable.
type format struct {
	name   string
	magic  []string // how its files begin; ? stands for any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// formats lists what is read. Of a GIF it is the first frame, of a TIFF the first page.
func formats() []format {
	return []format{
		{"JPEG", []string{"\xff\xd8"}, jpeg.DecodeConfig, jpeg.Decode},
		{"PNG", []string{"\x89PNG"}, png.DecodeConfig, png.Decode},
		{"GIF", []string{"GIF8"}, gif.DecodeConfig, gif.Decode},
		{"WebP", []string{"RIFF????WEBP"}, webp.DecodeConfig, webp.Decode},
		{"TIFF", []string{"II*\x00", "MM\x00*"}, tiff.DecodeConfig, tiff.Decode},
		{"BMP", []string{"BM"}, bmp.DecodeConfig, bmp.Decode},
	}
}

// Readable names the formats in messages.
const Readable = "a JPEG, PNG, GIF, BMP, TIFF or WebP image"

// FormatOf names the format by content, "" if it is none that is read.
func FormatOf(raw []byte) string {
	f, _ := formatOf(raw)
	return f.name
}

// formatOf gives the format by content, and whether it is one that is read.
func formatOf(raw []byte) (format, bool) {
	all := formats()
	i := slices.IndexFunc(all, func(f format) bool {
		return slices.ContainsFunc(f.magic, func(m string) bool { return begins(raw, m) })
	})
	if i < 0 {
		return format{}, false
	}
	return all[i], true
}

// others are formats that are not read, in the order in which they are looked for.
func others() []format {
	return []format{
		{name: "AVIF", magic: []string{"????ftypavif", "????ftypavis"}},
		{name: "HEIC", magic: []string{"????ftyphei", "????ftyphev", "????ftypmif1",
			"????ftypmsf1"}},
		{name: "Canon raw", magic: []string{"????ftypcrx"}},
		{name: "MP4 or QuickTime", magic: []string{"????ftyp"}},
		{name: "JPEG XL", magic: []string{"\xff\x0a", "\x00\x00\x00\x0cJXL "}},
		{name: "JPEG 2000", magic: []string{"\x00\x00\x00\x0cjP  ", "\xff\x4f\xff\x51"}},
		{name: "Photoshop", magic: []string{"8BPS"}},
		{name: "QOI", magic: []string{"qoif"}},
		{name: "OpenEXR", magic: []string{"\x76\x2f\x31\x01"}},
		{name: "Radiance HDR", magic: []string{"#?RADIANCE"}},
		{name: "DDS", magic: []string{"DDS "}},
		{name: "icon", magic: []string{"\x00\x00\x01\x00"}},
		{name: "BigTIFF", magic: []string{"II+\x00", "MM\x00+"}},
		{name: "Netpbm", magic: []string{"P1\n", "P2\n", "P3\n", "P4\n", "P5\n", "P6\n", "P5 ",
			"P6 "}},
		{name: "PDF", magic: []string{"%PDF"}},
		{name: "PostScript", magic: []string{"%!PS"}},
		{name: "zip", magic: []string{"PK\x03\x04"}},
		{name: "gzip", magic: []string{"\x1f\x8b"}},
		{name: "Matroska or WebM", magic: []string{"\x1a\x45\xdf\xa3"}},
		{name: "Git LFS pointer (run git lfs pull)", magic: []string{"version https://git-lfs"}},
		{name: "SVG", magic: []string{"<svg"}},
		{name: "HTML", magic: []string{"<!doctype html", "<html", "<!DOCTYPE html",
			"<!DOCTYPE HTML", "<HTML"}},
		{name: "XML", magic: []string{"<?xml"}},
	}
}

// OtherOf names what a file is that is not read, "" if that is unknown.
func OtherOf(raw []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(raw[:min(len(raw), 512)], []byte("\xef\xbb\xbf")),
		" \t\r\n")
	for _, o := range others() {
		for _, m := range o.magic {
			if begins(raw, m) || begins(text, m) {
				return o.name
			}
		}
	}
	return ""
}

// begins tells whether raw starts with magic, where ? stands for any byte.
func begins(raw []byte, magic string) bool {
	if len(raw) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && raw[i] != magic[i] {
			return false
		}
	}
	return true
}
