// Package manifest reads and writes networks that are ready to ship.
//
// A network ships as a folder: manifest.json says what it is, what was believed and measured of it,
// and what it was made from, each by its hash; weights.safetensors has its weights. [Open] reads
// both and checks that they belong together, [Manifest.Save] writes them, whole or not at all. The
// same network in the formats of other programs may lie beside them ([Manifest.Exports]). A
// network that was pruned further names the manifest that it came from, its parent.
//
// To run a network on images, see package tailor; on numbers, [supernet.Subnet.Classifier].
package manifest
