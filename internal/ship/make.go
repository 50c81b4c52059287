package ship

import (
	"encoding/json"
	"fmt"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx"
	"github.com/tailor-nas/tailor/internal/tflite"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// Formats are those that a network is written in, in the order in which manifests list them.
func Formats() []string { return []string{manifest.FormatONNX, manifest.FormatTFLite} }

// MetaOf is what a manifest says of its network.
func MetaOf(m *manifest.Manifest) (export.Meta, error) {
	arch, err := json.Marshal(m.Arch)
	if err != nil {
		return export.Meta{}, err
	}
	return export.Meta{
		Name: m.SpaceName, Labels: m.Classes, Mean: m.Mean, Std: m.Std, Arch: string(arch),
		ManifestSHA256: m.SHA256, WeightsSHA256: m.Weights.SHA256,
	}, nil
}

// besideMeta is what a file beside the manifest says: not the manifest's hash, which depends on the
// file's, and not which tailor wrote it, so that one network is one file.
func besideMeta(m *manifest.Manifest) (export.Meta, error) {
	meta, err := MetaOf(m)
	meta.ManifestSHA256 = ""
	return meta, err
}

// Exporters write a network beside its manifest in some formats.
func Exporters(formats []string) (all []manifest.Exporter) {
	for _, f := range formats {
		all = append(all, func(m *manifest.Manifest, net *supernet.Subnet) (manifest.Export, []byte,
			error) {
			meta, err := besideMeta(m)
			if err != nil {
				return manifest.Export{}, nil, err
			}
			return Make(f, net, meta)
		})
	}
	return all
}

// Make gives the bytes of a network in a format, and says what the file takes and gives.
func Make(format string, net *supernet.Subnet, m export.Meta) (manifest.Export, []byte, error) {
	in := net.Blocks[0].In
	e := manifest.Export{Format: format, Input: []int{1, in.H, in.W, in.C}, Output: m.Output()}
	var data []byte
	var err error
	switch format {
	case manifest.FormatONNX:
		if m.Opset == 0 {
			m.Opset = onnx.DefaultOpset
		}
		if e.Opset = m.Opset; !m.Preprocessing {
			e.Input = []int{1, in.C, in.H, in.W}
		}
		data, err = onnx.Marshal(net, m)
	case manifest.FormatTFLite:
		data, err = tflite.Marshal(net, m)
	default:
		err = fmt.Errorf("export: the format %q is unknown, expected one of %v", format, Formats())
	}
	return e, data, err
}
