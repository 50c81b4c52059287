package data

import (
	"crypto/sha256"
	"io"

	"github.com/tailor-nas/tailor/internal/imagecache"
	"github.com/tailor-nas/tailor/internal/prepare"
)

// picture is one image file of a folder or tar. Its pixels are kept decoded, or compressed (tar),
// or on disk (folder).
type picture struct {
	origin
	number        int     // in the order of reading
	eager         bool    // decode when opening
	pixels        []uint8 // (H,W,1) if grey, else (H,W,3); nil until decoded
	raw           []byte  // nil for files of a folder
	sum           [sha256.Size]byte
	grey          bool
	width, height int32 // as it is seen
	orientation   int   // how it is stored
	clear         bool  // transparent in places
	label         int32
	cached        *imagecache.Cache // where slot has its pixels, perhaps; nil without
	slot          int
}

// prepare reads what must be known of every image when a data set is opened: a hash, whether it is
// grey or transparent, its sides, and the pixels if there is room for them.
func (p *picture) prepare(size int, g gate) error {
	raw, err := p.load()
	if err != nil {
		return err
	}
	p.sum = sha256.Sum256(raw)
	h, f := prepare.ReadHeader(raw, size)
	if f != nil {
		return p.damageIn(f)
	}
	width, height := h.Seen()
	p.grey, p.width, p.height, p.orientation = h.Grey, int32(width), int32(height), h.Orientation
	if !p.eager && !h.Alpha {
		return p.checkEnd(raw, h)
	}
	pixels, err := p.unpack(raw, h, size, g)
	if err != nil || !p.eager {
		return err
	}
	p.pixels, p.raw = pixels, nil
	return nil
}

// checkEnd finds a file that is cut, the commonest damage, without decoding it.
func (p *picture) checkEnd(raw []byte, h prepare.Header) error {
	if !h.Cut {
		return nil
	}
	return p.damage(&fault{int64(len(raw)), "a whole " + h.Format() + " image",
		"the end of the file", io.ErrUnexpectedEOF})
}

// load gives the compressed bytes. They are not kept for files of a folder, where the disk has
// them.
func (p *picture) load() ([]byte, error) {
	if p.raw != nil {
		return p.raw, nil
	}
	return readCapped(p.path(), prepare.MaxFile)
}

// unpack decodes compressed bytes whose header has passed [prepare.ReadHeader]. A picture keeps its
// own number of channels, because whether the data set is grey is known only after the last one.
func (p *picture) unpack(raw []byte, h prepare.Header, size int, g gate) (pixels []uint8,
	err error) {
	g.pass(h.Memory, func() {
		stored, f := prepare.Decode(raw, h)
		if f != nil {
			err = p.damageIn(f)
			return
		}
		p.clear = h.Clear(stored)
		pixels = make([]uint8, size*size*channelsOf(p.grey))
		prepare.Fit(pixels, prepare.See(stored, h), size, p.grey)
	})
	return pixels, err
}

// channelsOf is 1 or 3.
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
	gate           gate
}

// Len, Label and Image make an album a Set. Nothing in it changes after opening, hence no lock.
func (a *album) Len() int        { return len(a.pictures) }
func (a *album) Label(i int) int { return int(a.pictures[i].label) }

func (a *album) Image(i int, dst []uint8) error {
	if err := checkLen(dst, a.size*a.size*a.channels); err != nil {
		return err
	}
	p := a.pictures[i]
	pixels := p.pixels
	if pixels == nil && p.cached != nil {
		if ok, err := p.cached.Read(p.slot, dst); ok || err != nil {
			return err
		}
	}
	if pixels == nil {
		var err error
		if pixels, err = p.late(a.size, a.gate); err != nil {
			return err
		}
	}
	spread(dst, pixels)
	return nil
}

// spread copies pixels, of a grey image among coloured ones to all channels.
func spread(dst, pixels []uint8) {
	if len(pixels) == len(dst) {
		copy(dst, pixels)
		return
	}
	for j, v := range pixels {
		dst[3*j], dst[3*j+1], dst[3*j+2] = v, v, v
	}
}

// late decodes a picture when it is asked for. Its file may have changed since the data set was
// opened, so the header is checked again; a change between kinds of colour would not fit the
// buffers.
func (p *picture) late(size int, g gate) ([]uint8, error) {
	raw, err := p.load()
	if err != nil {
		return nil, err
	}
	h, f := prepare.ReadHeader(raw, size)
	if f != nil {
		return nil, p.damageIn(f)
	}
	if h.Grey != p.grey {
		return nil, p.damage(&fault{-1, "the colours that it had when the data set was opened",
			"others: the file has changed", nil})
	}
	// Several goroutines may decode one picture: what was found out when opening stays as it is.
	fresh := *p
	return fresh.unpack(raw, h, size, g)
}
