package profiles_test

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// A network on tailor's own engine: an image in, logits out.
func ExampleNative() {
	blocks, err := supernet.Published("lenet-300-100")
	if err != nil {
		fmt.Println(err)
		return
	}
	net, err := supernet.NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := profiles.Native{Threads: 1}.Load(context.Background(), net)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	if err := session.SetInput(make([]float32, 28*28)); err != nil {
		fmt.Println(err)
		return
	}
	if err := session.Run(); err != nil {
		fmt.Println(err)
		return
	}
	logits, err := session.Output()
	fmt.Println(len(logits), "logits", err)
	// Output: 10 logits <nil>
}
