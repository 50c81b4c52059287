// Package augment changes training images at random, so that a network sees no image twice: crops,
// colour jitter, TrivialAugment, random erasing, mixup and cutmix. A [Recipe] says which of them
// and how strongly.
//
// Images are bytes in (H,W,C) order until they are normalised, and float32 afterwards. Everything
// random comes from a generator that the caller gives: the package keeps none.
package augment
