package regress

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// Composite estimates a quantity that is measured with noise from its measurement and from what a
// line says by a covariate that has less noise: weight * measured + (1 - weight) * (intercept +
// slope * covariate). The weight is the share of the scatter about the line that is no noise (Fay
// and Herriot, Journal of the American Statistical Association 74, 1979, section 2).
type Composite struct {
	Weight    float64 `json:"weight"`
	Intercept float64 `json:"intercept"`
	Slope     float64 `json:"slope"`
	// Noise is the standard deviation of one measurement, and Scatter that about the line.
	Noise   float64 `json:"noise"`
	Scatter float64 `json:"scatter"`
}

// NewComposite learns it from rows. Each was measured twice, with noise that is independent and of
// one size: the measurement is the mean of both, and first is one of them. Without MinRows rows, or
// where the covariate says nothing, the weight is 1.
func NewComposite(measured, first, covariate []float64) Composite {
	c := Composite{Weight: 1}
	if len(measured) < MinRows || spread(covariate) == 0 {
		return c
	}
	c.Intercept, c.Slope = stat.LinearRegression(covariate, measured, nil, false)
	apart := make([]float64, len(measured)) // half the difference of both: of the noise alone
	for i, m := range measured {
		apart[i] = first[i] - m
	}
	c.Scatter, c.Noise = scatter(covariate, measured), scatter(covariate, apart)
	c.Weight = 0
	if s := c.Scatter * c.Scatter; s > 0 {
		c.Weight = max(0, 1-c.Noise*c.Noise/s)
	}
	return c
}

// Estimate is that of one row.
func (c Composite) Estimate(measured, covariate float64) float64 {
	return c.Weight*measured + (1-c.Weight)*(c.Intercept+c.Slope*covariate)
}

// scatter is the standard deviation of y about its line by x.
func scatter(x, y []float64) float64 {
	intercept, slope := stat.LinearRegression(x, y, nil, false)
	squares := 0.0
	for i, v := range y {
		d := v - intercept - slope*x[i]
		squares += d * d
	}
	return math.Sqrt(squares / float64(len(y)-2))
}
