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

// An Eval runs a script in the store: it calls EVALSHA with sha and, if the server does
// not know it, EVAL with the script. An error reply of the server is returned with its
// text, or wrapped: its first word decides whether it counts as a failure of the store.
// redisstore has an Eval for each of three clients.
type Eval func(ctx context.Context, script, sha string, keys []string, args []int64) ([]int64, error)

// A Failure is the policy for requests that the store cannot decide.
type Failure int

const (
	FailClosed Failure = iota // refuse the request, with ErrUnavailable
	FailOpen                  // grant it
	FailLocal                 // decide by the node itself, with its share of rate and burst
)

// ErrUnavailable is wrapped by the error of Take, together with the cause, when the store
// cannot be asked and [Options.OnFailure] is FailClosed.
var ErrUnavailable = errors.New("remote: the store is unavailable")

// Options are the settings of New.
type Options struct {
	// Prefix begins every key in the store; the default is "rl:". It must not
	// contain braces, which would change the hash tag.
	Prefix string

	// Lease is the number of extra tokens that a node takes at once, to grant them to later
	// requests itself; 0, the default, is none. It is reduced to half the burst divided by
	// Nodes. The largest n that can be taken, the Limit of a Decision, is then burst -
	// Nodes*Lease.
	Lease int64

	// DenyCache makes a node itself refuse requests that the store would refuse, unless the
	// store loses its data meanwhile. It has no effect with Keep: another rate could make
	// the tokens available sooner.
	DenyCache bool

	// OnFailure says what happens to requests while the store cannot be asked; the
	// default is FailClosed.
	OnFailure Failure

	// Nodes is the maximum number of limiters that share the store; the default is 1. It
	// matters for Lease and for FailLocal.
	Nodes int64

	// Trip is the number of consecutive failures after which a node stops asking; the
	// default is 5. A failure is an I/O error, an answer that does not come within
	// Timeout, or a reply that the server as a whole cannot serve: LOADING, READONLY,
	// CLUSTERDOWN, MASTERDOWN, NOREPLICAS, OOM, MISCONF, BUSY or too many clients. Other
	// replies, such as WRONGTYPE or CROSSSLOT, are about one key: OnFailure decides about
	// that request, and the store is still asked about others.
	Trip int

	// Cooldown is how long a node then does not ask; the default is a second.
	Cooldown time.Duration

	// Timeout is how long a call of Eval may take; the default is a second. A longer call
	// is a failure of the store. A caller's deadline that passes sooner ends only that
	// call and is not counted. So choose a Timeout shorter than the deadlines of callers;
	// otherwise each of them asks a store that hangs.
	Timeout time.Duration

	// Now is the clock for the node's own decisions: DenyCache, Cooldown and FailLocal; the
	// default is the monotonic one. For what a clock may do, see ratelimit.Options.Now. The
	// buckets in the store follow the store's clock, and Timeout is real time.
	Now func() time.Time

	// Keep leaves rate and burst out of the bucket's name in the store. So limiters with the
	// same prefix share the bucket of a key even if their rates differ, as happens while
	// some nodes have not received a new rate. A bucket that is not full keeps its tokens,
	// up to the new burst, as in ratelimit.Bucket.Set; a full one stays full. Until the next
	// take, the bucket fills at the rate of the limiter that took last.
	Keep bool
}

// A Limiter is a token bucket for every key, shared by all limiters with the same store,
// prefix, rate and burst. It is made by [New], is safe for concurrent use and must not be
// copied.
type Limiter struct {
	eval    Eval
	given   Options // for With
	opts    Options
	rate    ratelimit.Rate
	burst   int64  // of the bucket in the store
	tariff  tariff // of the bucket in the store
	suffix  string
	program program                  // takes from it
	local   *ratelimit.Keyed[string] // for FailLocal
	clock   clock.Clock
	notes   notes
	fuse    *breaker
}

// New returns a limiter. It sends nothing to the store; with an Inf rate the limiter
// never does. It panics if eval is nil, if the rate is zero, if burst is less than 1 or
// takes more than 142 years to fill, on an option that is negative or out of range, and
// on more than one Options.
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
	case o.Lease < 0 || o.Nodes < 0 || o.Trip < 0 || o.Cooldown < 0 || o.Timeout < 0 || o.OnFailure < FailClosed || o.OnFailure > FailLocal:
		o.Now = nil // an address means nothing to a reader
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
	if o.OnFailure == FailLocal {
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
	return ratelimit.Rate{} // less than one in 292 years
}

func (l *Limiter) made() {
	if l.eval == nil {
		panic("remote: Limiter must be made by New")
	}
}

// Take takes n tokens of key or none. An error means that nothing was granted. It wraps
// [ErrUnavailable], which happens only if OnFailure is FailClosed, or the context's error
// and its cause. An n of less than 1 or more than Limit is refused without asking the
// store. Durations are rounded up to the microsecond. In a decision made by the node
// itself, Remaining and ResetAfter are as of the last answer of the store.
//
// ctx needs no deadline, since no call takes longer than [Options.Timeout]. A deadline
// that passes, before the call or during it, has the same effect as a store that cannot
// be asked, but does not count as a failure of the store.
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

// ask asks the store for at least need and at most want tokens, and notes a denial. If
// the store cannot be asked it decides as OnFailure says; granted is then 0.
func (l *Limiter) ask(ctx context.Context, key string, need, want int64) (granted int64, d ratelimit.Decision, err error) {
	sent := l.clock.Now() // the store decides later than this
	args := []int64{need}
	if l.opts.Keep {
		args = append(args, want, l.tariff.n, l.tariff.d, l.tariff.full)
	} else if want > need {
		args = append(args, want)
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
