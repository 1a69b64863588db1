package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/flatline/internal/clock"
	"example.com/flatline/internal/option"
	"example.com/flatline/ratelimit"
)

// An Eval runs a script in the store: it calls EVALSHA with sha and, if the server
// does not know it, EVAL with the script. redisstore has one for each of three
// clients.
type Eval func(ctx context.Context, script, sha string, keys []string, args []int64) ([]int64, error)

// A Failure says what becomes of a request that the store cannot decide.
type Failure int

const (
	Closed Failure = iota // it is refused, with ErrUnavailable
	Open                  // it is granted
	Local                 // the node decides by itself, with its share of rate and burst
)

// ErrUnavailable is what Take returns, wrapped around the cause, when the store
// cannot be asked and Options.OnFailure is Closed.
var ErrUnavailable = errors.New("remote: the store is unavailable")

// Options are the settings of New.
type Options struct {
	// Prefix begins every key in the store; the default is "rl:". It must not
	// contain braces, which would change the hash tag.
	Prefix string

	// Lease is how many tokens beyond need a node takes at once, to give them to
	// later requests by itself; 0, the default, is none. It is cut to half the burst
	// divided by Nodes. The largest n, the Limit of a Decision, is then
	// burst - Nodes*Lease.
	Lease int64

	// DenyCache makes a node refuse by itself what the store would refuse.
	DenyCache bool

	// OnFailure is what becomes of requests while the store cannot be asked; the
	// default is Closed.
	OnFailure Failure

	// Nodes is how many limiters share the store, at most; the default is 1. It
	// matters for Lease and for Local.
	Nodes int64

	// Trip is after how many failures in a row a node stops asking; the default
	// is 5.
	Trip int

	// Cooldown is for how long; the default is a second.
	Cooldown time.Duration
}

// A Limiter is a token bucket for every key, shared by all who use the same store,
// prefix, rate and burst. It is made by New, is safe for concurrent use and must not
// be copied.
type Limiter struct {
	eval    Eval
	opts    Options
	rate    ratelimit.Rate
	burst   int64  // of the bucket in the store
	tariff  tariff // of the bucket in the store
	suffix  string
	program program                  // takes from it
	local   *ratelimit.Keyed[string] // for Local
	clock   clock.Clock
	notes   notes
	fuse    breaker
}

// New returns a limiter. Nothing is sent to the store yet. With an Inf rate it never
// is. It panics if eval is nil, if the rate is zero, if burst is less than 1 or takes
// more than 142 years to fill, on a negative or senseless option, and on more than
// one Options.
func New(eval Eval, r ratelimit.Rate, burst int64, opts ...Options) *Limiter {
	o := option.One("remote.New", opts)
	if o.Prefix == "" {
		o.Prefix = "rl:"
	}
	if o.Nodes == 0 {
		o.Nodes = 1
	}
	if o.Trip == 0 {
		o.Trip = 5
	}
	if o.Cooldown == 0 {
		o.Cooldown = time.Second
	}
	switch {
	case eval == nil:
		panic("remote.New: eval must not be nil")
	case r == ratelimit.Rate{}:
		panic("remote.New: the rate must not be 0")
	case burst < 1:
		panic(fmt.Sprintf("remote.New: burst must be at least 1, got %d", burst))
	case strings.ContainsAny(o.Prefix, "{}"):
		panic(fmt.Sprintf("remote.New: Prefix must not contain braces, got %q", o.Prefix))
	case o.Lease < 0 || o.Nodes < 0 || o.Trip < 0 || o.Cooldown < 0 || o.OnFailure < Closed || o.OnFailure > Local:
		panic(fmt.Sprintf("remote.New: Options out of range: %+v", o))
	}
	o.Lease = min(o.Lease, burst/2/o.Nodes)
	l := &Limiter{eval: eval, opts: o, rate: r, burst: burst - o.Nodes*o.Lease, clock: clock.New(nil)}
	l.suffix = fmt.Sprintf(":%v:%d", r, l.burst)
	l.notes.init()
	if r != ratelimit.Inf {
		ok := false
		if l.tariff, ok = tariffOf(r, l.burst); !ok {
			panic(fmt.Sprintf("remote.New: a burst of %d at %v takes too long to fill", burst, r))
		}
		l.program = l.tariff.program()
	}
	if o.OnFailure == Local {
		l.local = ratelimit.NewKeyed(share(r, o.Nodes), max(burst/o.Nodes, 1), ratelimit.KeyedOptions[string]{MaxKeys: maxNotes})
	}
	return l
}

