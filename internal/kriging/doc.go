// Package kriging expects values of points that nobody evaluated from those of some that somebody
// did, and says how sure it is: a Gaussian process (Rasmussen and Williams, "Gaussian processes for
// machine learning", 2006, chapter 2) over spaces of some genes with so many choices each. It knows
// nothing of searches.
//
// A [Model] is fitted to some tens or hundreds of points; [Model.Means] is what it expects of many
// others, and a [Posterior] of a few hundred also how sure it is, and takes one value after the
// other. A model is
//
//	gene.go       how alike the choices of a gene are
//	prior.go      how alike points are then, and how likely that is
//	model.go      the fit, by the marginal likelihood
//	means.go      what it expects of other points
//	posterior.go  how sure it is, and values that come later
//	saved.go      what of it is kept in a file
//
// Everything depends on the points and values alone, bit for bit.
package kriging
