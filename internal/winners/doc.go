// Package winners makes winners of what a search finds: networks in folders of their own, each with
// a manifest and weights, ranked by what was measured of them.
//
// [Search] has these steps, a file each:
//
//	find    the best networks as predicted, for each device and each of its limits,
//	        or those on a front of accuracy against cost              (find.go)
//	cut     each network out of the supernet, with calibrated batch norm; test it,
//	        and time all networks of a device in one session          (cut.go)
//	rank    the networks of one question by measured top-1            (rank.go)
//	folder  write manifest and weights                                (folder.go)
//	plot    draw how the search went, or the fronts                   (plot.go, frontplot.go)
//
// A question is one device with one combination of limits, or with one place on its front. Its
// networks, best first, are its winners: [Job.Top] of them, one on a front.
package winners
