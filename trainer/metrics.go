package trainer

// Metric is a line of metrics.jsonl: one every few steps, and one at the end of an epoch, which has
// the accuracies.
type Metric struct {
	Step    int     `json:"step"`
	Epoch   float64 `json:"epoch"`
	LR      float64 `json:"lr"`
	Epsilon float64 `json:"epsilon"` // β, weight of the sub-networks' gradients, 0 to 1
	// largest network on the labels, or the mean of all that learn them; not at an epoch's end
	LossMax float64 `json:"loss_max,omitempty"`
	// mean of the sub-networks on their teacher's softmax
	LossSub float64  `json:"loss_sub,omitempty"`
	Top1Max *float64 `json:"val_top1_max,omitempty"`
	Top1Min *float64 `json:"val_top1_min,omitempty"`
}
