package gate

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/examples/internal/serve"
	"example.com/flatline/ratelimit/httplimit"
	"example.com/flatline/timemap"
)

// Options are the settings of NewNode.
type Options struct {
	Store   Store
	Next    http.Handler   // what the gateway is in front of
	Stats   *Stats         // where to count; default a new one
	Trusted []netip.Prefix // proxies whose X-Forwarded-For counts
	Poll    time.Duration  // between looks for new rules; default 250 ms
	Timeout time.Duration  // of a question to the store; default 250 ms
}

// A Node is one node of the gateway: an http.Handler that lets a request through to
// Next if every tier grants it. It is made by NewNode; Close ends it.
type Node struct {
	opts    Options
	ip      func(*http.Request) string
	rules   atomic.Pointer[Version]
	history *timemap.Sync[string, Version] // of the key "rules"
	heard   atomic.Int64                   // when the store was last asked, in Unix nanoseconds
	hearing sync.Mutex
	stop    context.CancelFunc
	done    chan struct{}
}

// NewNode returns a node that knows the rules of the store. A store without rules gets
// the default ones.
func NewNode(ctx context.Context, o Options) (*Node, error) {
	if o.Store == nil || o.Next == nil {
		panic("gate.NewNode: Store and Next must not be nil")
	}
	if o.Stats == nil {
		o.Stats = NewStats()
	}
	if o.Poll <= 0 {
		o.Poll = 250 * time.Millisecond
	}
	if o.Timeout <= 0 {
		o.Timeout = 250 * time.Millisecond
	}
	n := &Node{opts: o, ip: httplimit.ClientIP(o.Trusted...), done: make(chan struct{})}
	n.history = timemap.NewSync(timemap.Options[string, Version]{SameTime: timemap.KeepAll})
	if err := n.Refresh(ctx); err != nil {
		return nil, err
	}
	if n.rules.Load() == nil {
		_, err := n.Publish(ctx, 0, Version{By: "gatelimit", Note: "default", Rules: DefaultRules()})
		if err != nil && !errors.Is(err, ErrConflict) { // then another node was first
			return nil, err
		}
		if err := n.Refresh(ctx); err != nil {
			return nil, err
		}
	}
	ctx, n.stop = context.WithCancel(context.WithoutCancel(ctx))
	go n.listen(ctx)
	return n, nil
}

// listen looks for new rules until ctx is done. A store that fails is asked again.
func (n *Node) listen(ctx context.Context) {
	defer close(n.done)
	for t := time.NewTicker(n.opts.Poll); ; {
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
			_ = n.Refresh(ctx)
		}
	}
}

// Close stops the node's look for rules and closes its store.
func (n *Node) Close() error {
	n.stop()
	<-n.done
	return n.opts.Store.Close()
}

// Refresh fetches the versions that the node does not have yet.
func (n *Node) Refresh(ctx context.Context) error {
	n.hearing.Lock()
	defer n.hearing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, n.opts.Timeout)
	defer cancel()
	last := int64(0)
	if v := n.rules.Load(); v != nil {
		last = v.Number
	}
	versions, err := n.opts.Store.Versions(ctx, last)
	if err != nil {
		return err
	}
	n.heard.Store(time.Now().UnixNano())
	for _, v := range versions {
		if now := n.rules.Load(); now != nil && v.At.Before(now.At) {
			v.At = now.At // a store's clock that went back does not change the order
		}
		n.history.Set("rules", timemap.Time(v.At), v)
		n.rules.Store(&v)
	}
	return nil
}

// Publish makes v the newest version if base still is, and the node's own at once.
func (n *Node) Publish(ctx context.Context, base int64, v Version) (Version, error) {
	ctx, cancel := context.WithTimeout(ctx, n.opts.Timeout)
	defer cancel()
	v, err := n.opts.Store.Publish(ctx, base, v)
	if err == nil {
		_ = n.Refresh(ctx) // or the next poll does
	}
	return v, err
}

// Rules returns the version in force.
func (n *Node) Rules() Version { return *n.rules.Load() }

// RulesAt returns the version that was in force at a time. O(log versions).
func (n *Node) RulesAt(t time.Time) (Version, bool) { return n.history.Get("rules", timemap.Time(t)) }

// History yields the versions, the newest first.
func (n *Node) History(yield func(Version) bool) {
	for _, v := range n.history.Backward("rules") {
		if !yield(v) {
			return
		}
	}
}

// client returns the key under which a request is counted. An API key that the rules do
// not know could be made up for each request, so then it is the address.
func (n *Node) client(r *http.Request, rules *Rules) (name string, known bool) {
	key := r.Header.Get("X-API-Key")
	if _, known = rules.Clients[key]; known {
		return key, true
	}
	return n.ip(r), false
}

// ServeHTTP passes the request on or answers 429, or 503 if the store cannot decide.
// Every answer has the fields RateLimit-Policy and RateLimit of the IETF draft, one item
// per tier; a refusal has Retry-After, and names the tier.
func (n *Node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rules := &n.rules.Load().Rules
	client, known := n.client(r, rules)
	tiers := rules.Tiers(client, known, path.Clean("/"+r.URL.Path))
	ctx, cancel := context.WithTimeout(r.Context(), n.opts.Timeout)
	defer cancel()
	each, err := n.opts.Store.Take(ctx, tiers)
	if err != nil {
		if r.Context().Err() != nil {
			return // the client is gone
		}
		n.opts.Stats.Count(client, known, "store")
		refuse(w, http.StatusServiceUnavailable, "store", time.Second)
		return
	}
	refused, wait := "", time.Duration(0)
	for i, d := range each {
		t := tiers[i]
		httplimit.Policy{Name: t.Name, Rate: t.Rate, Burst: t.Burst, Log: t.Exact()}.Add(w.Header(), d)
		if !d.OK {
			refused, wait = t.Name, max(wait, d.RetryAfter)
		}
	}
	n.opts.Stats.Count(client, known, refused)
	if refused != "" {
		refuse(w, http.StatusTooManyRequests, refused, wait)
		return
	}
	n.opts.Next.ServeHTTP(w, r)
}

func refuse(w http.ResponseWriter, status int, tier string, wait time.Duration) {
	h := w.Header()
	httplimit.SetRetryAfter(h, wait)
	h.Set("X-RateLimit-Tier", tier)
	h.Set("Cache-Control", "no-store")
	serve.JSON(w, status, map[string]string{"error": http.StatusText(status), "tier": tier})
}
