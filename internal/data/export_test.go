package data

import "io"

// OpenLimited is Open with other memory budgets (0 keeps one): pixels decoded at open, compressed
// images kept from a tar, pixels of a synthetic set, number of images.
func OpenLimited(path string, o Options, decoded, compressed, synthetic int64,
	entries int) (*Dataset, error) {
	lim := defaultLimits()
	if decoded > 0 {
		lim.decoded = decoded
	}
	if compressed > 0 {
		lim.compressed = compressed
	}
	if synthetic > 0 {
		lim.synthetic = synthetic
	}
	if entries > 0 {
		lim.entries = entries
	}
	return open(path, o, lim)
}

// OpenTarStream is Open on a tar that comes from a reader.
func OpenTarStream(r io.Reader, o Options) (*Dataset, error) {
	src, err := readTar("stream.tar", r, o, defaultLimits())
	if err != nil {
		return nil, err
	}
	return src.dataset("stream.tar", o)
}
