package netfile

import (
	"errors"
	"reflect"
	"testing"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/supernet"
)

// file is a network, and as it is written.
func file(t testing.TB) (*supernet.Subnet, []byte) {
	t.Helper()
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(space.Blocks(space.Min())[:3], 1e-3, 7)
	if err != nil {
		t.Fatal(err)
	}
	data, err := Marshal(net, export.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return net, data
}

// TestRoundTrip: a network is read as it was written.
func TestRoundTrip(t *testing.T) {
	want, data := file(t)
	got, err := Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Blocks, want.Blocks) || got.BNEps != want.BNEps ||
		!reflect.DeepEqual(got.Tensors(), want.Tensors()) {
		t.Error("it is another network")
	}
}

// FuzzUnmarshal: whatever comes is a network or an error.
func FuzzUnmarshal(f *testing.F) {
	_, data := file(f)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		net, err := Unmarshal(data)
		if err == nil && supernet.CheckBlocks(net.Blocks) != nil || err != nil &&
			!errors.Is(err, ErrFormat) {
			t.Errorf("%v", err)
		}
	})
}
