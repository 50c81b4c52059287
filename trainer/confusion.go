package trainer

// Confusion counts a network's answers: of the images of each class, how many were taken for each.
type Confusion [][]int

// Images is how many images of a class there were.
func (c Confusion) Images(class int) (n int) {
	for _, v := range c[class] {
		n += v
	}
	return n
}

// Top1 is the share of all images whose class was found; 0 without images.
func (c Confusion) Top1() float64 {
	right, all := 0, 0
	for class := range c {
		right += c[class][class]
		all += c.Images(class)
	}
	return float64(right) / float64(max(all, 1))
}
