// Package micro has what tests of several packages start from: a space of 40 networks, a run that
// was trained for a moment, and an invented device and accuracy on which every right answer can be
// computed by listing all networks. Only tests import it.
package micro
