package main

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// fill makes a folder with the program, a winner and an image, and nothing else.
func fill(root, program string) error {
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	if err := os.Link(program, filepath.Join(root, "tailor")); err != nil {
		return err
	}
	return errors.Join(writeWinner(filepath.Join(root, "winner")),
		writePhoto(filepath.Join(root, "photo.png")))
}

// writeWinner writes a network with random weights as a search writes one.
func writeWinner(dir string) error {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		return err
	}
	net, err := supernet.NewSubnet(space.Blocks(space.Min()), space.BNEps, 1)
	if err != nil {
		return err
	}
	labels := make([]string, space.Classes)
	for i := range labels {
		labels[i] = string(rune('a' + i))
	}
	mean, std := []float32{.5, .5, .5}, []float32{.25, .25, .25}
	m := &manifest.Manifest{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Arch: space.Spec(space.Min()),
		Blocks: net.Blocks, BNEps: space.BNEps, Classes: labels, Mean: mean, Std: std,
		MACs: supernet.MACs(net.Blocks), Params: supernet.Params(net.Blocks),
		Images: &manifest.Images{Size: 32, Preparation: &manifest.Preparation{
			Orientation: "exif", Background: "white", Crop: "centre-square", SizePx: 32,
			Filter: "catmull-rom-antialias", Channels: "rgb", Range: [2]float64{0, 1},
			Mean: mean, Std: std, Resize: "bilinear-antialias",
		}},
	}
	_, err = m.Save(dir, net, ship.Exporters(ship.Formats())...)
	return err
}

func writePhoto(path string) error {
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range img.Pix {
		img.Pix[i] = uint8(7 * i)
	}
	img.Set(0, 0, color.White)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(png.Encode(f, img), f.Close())
}
