// Package pipeline joins the rooms: each function is one arrow of the way from images to a
// manifest, with the checks that what goes in belongs together. The command line parses, calls
// these and prints.
//
//	data -> trainer -> run ─┬─ FitAccuracy ──┐
//	device -> profile ──────┴─ FitLatency ── Search -> manifests
package pipeline
