package supernet

// Clone copies the network, without gradients.
func (s *Subnet) Clone() *Subnet {
	c := newSubnet(s.Blocks, s.BNEps)
	for i, p := range c.params.List {
		copy(p.Data, s.params.List[i].Data)
	}
	return c
}
