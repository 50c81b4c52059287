// Package pipeline joins the rooms: each function is one arrow of the way from images to a
// manifest, with the checks that what goes in belongs together. The command line parses, calls
// these and prints. The arrows from a search to manifests, and from a manifest to a smaller or
// better one, are rooms of their own, internal/winners and internal/refine.
//
//	data -> trainer -> run ─┬─ FitAccuracy ──┐
//	device -> profile ──────┴─ FitLatency ── winners.Search -> manifests ─┬─ Export, Verify
//	                                                                      └─ refine.Prune
package pipeline
