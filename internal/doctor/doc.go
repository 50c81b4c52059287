// Package doctor looks at what a machine has for tailor, and tries each for a second: tailor's own
// engine, the runtimes of others, the disk, and images if they are named.
package doctor
