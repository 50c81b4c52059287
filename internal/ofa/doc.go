// Package ofa reads what the authors of "Once-for-All" (Cai et al., ICLR 2020) published beside
// their supernets: tables with the latency of blocks on a device, and the accuracy predictor. Both
// are of the networks of spaces that tailor ships too.
package ofa
