package supernet_test

import (
	"fmt"
	"log"

	"github.com/tailor-nas/tailor/supernet"
)

func ExampleLoadSpace() {
	s, err := supernet.LoadSpace("ofa-mbv3")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Title)
	fmt.Println(s.Count(), "networks")
	fmt.Printf("%.0f M MACs at most\n", float64(supernet.MACs(s.Blocks(s.Max())))/1e6)
	// Output:
	// OFA MobileNetV3, width 1.0
	// 543966387314312146275 networks
	// 566 M MACs at most
}

// An arch is one network of a space; its blocks are what everything else works on.
func ExampleSpace_Blocks() {
	s, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		log.Fatal(err)
	}
	arch, err := s.ParseArch([]byte(`{"ks": 3, "e": 2, "d": [1, 2, 1], "r": 24}`))
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range s.Blocks(arch) {
		fmt.Println(b.Name, b.Out, b.MACs())
	}
	// Output:
	// stem {12 12 8} 31104
	// stages.0.0 {12 12 8} 19584
	// stages.1.0 {6 6 16} 33088
	// stages.2.0 {6 6 24} 56448
	// stages.2.1 {6 6 24} 98496
	// stages.3.0 {3 3 40} 64176
	// head.expand {3 3 96} 34560
	// head.pool {1 1 96} 0
	// head.features {1 1 128} 12288
	// head.classifier {1 1 10} 1280
}
