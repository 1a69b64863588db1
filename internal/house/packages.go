package house

// Packages are the ten packages, in the order of the README. Everything that visits all
// of them uses this list: the tests of this package, the study, the histories, the
// planted bugs and the index of claims.
var Packages = []string{
	"lru", "lfu", "ratelimit", "ringbuffer", "concmap",
	"timemap", "minstack", "randset", "slidingmax", "bqueue",
}