// share returns the rate divided by nodes.
func share(r ratelimit.Rate, nodes int64) ratelimit.Rate {
	n, d := r.Fraction()
	if r == ratelimit.Inf {
		return r
	}
	if whole := int64(d) * nodes; whole/nodes == int64(d) {
		return ratelimit.Per(n, time.Duration(whole))
	}
	return ratelimit.Rate{} // one in more than 292 years
}

// Take takes n tokens of key or none. The error is ErrUnavailable, only if OnFailure
// is Closed, or wraps the context's; then nothing was granted. An n of less than 1
// or more than Limit is refused without asking the store. Durations are rounded up
// to the microsecond. A decision made by the node itself knows Remaining and
// ResetAfter as of the last answer of the store.
//
// ctx should have a deadline: one that passes counts as a failure of the store.
func (l *Limiter) Take(ctx context.Context, key string, n int64) (ratelimit.Decision, error) {
	switch {
	case n < 1 || l.rate != ratelimit.Inf && n > l.burst:
		return ratelimit.Decision{Limit: l.burst, RetryAfter: ratelimit.Never}, nil
	case l.rate == ratelimit.Inf:
		return ratelimit.Decision{OK: true, Limit: l.burst, Remaining: l.burst}, nil
	case l.opts.Lease > 0:
		return l.takeLeased(ctx, key, n)
	}
	if l.opts.DenyCache {
		if d, ok := l.notes.denied(key, n, l.clock.Now()); ok {
			d.Limit = l.burst
			return d, nil
		}
	}
	_, d, err := l.ask(ctx, key, n, n)
	return d, err
}

// ask asks the store for need to want tokens, and keeps a denial in mind. If the
// store cannot be asked it decides as OnFailure says; granted is then 0.
func (l *Limiter) ask(ctx context.Context, key string, need, want int64) (granted int64, d ratelimit.Decision, err error) {
	sent := l.clock.Now() // the store's answer is of a later moment
	out, err := l.call(ctx, l.program, []string{keyOf(l.opts.Prefix, key, l.suffix)}, []int64{need, want})
	if err != nil {
		d, err = l.failed(ctx, err, func() ratelimit.Decision { return l.local.Take(key, need) })
		return 0, d, err
	}
	d = l.tariff.decide(out[0] > 0, need, l.burst, out[1])
	if !d.OK && l.opts.DenyCache {
		l.notes.deny(key, need, d, sent)
	}
	return out[0], d, nil
}

// TakeAll takes n tokens of key from every tier, or from none, in one round trip:
// a limit a second and one a day, say. The tiers must use the same store, of which
// the first one's Eval is asked, and differ in prefix, rate or burst; the first one's
// OnFailure counts. Leases and DenyCache have no part in it. The Decision has the
// Limit and Remaining of the tier with the least remaining and the longest RetryAfter
// and ResetAfter. It panics if there are no tiers.
func TakeAll(ctx context.Context, key string, n int64, tiers ...*Limiter) (ratelimit.Decision, error) {
	if len(tiers) == 0 {
		panic("remote.TakeAll: no tiers")
	}
	sum := ratelimit.Decision{OK: n >= 1, Limit: tiers[0].burst, Remaining: tiers[0].burst}
	var keys []string
	args := []int64{n, n}
	var asked []*Limiter
	for _, l := range tiers {
		if l.rate == ratelimit.Inf {
			continue
		}
		if n > l.burst {
			sum.OK, sum.Limit = false, l.burst
		}
		keys = append(keys, keyOf(l.opts.Prefix, key, l.suffix))
		args = append(args, l.tariff.n, l.tariff.d, l.tariff.full)
		asked = append(asked, l)
	}
	if !sum.OK {
		return ratelimit.Decision{Limit: sum.Limit, RetryAfter: ratelimit.Never}, nil
	}
	if len(asked) == 0 {
		return sum, nil
	}
	first := asked[0]
	out, err := first.call(ctx, several, keys, args)
	if err != nil {
		return first.failed(ctx, err, func() ratelimit.Decision { return localAll(key, n, asked) })
	}
	for i, l := range asked {
		d := l.tariff.decide(out[0] > 0, n, l.burst, out[i+1])
		if i == 0 || d.Remaining < sum.Remaining {
			sum.Limit, sum.Remaining = d.Limit, d.Remaining
		}
		sum.OK = d.OK
		sum.RetryAfter = max(sum.RetryAfter, d.RetryAfter)
		sum.ResetAfter = max(sum.ResetAfter, d.ResetAfter)
	}
	return sum, nil
}

// localAll is TakeAll by the node itself, from the tiers that can.
func localAll(key string, n int64, tiers []*Limiter) ratelimit.Decision {
	var all []ratelimit.Limiter
	for _, l := range tiers {
		if l.local != nil {
			all = append(all, l.local.Key(key))
		}
	}
	return ratelimit.All(all...).Take(n)
}
