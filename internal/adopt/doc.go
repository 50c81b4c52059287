// Package adopt makes the largest network of a new space out of somebody's trained CNN.
//
// A file is a PyTorch state dict or an ONNX graph. Both become a [Network]: a stem, MBConv blocks
// and a head, with the file's weights. A state dict has names and shapes alone, so that the rest
// follows from the family whose names it uses (naming.go, family.go); a graph is recognised node by
// node (graph*.go). [Network.Space] then writes the space around it (space.go), and [Network.Fill]
// puts the weights into the largest network of that space, or of one that a person has edited.
//
// Files are taken as hostile: sizes are checked before memory is taken, and nothing panics.
package adopt
