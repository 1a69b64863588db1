package httplimit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"example.com/flatline/internal/option"
	"example.com/flatline/ratelimit"
)

// Options are the settings of New and Over.
type Options struct {
	// Key returns the key under which a request is counted; the default is ClientIP(). If
	// it panics, the request is not counted. A key longer than 64 bytes is replaced by
	// its SHA-256 hash, so that clients cannot choose how much memory their keys take.
	// Over does not use it.
	Key func(*http.Request) string

	// RateFor returns the rate and the burst of a key, for limits that differ between
	// clients; the default is the arguments of New. It gets the key as it is stored, is
	// called twice for each request, and may be called by several goroutines at once.
	// Over does not use it.
	RateFor func(key string) (ratelimit.Rate, int64)

	// Name is the policy's name in the fields RateLimit-Policy and RateLimit; the default is
	// "default". It must be printable ASCII. Over does not use it.
	Name string

	// MaxKeys bounds the keys that are kept at once; 0, the default, is 100000. They
	// take about 10 MB, and at most 20. See ratelimit.KeyedOptions. Over does not use it.
	MaxKeys int

	// Now is the clock; the default is the monotonic one. See ratelimit.KeyedOptions. Over
	// does not use it.
	Now func() time.Time

	// Skip reports whether a request passes without being counted, such as a health check;
	// by default none does.
	Skip func(*http.Request) bool

	// Cost returns how many tokens a request takes; the default is 1. A request that costs
	// 0 or less is skipped. One that costs more than the burst is always refused, without
	// Retry-After.
	Cost func(*http.Request) int64

	// Denied answers a request that is refused; the default writes status 429 and a
	// line of text. The fields and Retry-After are set already; it writes the status.
	Denied http.Handler

	// Counts, if not nil, counts the requests by outcome.
	Counts *Counts

	// Expose makes the decisions available to the handler, and to Denied, through
	// Results. It costs two allocations per request.
	Expose bool
}

// Counts says how many requests were granted, refused and skipped.
type Counts struct{ Granted, Refused, Skipped atomic.Int64 }

// A Tier is one limit of Over: its name and its limiter.
type Tier struct {
	// Policy describes the limit in the fields. If its Burst is 0, the Limit of each
	// Decision is sent instead; without a Rate the fields do not say when more is
	// available.
	Policy Policy

	// Limiter returns the limiter of a request, nil if this tier does not count it.
	Limiter func(*http.Request) ratelimit.Limiter
}

// New returns a middleware that allows each key burst requests at once and the rate in
// the long run. Handlers that are wrapped by the same middleware share the count. A
// handler may be wrapped by several middlewares: the fields then list the policy of each
// middleware that was asked. [Over] instead takes from several limits at once, or from
// none. With an Inf rate the middleware adds no fields. New panics if burst or MaxKeys is
// negative, on a Name that is not printable ASCII, and on more than one Options.
func New(r ratelimit.Rate, burst int64, opts ...Options) func(http.Handler) http.Handler {
	o := option.One("httplimit.New", opts)
	key := ClientIP()
	if o.Key != nil {
		key = func(r *http.Request) string { return bounded(o.Key(r)) }
	}
	if o.Name == "" {
		o.Name = "default"
	}
	if o.MaxKeys == 0 {
		o.MaxKeys = 100_000
	}
	mustPrint("httplimit.New", o.Name)
	policy := Policy{Name: o.Name, Rate: r, Burst: burst}
	keys := ratelimit.NewKeyed(r, burst, ratelimit.KeyedOptions[string]{MaxKeys: o.MaxKeys, Now: o.Now, RateFor: o.RateFor})
	return o.wrap(func(r *http.Request, n int64) (ratelimit.Decision, Policy, []Result) {
		k, p := key(r), policy
		if o.RateFor != nil {
			p.Rate, p.Burst = o.RateFor(k)
			p.Burst = max(p.Burst, 0)
		}
		return keys.Take(k, n), p, nil
	})
}

