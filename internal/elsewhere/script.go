package elsewhere

import (
	_ "embed" // the script
	"fmt"
	"math/rand/v2"
	"strings"
)

//go:embed measure.sh
var script string

// Repeats is how often a network is measured at most: the script has so many orders.
const Repeats = 9

// generated is the line of the script that the orders stand in the place of.
const generated = "# generated: reference, formats, order\n"

// Script is measure.sh for the networks of a folder, which has them in these formats. One seed
// gives one script.
func Script(all []Network, formats []string, seed uint64) string {
	var b strings.Builder
	rnd := rand.New(rand.NewPCG(seed, 0x0bde5))
	var numbers []string
	for _, n := range all {
		if n.Reference {
			fmt.Fprintf(&b, "reference=%s\n", n.Name)
		} else {
			numbers = append(numbers, strings.Split(n.Name, "-")[1])
		}
	}
	fmt.Fprintf(&b, "formats=%q\n\n", strings.Join(formats, " "))
	b.WriteString("# order REPEAT: the numbers of all other networks, shuffled anew each time, so " +
		"that a device\n# that grows slower slows no network more than another.\n")
	b.WriteString("order() {\n    case $1 in\n")
	for r := range Repeats {
		rnd.Shuffle(len(numbers), func(i, j int) {
			numbers[i], numbers[j] = numbers[j], numbers[i]
		})
		fmt.Fprintf(&b, "    %d) echo %s ;;\n", r+1, strings.Join(numbers, " "))
	}
	b.WriteString("    esac\n}\n")
	return strings.Replace(script, generated, b.String(), 1)
}
