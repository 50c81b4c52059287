// Package imagecache keeps prepared images in files, for data that is larger than the memory: each
// image is decoded once, and read by its number from then on.
//
// A cache is a folder of files with some megabytes of images each. A file appears whole or not at
// all, so that filling goes on where it was interrupted. It names what its images were made from by
// hash, and every image has a checksum that is compared whenever it is read.
package imagecache
