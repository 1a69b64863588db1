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
// does not know it, EVAL with the script. An error reply of the server is returned with
// its text, or wrapped: whether the store is at fault is read from its first word.
// redisstore has an Eval for each of three clients.
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

	// DenyCache makes a node refuse by itself what the store would refuse, unless the
	// store loses its data meanwhile. It has no effect with Keep: another rate could
	// bring the tokens sooner.
	DenyCache bool

	// OnFailure is what becomes of requests while the store cannot be asked; the
	// default is Closed.
	OnFailure Failure

	// Nodes is how many limiters share the store, at most; the default is 1. It
	// matters for Lease and for Local.
	Nodes int64

	// Trip is after how many failures in a row a node stops asking; the default
	// is 5. A failure is an I/O error, an answer that does not come within Timeout, or a
	// reply that the server as a whole cannot serve: LOADING, READONLY, CLUSTERDOWN,
	// MASTERDOWN, NOREPLICAS, OOM, MISCONF, BUSY or too many clients. Other replies, such
	// as WRONGTYPE or CROSSSLOT, are about one key: OnFailure decides about that request,
	// and the others go on to the store.
	Trip int

	// Cooldown is for how long; the default is a second.
	Cooldown time.Duration

	// Timeout is how long a call of Eval may take; the default is a second. What takes
	// longer is a failure of the store. A caller's deadline that passes sooner ends its
	// own call only and is not counted, so choose a Timeout shorter than the deadlines
	// of callers: otherwise a store that hangs is asked by each of them.
	Timeout time.Duration

	// Now is the clock of what the node decides by itself: DenyCache, Cooldown and Local;
	// the default is the monotonic one. What a clock may do, see ratelimit.Options.Now. The
	// buckets in the store follow the store's clock, and Timeout is real time.
	Now func() time.Time

	// Keep leaves rate and burst out of the bucket's name in the store: limiters of
	// one prefix share the bucket of a key though their rates differ, as nodes do
	// while some have not heard of a change. A bucket that is not full keeps what it
	// holds, up to the new burst, as in ratelimit.Bucket.Set; a full one stays full.
	// Whoever took last decides at which rate it fills until the next take.
	Keep bool
}

// A Limiter is a token bucket for every key, shared by all who use the same store,
// prefix, rate and burst. It is made by New, is safe for concurrent use and must not
// be copied.
type Limiter struct {
	eval    Eval
	given   Options // for With
	opts    Options
	rate    ratelimit.Rate
	burst   int64  // of the bucket in the store
	tariff  tariff // of the bucket in the store
	suffix  string
	program program                  // takes from it
	local   *ratelimit.Keyed[string] // for Local
	clock   clock.Clock
	notes   notes
	fuse    *breaker
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
	if o.Timeout == 0 {
		o.Timeout = time.Second
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
	case o.Lease < 0 || o.Nodes < 0 || o.Trip < 0 || o.Cooldown < 0 || o.Timeout < 0 || o.OnFailure < Closed || o.OnFailure > Local:
		o.Now = nil // an address says nothing
		panic(fmt.Sprintf("remote.New: Options out of range: %+v", o))
	}
	o.Now = clock.Forward(o.Now)
	given := o
	o.DenyCache = o.DenyCache && !o.Keep
	o.Lease = min(o.Lease, burst/2/o.Nodes)
	l := &Limiter{eval: eval, given: given, opts: o, rate: r, burst: burst - o.Nodes*o.Lease, clock: clock.New(o.Now), fuse: new(breaker)}
	l.suffix = fmt.Sprintf(":%v:%d", r, l.burst)
	l.notes.init()
	if r != ratelimit.Inf {
		ok := false
		if l.tariff, ok = tariffOf(r, l.burst); !ok {
			panic(fmt.Sprintf("remote.New: a burst of %d at %v takes too long to fill", burst, r))
		}
		l.program = l.tariff.program()
		if o.Keep {
			l.suffix, l.program = "", kept
		}
	}
	if o.OnFailure == Local {
		l.local = ratelimit.NewKeyed(share(r, o.Nodes), max(burst/o.Nodes, 1), ratelimit.KeyedOptions[string]{MaxKeys: maxNotes, Now: o.Now})
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

func (l *Limiter) made() {
	if l.eval == nil {
		panic("remote: Limiter must be made by New")
	}
}

// Take takes n tokens of key or none. The error is ErrUnavailable, only if OnFailure
// is Closed, or wraps the context's and its cause; then nothing was granted. An n of less than 1
// or more than Limit is refused without asking the store. Durations are rounded up
// to the microsecond. A decision made by the node itself knows Remaining and
// ResetAfter as of the last answer of the store.
//
// ctx need not have a deadline, for no call takes longer than Options.Timeout. One that
// has passed, before the call or during it, is as if the store could not be asked, but
// does not count against the store.
func (l *Limiter) Take(ctx context.Context, key string, n int64) (ratelimit.Decision, error) {
	l.made()
	switch {
	case n < 1 || l.rate != ratelimit.Inf && n > l.burst:
		return ratelimit.Decision{Limit: l.burst, RetryAfter: ratelimit.Never}, nil
	case l.rate == ratelimit.Inf:
		return ratelimit.Decision{OK: true, Limit: l.burst, Remaining: l.burst}, nil
	case l.opts.Lease > 0:
		return l.takeLeased(ctx, key, n)
	}
	if l.opts.DenyCache {
		if d, ok := l.deniedBefore(key, n); ok {
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
	args := []int64{need, want}
	if l.opts.Keep {
		args = append(args, l.tariff.n, l.tariff.d, l.tariff.full)
	}
	out, err := l.call(ctx, l.program, []string{keyOf(l.opts.Prefix, key, l.suffix)}, args)
	if err != nil {
		d, err = l.failed(ctx, err, func() ratelimit.Decision { return l.local.Take(key, need) })
		return 0, d, err
	}
	d = l.tariff.decide(out[0] > 0, need, l.burst, out[1])
	if !d.OK && l.opts.DenyCache {
		l.notes.deny(key, need, l.tariff.full-out[1], d, sent)
	}
	return out[0], d, nil
}
