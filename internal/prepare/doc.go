// Package prepare makes one image what a network takes: a file is decoded and turned as it is to be
// seen, the centre square scaled, normalised and brought to the network's resolution.
// [Preparation] has the steps, docs/formats.md says each exactly.
//
// A [Preparer] does all of it for an image on its own. Package data does it in parts: it decodes
// and scales images when a data set is opened, and normalises them batch by batch.
//
// Files are taken as untrusted: what they claim is checked before memory is taken.
package prepare
