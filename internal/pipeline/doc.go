// Package pipeline joins the rooms: each function is one arrow of the way from images to a
// manifest, with the checks that what goes in belongs together. The command line parses, calls
// these and prints. The arrow from a search to manifests is a room of its own, internal/winners.
//
//	data -> trainer -> run ─┬─ FitAccuracy ──┐
//	device -> profile ──────┴─ FitLatency ── winners.Search -> manifests ── Prune, Export
package pipeline
