package tailor_test

import (
	"fmt"
	"log"
	"os"

	"github.com/tailor-nas/tailor"
)

// A photo, by a network that `tailor search` found.
func ExampleOpen() {
	network, err := tailor.Open("winners/latency-4ms")
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	file, err := os.Open("photo.jpg")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	photo, err := tailor.Decode(file)
	if err != nil {
		log.Fatal(err)
	}
	classes, err := network.Classify(photo)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, %.1f %%\n", classes[0].Label, 100*classes[0].Probability)
}
