// Package elsewhere is about latencies that other programs measure, on devices without tailor.
//
// It writes the folder that goes there: the list of networks ([WriteNetworks], [ReadNetworks]) and
// the shell script that times them in a shuffled order, each between two runs of a reference
// network ([Script]). And it reads what the measuring tools printed ([Read]): TensorFlow Lite's
// benchmark_model, onnxruntime_perf_test, or a table. [Summarize] makes one latency of the runs of
// a network.
//
// Only names connect a line of such a text with its network, so that they are made to be found
// anywhere in a line: see [Name].
package elsewhere
