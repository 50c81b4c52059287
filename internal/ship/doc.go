// Package ship makes the files by which a network leaves for other programs, and checks those of a
// winner's folder against one another.
//
// [Make] writes a network in a format, and [Exporters] have it written beside a manifest. [Files]
// holds every file of a folder to what the manifest says of it, and runs the exported networks
// beside tailor's own engine.
package ship