// Over returns a middleware with several limiters of any kind. A request is granted if
// each of its tiers has as many tokens as the request costs; it takes them from all tiers
// or from none, as [ratelimit.TakeEach] does. The fields list all tiers in their order.
// It panics if there are none, on a Policy.Name that is not printable ASCII, on a tier
// without Limiter, and on more than one Options.
func Over(tiers []Tier, opts ...Options) func(http.Handler) http.Handler {
	o := option.One("httplimit.Over", opts)
	if len(tiers) == 0 {
		panic("httplimit.Over: no tiers")
	}
	for _, t := range tiers {
		mustPrint("httplimit.Over", t.Policy.Name)
		if t.Limiter == nil {
			panic(fmt.Sprintf("httplimit.Over: the tier %q has no Limiter", t.Policy.Name))
		}
	}
	tiers = append([]Tier(nil), tiers...)
	return o.wrap(func(r *http.Request, n int64) (ratelimit.Decision, Policy, []Result) {
		results := make([]Result, 0, len(tiers))
		limiters := make([]ratelimit.Limiter, 0, len(tiers))
		for _, t := range tiers {
			if l := t.Limiter(r); l != nil {
				results, limiters = append(results, Result{Policy: t.Policy}), append(limiters, l)
			}
		}
		sum, each := ratelimit.TakeEach(n, limiters...)
		for i, d := range each {
			p := &results[i].Policy
			if p.Burst == 0 {
				p.Burst = d.Limit
			}
			p.Log = p.Log || p.Rate == ratelimit.Rate{}
			results[i].Decision = d
		}
		return sum, Policy{}, results
	})
}

func mustPrint(fn, name string) {
	if !printable(name) {
		panic(fmt.Sprintf("%s: Name must be printable ASCII, got %q", fn, name))
	}
}

// A taker takes n tokens for a request. It returns the decision, and also the results of
// several limits or, without allocating, the policy of the only limit.
type taker func(r *http.Request, n int64) (ratelimit.Decision, Policy, []Result)

// wrap returns the middleware that decides by take.
func (o Options) wrap(take taker) func(http.Handler) http.Handler {
	if o.Denied == nil {
		o.Denied = http.HandlerFunc(tooMany)
	}
	if o.Counts == nil {
		o.Counts = new(Counts)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.serve(w, r, next, take) })
	}
}

func (o *Options) serve(w http.ResponseWriter, r *http.Request, next http.Handler, take taker) {
	cost := int64(1)
	if o.Cost != nil {
		cost = o.Cost(r)
	}
	if cost < 1 || o.Skip != nil && o.Skip(r) {
		o.Counts.Skipped.Add(1)
		next.ServeHTTP(w, r)
		return
	}
	sum, policy, results := take(r, cost)
	if results == nil {
		policy.write(w, sum)
	}
	for _, result := range results {
		result.Policy.write(w, result.Decision)
	}
	if o.Expose {
		if results == nil {
			results = []Result{{policy, sum}}
		}
		r = expose(r, results)
	}
	if sum.OK {
		o.Counts.Granted.Add(1)
		next.ServeHTTP(w, r)
		return
	}
	o.Counts.Refused.Add(1)
	SetRetryAfter(w.Header(), sum.RetryAfter)
	o.Denied.ServeHTTP(w, r)
}

// write adds p to the fields of w, unless p has no limit.
func (p Policy) write(w http.ResponseWriter, d ratelimit.Decision) {
	if p.Rate != ratelimit.Inf {
		p.Add(w.Header(), d)
	}
}

func tooMany(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
}

// maxKey is the length of the longest key that is stored as it is.
const maxKey = 64

// bounded returns a key of bounded length, in its own memory: a caller's key may be a
// small part of a long URL. A hash is longer than maxKey, so no short key equals one.
func bounded(key string) string {
	if len(key) <= maxKey {
		return strings.Clone(key)
	}
	sum := sha256.Sum256([]byte(key))
	return "#" + hex.EncodeToString(sum[:])
}
