// Package blocktimes learns what blocks take from the times of whole networks, where no block was
// timed on the device.
//
// A [Model] begins with prices: what a multiply-accumulate, a value moved, a block and a network
// cost (prices.go), and what is known of a block's time, such as that on another device. A model
// with corrections learns on top of that, by how much the blocks of a group depart from their price
// (groups.go): all blocks of a resolution, of a kind, of a stage, or of one shape. A ridge penalty
// keeps a correction small that few networks speak for (ridge.go), so that more networks bring more
// detail: from ten, prices; from some hundred, a time for almost every block.
//
// Whatever was learned, the latency of a network stays a sum over its blocks. [Learn] says how far
// off it is for networks that it was not fitted to.
package blocktimes
