package data

import (
	"path"
	"strings"
)

// imageName tells whether a file is an image by its name, and whether of a kind that is read.
// Cameras' raw files are TIFF inside, but what a TIFF reader finds there is a thumbnail.
func imageName(name string) (isImage, known bool) {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".pjp", ".mpo", ".png", ".apng",
		".gif", ".bmp", ".dib", ".webp", ".tif", ".tiff":
		return true, true
	case ".heic", ".heif", ".hif", ".avif", ".avifs", ".jxl", ".jp2", ".j2k", ".jpf", ".jpx",
		".jxr", ".wdp", ".svg", ".svgz", ".psd", ".psb",
		".xcf", ".kra", ".ico", ".cur", ".icns", ".tga", ".pcx", ".ppm", ".pgm", ".pbm", ".pnm",
		".pam", ".pfm", ".exr", ".hdr", ".dds", ".qoi",
		".flif", ".bpg", ".eps", ".ai", ".wmf", ".emf", ".dcm", ".fits", ".xpm", ".xbm", ".sgi",
		".ras", ".mng", ".jng",
		".raw", ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf",
		".rw2", ".raf", ".pef", ".srw", ".x3f", ".3fr",
		".mef", ".mos", ".mrw", ".erf", ".kdc", ".dcr", ".rwl", ".iiq":
		return true, false
	}
	return false, false
}

// hidden tells what is not looked at: a path with a part that begins with a dot, or with a folder
// of copies that macOS adds to what it packs, or that a Synology disk adds to folders of images.
func hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") || part == "__MACOSX" || part == "@eaDir" {
			return true
		}
	}
	return false
}
