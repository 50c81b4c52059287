// Package findings gathers what tailor left in folders (runs, profiles, predictors, winners,
// fronts) as the view of a page. It reads documents through the packages that own them, and joins
// them by the hashes of what they were made from; weights it does not read.
//
// [Gather] is the way in: find the files, load each, then a file of this package for each section
// of the page.
package findings
