// logits prints the class of a grey image: logits WINNER
package main

import (
	"fmt"
	"log"
	"os"
	"slices"

	"github.com/tailor-nas/tailor/search/manifest"
)

func main() {
	m, network, err := manifest.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	classifier, err := network.Classifier(1)
	if err != nil {
		log.Fatal(err)
	}
	defer classifier.Close()
	image := make([]float32, classifier.Input().Len())
	logits, err := classifier.Logits(image)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Classes[slices.Index(logits, slices.Max(logits))])
}
