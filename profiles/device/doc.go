// Package device says what machine this is, and what it was doing meanwhile.
//
// [Describe] names processor, instruction set, caches, usable cores. [Device.Identity] is what of
// that must stay the same for latencies to stay the same, and [Device.ID] its hash: figures that
// were measured on one machine are never taken for another's.
//
// [Observe] reads the system's counters; [Observation.Until] says what happened between two
// readings: how much processor time went to others, how often threads were interrupted.
//
// What a system keeps to itself is absent, with the reason, and never an error.
package device
