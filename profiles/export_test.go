package profiles

// TimeNetworks is [Networks] with a clock.
var TimeNetworks = timeNetworks

// TimeSubnets is [Subnets] with a clock.
var TimeSubnets = timeSubnets
