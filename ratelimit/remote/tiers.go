package remote

import (
	"context"

	"example.com/flatline/ratelimit"
)

// TakeAll takes n tokens of key from every tier, or from none, in one round trip: for
// example a limit per second and one per day. The tiers must use the same store and
// differ in prefix, rate or burst. The Eval and the OnFailure of the first tier are used.
// Leases and DenyCache are not used. The Decision has the Limit and Remaining of the tier
// with the least remaining and the longest RetryAfter and ResetAfter. It panics if there
// are no tiers.
func TakeAll(ctx context.Context, key string, n int64, tiers ...*Limiter) (ratelimit.Decision, error) {
	if len(tiers) == 0 {
		panic("remote.TakeAll: no tiers")
	}
	each := make([]Tier, len(tiers))
	for i, l := range tiers {
		each[i] = Tier{l, key}
	}
	d, _, err := TakeEach(ctx, n, each...)
	return d, err
}

// A Tier is one bucket: a limiter and the key in it.
type Tier struct {
	Limiter *Limiter
	Key     string
}

// TakeEach is TakeAll for tiers with different keys, such as the client, the route and
// one for all requests. It also returns the Decision of each tier, in their order. On a
// refusal, a tier with OK would have granted n but has not taken it. With an error there
// are no Decisions. No two tiers may be the same bucket. Different keys may be on
// different nodes of a cluster, which refuses such a take: TakeEach is for a store of one
// node. It panics if there are no tiers, or if some have Keep and others not.
func TakeEach(ctx context.Context, n int64, tiers ...Tier) (ratelimit.Decision, []ratelimit.Decision, error) {
	if len(tiers) == 0 {
		panic("remote.TakeEach: no tiers")
	}
	tiers[0].Limiter.made()
	sum := ratelimit.Decision{OK: n >= 1, Limit: tiers[0].Limiter.burst, Remaining: tiers[0].Limiter.burst}
	each := make([]ratelimit.Decision, len(tiers))
	var asked []int // tiers with a bucket
	for i, t := range tiers {
		l := t.Limiter
		l.made()
		inf := l.rate == ratelimit.Inf
		each[i] = ratelimit.Decision{OK: n >= 1 && (inf || n <= l.burst), Limit: l.burst, Remaining: l.burst}
		if !each[i].OK {
			each[i].RetryAfter = ratelimit.Never
			sum.OK, sum.Limit = false, l.burst
		}
		if inf {
			continue
		}
		if asked = append(asked, i); l.opts.Keep != tiers[asked[0]].Limiter.opts.Keep {
			panic("remote.TakeEach: tiers with Keep and without")
		}
	}
	if !sum.OK {
		return ratelimit.Decision{Limit: sum.Limit, RetryAfter: ratelimit.Never}, each, nil
	}
	if len(asked) == 0 {
		return sum, each, nil
	}
	debts, err := ask(ctx, n, tiers, asked)
	if err != nil {
		first := tiers[asked[0]].Limiter
		d, err := first.failed(ctx, err, func() ratelimit.Decision { return localEach(n, tiers, asked, each) })
		if err != nil {
			each = nil
		}
		return d, each, err
	}
	for i, tier := range asked {
		l := tiers[tier].Limiter
		d := l.tariff.decide(debts[0] > 0, n, l.burst, debts[i+1])
		if i == 0 || d.Remaining < sum.Remaining {
			sum.Limit, sum.Remaining = d.Limit, d.Remaining
		}
		sum.OK = d.OK
		sum.RetryAfter = max(sum.RetryAfter, d.RetryAfter)
		sum.ResetAfter = max(sum.ResetAfter, d.ResetAfter)
		d.OK = d.RetryAfter == 0
		each[tier] = d
	}
	return sum, each, nil
}

// ask takes from the tiers that are asked, and returns the script's answer.
func ask(ctx context.Context, n int64, tiers []Tier, asked []int) ([]int64, error) {
	keys, args := make([]string, len(asked)), []int64{n, n}
	for i, tier := range asked {
		l := tiers[tier].Limiter
		keys[i] = keyOf(l.opts.Prefix, tiers[tier].Key, l.suffix)
		args = append(args, l.tariff.n, l.tariff.d, l.tariff.full)
	}
	first := tiers[asked[0]].Limiter
	if first.opts.Keep {
		return first.call(ctx, kept, keys, args)
	}
	return first.call(ctx, several, keys, args)
}

// localEach is TakeEach decided by the node itself, for the tiers with FailLocal.
func localEach(n int64, tiers []Tier, asked []int, each []ratelimit.Decision) ratelimit.Decision {
	var all []ratelimit.Limiter
	var which []int
	for _, i := range asked {
		if l := tiers[i].Limiter; l.local != nil {
			all, which = append(all, l.local.Key(tiers[i].Key)), append(which, i)
		}
	}
	sum, answers := ratelimit.TakeEach(n, all...)
	for i, d := range answers {
		each[which[i]] = d
	}
	return sum
}
