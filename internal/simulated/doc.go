// Package simulated invents devices and accuracies of which the truth is known without noise, each
// drawn from a seed: what predictors and searches say of them can be judged exactly. Tests and
// benchmarks alone import it.
package simulated
