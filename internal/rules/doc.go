// Package rules holds the test that keeps the rooms apart: which package may import which.
package rules
