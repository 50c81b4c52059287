package supernet

import "fmt"

// Check says whether the engine can run the block: a known kind, sizes in range, an output that
// follows from the input. [CheckBlocks] checks whole networks.
func (b Block) Check() error {
	for _, s := range []Shape{b.In, b.Out} {
		if s.H < 1 || s.W < 1 || s.C < 1 || s.H > maxResolution || s.W > maxResolution ||
			s.C > 1<<20 || s.Len() > maxActivation {
			return fmt.Errorf("shape %v is out of range", s)
		}
	}
	k, err := b.kind()
	if err != nil {
		return err
	}
	if err := b.checkZeros(); err != nil {
		return err
	}
	return k.check(b)
}

// checkStrided checks what convolutions with batch norm share.
func (b Block) checkStrided() error {
	if b.Bias || b.Valid {
		return fmt.Errorf("only a convolution without batch norm has a bias, and only one with bias can do without padding")
	}
	if err := b.Act.check(); err != nil {
		return err
	}
	if err := b.checkKernel(); err != nil {
		return err
	}
	if b.Out.H != strided(b.In.H, b.Stride) || b.Out.W != strided(b.In.W, b.Stride) {
		return fmt.Errorf("%dx%d with stride %d does not give %dx%d", b.In.H, b.In.W, b.Stride,
			b.Out.H, b.Out.W)
	}
	return nil
}

// checkKernel checks the kernel of a convolution, its stride and its padding.
func (b Block) checkKernel() error {
	if b.Kernel < 1 || b.Kernel%2 == 0 || b.Kernel > 15 || b.Stride < 1 || b.Stride > 2 {
		return fmt.Errorf("kernel %d with stride %d does not exist", b.Kernel, b.Stride)
	}
	return b.checkPadding()
}

// checkOptionalAct checks the activation of a block that may do without.
func (b Block) checkOptionalAct() error {
	if b.Act == "" {
		return nil
	}
	return b.Act.check()
}
