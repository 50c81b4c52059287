package profiles

// TimeNetworks is [Networks] with a clock.
var TimeNetworks = timeNetworks
