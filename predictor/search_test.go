package predictor_test

import (
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
)

// What a search asks of its predictors, these give.
var (
	_ search.Bounder        = (*predictor.Accuracy)(nil)
	_ search.JointPredictor = (*predictor.Accuracy)(nil)
	_ search.AdditiveCost   = (*predictor.Latency)(nil)
	_ search.AdditiveCost   = (*predictor.Energy)(nil)
)
