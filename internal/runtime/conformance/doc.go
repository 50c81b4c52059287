// Package conformance is the test that every runtime passes: [Run] says whether it computes what
// tailor's engine does, and keeps to the rules of [profiles.Session].
package conformance
