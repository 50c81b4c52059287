package ofa

import (
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

// proxyless says whether a table is of ProxylessNAS (Cai et al., ICLR 2019): its inverted residual
// blocks say the expand ratio in place of the middle channels, and nothing behind the shortcut.
func (t Table) proxyless() bool {
	for key := range t {
		if strings.HasSuffix(key, "-idskip:0") || strings.HasSuffix(key, "-idskip:1") {
			return true
		}
	}
	return false
}

// proxylessTimes is Times of such a table. It times the mean over the image and the classifier as
// one, of which each gets a half.
func (t Table) proxylessTimes(blocks []supernet.Block) (ms []float64, missing string, err error) {
	for _, b := range blocks {
		share := 1.
		key, err := Key(b)
		switch {
		case err != nil:
			return nil, "", err
		case b.Kind == supernet.Pool || b.Kind == supernet.Linear:
			key, share = t.logits(b.In.C), 0.5
		case b.Kind == supernet.MBConv:
			key = proxylessKey(b)
		case strings.HasPrefix(key, "Conv_2"): // it has none without batch norm
			return nil, key, nil
		}
		v, ok := t[key]
		if !ok {
			return nil, key, nil
		}
		ms = append(ms, share*v)
	}
	return ms, "", nil
}

// proxylessKey is what the table calls an inverted residual block.
func proxylessKey(b supernet.Block) string {
	return fmt.Sprintf("expanded_conv-input:%dx%dx%d-output:%dx%dx%d-expand:%g-kernel:%d-stride:%d-idskip:%d",
		b.In.H, b.In.W, b.In.C, b.Out.H, b.Out.W, b.Out.C, float64(b.Mid)/float64(b.In.C),
		b.Kernel, b.Stride, digit(b.Skip))
}

// logits is the key of mean and classifier on so many channels. A table has one.
func (t Table) logits(channels int) string {
	for key := range t {
		if strings.HasPrefix(key, "Logits-") && strings.Contains(key, fmt.Sprintf("x%d-", channels)) {
			return key
		}
	}
	return fmt.Sprintf("Logits-input of %d channels", channels)
}
