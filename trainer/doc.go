// Package trainer trains a supernet and evaluates its sub-networks.
//
// [Train] is one training run: it reads top to bottom in train.go. What differs between DepS and
// its rivals is which networks take part in a step, what each of them learns and with which weight:
// a [Strategy], in strategy.go. What those with phases do between them is in beginphase.go. A run
// lives in a folder: run.json says what it is, checkpoints/ holds its state, metrics.jsonl what
// happened. A run that was interrupted, or killed, resumes from its last checkpoint to the same
// bits. [OpenRun] reads a run for everything that comes after training, and an [Evaluator] measures
// the accuracy of its sub-networks, after batch norm calibration; only the largest of an imported
// supernet has statistics of its own.
//
// It is one room because a step, its schedules and optimisers, and the checkpoint that saves them
// all to the same bits belong to one training loop.
package trainer
