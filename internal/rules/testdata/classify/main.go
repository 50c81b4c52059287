// classify prints what images show: classify WINNER IMAGE...
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/tailor-nas/tailor"
)

func main() {
	network, err := tailor.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	for _, path := range os.Args[2:] {
		if err := classify(network, path); err != nil {
			log.Print(err)
		}
	}
}

func classify(network *tailor.Network, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	img, err := tailor.Decode(file)
	if err != nil {
		return err
	}
	classes, err := network.Classify(img)
	if err != nil {
		return err
	}
	fmt.Println(path, classes[0].Label, classes[0].Probability)
	return nil
}
