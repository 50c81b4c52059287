// Package standalone trains one network that stands alone, such as pruning starts from: its passes
// over images, and what moves its weights. The settings are those of package trainer.
package standalone
