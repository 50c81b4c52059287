// Package devices says which devices are known: it lists profiles, by file or by folder, and says
// how far two of them are apart.
package devices
