package native

import (
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/runtime/netfile"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/supernet"
)

// TestLoad: a network runs on batches of the size that its input says, and shapes of another
// network are refused.
func TestLoad(t *testing.T) {
	blocks, err := supernet.Published("lenet-300-100")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	file, err := netfile.Marshal(net, export.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	in := net.Blocks[0].In
	right := protocol.Model{Threads: 1, Input: []int{3, in.H, in.W, in.C},
		Output: []int{3, 1, 1, 10}}
	m, err := Engine{}.Load(right, file)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.SetInput(make([]float32, 3*in.Len())); err != nil {
		t.Error(err)
	}
	other, output, many := right, right, right
	other.Input, output.Output = []int{3, in.H, in.W, in.C + 1}, []int{3, 11}
	many.Input, many.Output = []int{1 << 20, in.H, in.W, in.C}, []int{1 << 20, 10}
	for _, wrong := range []protocol.Model{other, output, many} {
		if _, err := (Engine{}).Load(wrong, file); err == nil {
			t.Errorf("input %v and output %v are taken", wrong.Input, wrong.Output)
		}
	}
	if _, err := (Engine{}).Load(right, file[:100]); err == nil {
		t.Error("half a file is taken")
	}
	if r := (Engine{}).Open("/lib.so"); r.Found() || !strings.Contains(r.Missing, "no library") {
		t.Errorf("with a library it is %+v", r)
	}
}
