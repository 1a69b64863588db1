package ratelimit

// TakeEach is [All](tiers...).Take(n) that also returns the Decision of each tier, in
// their order. With these a gateway can tell its client which limit refused, and what is
// left of the others. On a refusal, a tier with OK would have granted n but has not taken
// it: its Remaining is what it has. O(tiers).
func TakeEach(n int64, tiers ...Limiter) (Decision, []Decision) {
	each := make([]Decision, len(tiers))
	asked := whole(n)
	for i, t := range tiers {
		each[i].OK = n >= 1
		if d, ok := peek(t, n); ok {
			each[i] = d
			asked.join(d)
		}
	}
	sum := asked.Decision
	if sum.OK {
		sum, _ = all(tiers).attemptEach(n, each)
	}
	for i, t := range tiers {
		if !sum.OK && each[i].OK {
			each[i] = level(t)
		}
	}
	return sum, each
}
