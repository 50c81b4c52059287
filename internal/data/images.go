package data

import "crypto/sha256"

// picture is one image file of a folder or tar. Its pixels are kept decoded, or compressed (tar), or on disk (folder).
type picture struct {
	origin
	number int     // in the order of reading
	eager  bool    // decode when opening
	pixels []uint8 // (H,W,1) if grey, else (H,W,3); nil until decoded
	raw    []byte  // nil for files of a folder
	sum    [sha256.Size]byte
	grey   bool
	label  int32
}

// prepare reads what must be known of every image when a data set is opened: a hash, whether it is grey, and the pixels
// if there is room for them.
func (p *picture) prepare(size int) error {
	raw, err := p.load()
	if err != nil {
		return err
	}
	p.sum = sha256.Sum256(raw)
	grey, f := readHeader(raw)
	if f != nil {
		return p.damage(f)
	}
	p.grey = grey
	if !p.eager {
		return nil
	}
	if p.pixels, err = p.unpack(raw, size); err != nil {
		return err
	}
	p.raw = nil
	return nil
}

func (p *picture) load() ([]byte, error) {
	if p.raw != nil {
		return p.raw, nil
	}
	return readCapped(p.path(), maxImageBytes)
}

func (p *picture) unpack(raw []byte, size int) ([]uint8, error) {
	img, f := decode(raw)
	if f != nil {
		return nil, p.damage(f)
	}
	pixels := make([]uint8, size*size*channelsOf(p.grey))
	fit(pixels, img, size, p.grey)
	return pixels, nil
}

func channelsOf(grey bool) int {
	if grey {
		return 1
	}
	return 3
}

// album is a Set of pictures.
type album struct {
	size, channels int
	pictures       []*picture
}

func (a *album) Len() int        { return len(a.pictures) }
func (a *album) Label(i int) int { return int(a.pictures[i].label) }

func (a *album) Image(i int, dst []uint8) error {
	if err := checkLen(dst, a.size*a.size*a.channels); err != nil {
		return err
	}
	p := a.pictures[i]
	pixels := p.pixels
	if pixels == nil {
		raw, err := p.load()
		if err != nil {
			return err
		}
		// The file may have changed since it was opened, so its header is checked again.
		grey, f := readHeader(raw)
		if f != nil {
			return p.damage(f)
		}
		if grey != p.grey {
			return p.damage(&fault{-1, "the colours that it had when the data set was opened", "others: the file has changed", nil})
		}
		if pixels, err = p.unpack(raw, a.size); err != nil {
			return err
		}
	}
	if len(pixels) == len(dst) {
		copy(dst, pixels)
		return nil
	}
	for j, v := range pixels { // a grey image among coloured ones
		dst[3*j], dst[3*j+1], dst[3*j+2] = v, v, v
	}
	return nil
}
