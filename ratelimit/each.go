package ratelimit

import "slices"

// TakeEach is All(tiers...).Take(n) that also returns the Decision of each tier, in
// their order: a gateway tells its client which limit it met, and what is left of
// the others. On a refusal a tier that is OK would have granted n, but has not given
// it: its Remaining is what it has. O(tiers).
func TakeEach(n int64, tiers ...Limiter) (Decision, []Decision) {
	each := make([]Decision, len(tiers))
	asked := whole(n)
	for i, t := range tiers {
		each[i].OK = n >= 1
		if t, ok := t.(tentative); ok {
			each[i] = t.peek(n)
			asked.join(each[i])
		}
	}
	sum := asked.Decision
	if sum.OK {
		sum = takeEach(n, tiers, each)
	}
	for i, t := range tiers {
		if !sum.OK && each[i].OK {
			each[i] = t.Take(0) // refused by contract, and says what there is
			each[i].OK, each[i].RetryAfter = true, 0
		}
	}
	return sum, each
}

// takeEach takes n from every tier or from none; each is what they answered, and OK
// for those behind the first that refused.
func takeEach(n int64, tiers []Limiter, each []Decision) Decision {
	sum := whole(n)
	var undo []func()
	for i, t := range tiers {
		if !sum.OK {
			each[i].OK = true
			continue
		}
		d, back := attempt(t, n)
		sum.join(d)
		each[i] = d
		undo = append(undo, back)
	}
	if !sum.OK {
		for i, back := range slices.Backward(undo) {
			if each[i].OK {
				back()
			}
		}
	}
	return sum.Decision
}
