package regress_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// Somebody measured how far 100 throws went, each at a speed and an angle, and asks how far others
// would go.
func ExampleFit() {
	row := func(metresPerSecond, degrees float64) []float32 {
		// of a scale of about 1
		return []float32{float32(metresPerSecond/10 - 1), float32(degrees/45 - 1)}
	}
	metres := func(metresPerSecond, degrees float64) float64 {
		return metresPerSecond * metresPerSecond / 9.81 * math.Sin(2*degrees*math.Pi/180)
	}
	var rows [][]float32
	var measured []float64
	r := rand.New(rand.NewPCG(1, 0))
	for range 100 {
		speed, angle := 5+10*r.Float64(), 15+60*r.Float64()
		rows = append(rows, row(speed, angle))
		measured = append(measured, metres(speed, angle)+0.1*r.NormFloat64())
	}
	settings := regress.Defaults()
	settings.Hidden, settings.Members = []int{32}, 1         // two features need no more
	settings.LearningRate, settings.WeightDecay = 0.03, 0.01 // and there is much that is not linear
	f, err := regress.Fit(context.Background(), rows, measured, settings)
	if err != nil {
		log.Fatal(err)
	}
	predicted := f.Model.Predict([][]float32{row(12, 45)})
	fmt.Printf("%.0f m, give or take %.1f; in truth %.1f m\n", predicted[0], f.HeldOut.RMSE,
		metres(12, 45))
	// Output: 15 m, give or take 0.3; in truth 14.7 m
}
