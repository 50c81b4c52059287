// Package litert runs TFLite files by the shared library of LiteRT, on the processor (XNNPACK), for
// the agent.
//
// The library has no function that tells its version: the Python package that it is in does.
package litert
