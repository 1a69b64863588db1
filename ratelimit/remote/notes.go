package remote

import (
	"context"
	"sync"
	"time"

	"example.com/flatline/ratelimit"
)

// maxNotes bounds the keys for which a node keeps a note. Dropping a note loses its
// unused lease, which errs on the safe side.
const maxNotes = 1 << 16

// A note is what a node itself knows about a key: tokens leased, and a denial.
type note struct {
	left   int64         // leased and not used
	n      int64         // n or more tokens are refused …
	until  int64         // … until this time
	room   int64         // the ticks in the bucket when the store denied n
	asked  int64         // the time at which the store was asked for them
	reset  int64         // when the bucket will be full, as of the store's last answer
	asking chan struct{} // holds a value while a request asks for this key's tokens
	users  int           // requests that wait to ask
}

// notes are the notes of a node. One lock guards them all: work under it takes far less
// than a round trip.
type notes struct {
	mu  sync.Mutex
	all map[string]*note
}

func (t *notes) init() { t.all = make(map[string]*note) }

// of returns the note of key. If there is none it makes one, and first drops others if
// necessary. t.mu is held.
func (t *notes) of(key string, now int64) *note {
	p := t.all[key]
	if p == nil {
		t.dropIdle(now)
		p = new(note)
		t.all[key] = p
	}
	return p
}

// dropIdle drops up to two notes that no longer say anything. If there is none and the
// bound is reached, it drops one that does. It looks at eight, which ranging over a map
// picks at random.
func (t *notes) dropIdle(now int64) {
	looked, dropped, any := 0, 0, ""
	for key, p := range t.all {
		if p.users == 0 {
			if any = key; p.left == 0 && p.until <= now {
				delete(t.all, key)
				dropped++
			}
		}
		if looked++; looked == 8 || dropped == 2 {
			break
		}
	}
	if dropped == 0 && len(t.all) >= maxNotes && any != "" {
		delete(t.all, any)
	}
}

// deniedBefore returns the decision about n tokens of key, if the note says that it is a
// denial.
func (l *Limiter) deniedBefore(key string, n int64) (ratelimit.Decision, bool) {
	now := l.clock.Now()
	l.notes.mu.Lock()
	defer l.notes.mu.Unlock()
	if p := l.notes.all[key]; p != nil {
		return l.denied(p, n, now)
	}
	return ratelimit.Decision{}, false
}

// denied is deniedBefore for a note. The lock is held. A take of more than was denied has
// to wait longer.
func (l *Limiter) denied(p *note, n, now int64) (ratelimit.Decision, bool) {
	if now >= p.until || n < p.n {
		return ratelimit.Decision{}, false
	}
	return ratelimit.Decision{
		Limit:      l.burst,
		Remaining:  p.room / l.tariff.d,
		RetryAfter: l.tariff.time(n*l.tariff.d-p.room) - time.Duration(now-p.asked),
		ResetAfter: time.Duration(max(p.reset-now, 0)),
	}, true
}

// deny notes a denial of n tokens by a bucket that held room ticks.
func (t *notes) deny(key string, n, room int64, d ratelimit.Decision, now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.of(key, now)
	p.n, p.room, p.asked = n, room, now
	p.until, p.reset = now+int64(d.RetryAfter), now+int64(d.ResetAfter)
}

// takeLeased is Take with a lease: it takes from what is left of the lease, or from the
// store together with a new lease. For each key, only one request at a time asks the
// store.
func (l *Limiter) takeLeased(ctx context.Context, key string, n int64) (ratelimit.Decision, error) {
	p, d, ok := l.fromLease(key, n)
	if ok {
		return d, nil
	}
	select {
	case p.asking <- struct{}{}:
	case <-ctx.Done():
		l.release(p)
		return l.failed(ctx, ctx.Err(), func() ratelimit.Decision { return l.local.Take(key, n) })
	}
	defer l.endAsking(p)
	left, d, ok := l.again(p, n)
	if ok {
		return d, nil
	}
	granted, d, err := l.ask(ctx, key, n, min(n+l.opts.Lease-left, l.burst))
	if granted > 0 {
		l.notes.mu.Lock()
		p.left += granted - n
		p.reset = l.clock.Now() + int64(d.ResetAfter)
		d.Remaining += p.left
		l.notes.mu.Unlock()
	}
	return d, err
}

// fromLease decides by the note of key if it can. Otherwise it returns the note, and
// counts the request as a user of it.
func (l *Limiter) fromLease(key string, n int64) (*note, ratelimit.Decision, bool) {
	now := l.clock.Now()
	l.notes.mu.Lock()
	defer l.notes.mu.Unlock()
	p := l.notes.of(key, now)
	if d, ok := l.decide(p, n, now); ok {
		return nil, d, true
	}
	if p.asking == nil {
		p.asking = make(chan struct{}, 1)
	}
	p.users++
	return p, ratelimit.Decision{}, false
}

// again is fromLease for a request that is now the one that asks: the one before it may
// have brought what this request needs.
func (l *Limiter) again(p *note, n int64) (left int64, d ratelimit.Decision, ok bool) {
	l.notes.mu.Lock()
	defer l.notes.mu.Unlock()
	d, ok = l.decide(p, n, l.clock.Now())
	return p.left, d, ok
}

// decide decides by a note, if that is possible. The lock is held.
func (l *Limiter) decide(p *note, n, now int64) (ratelimit.Decision, bool) {
	if p.left >= n {
		p.left -= n
		return ratelimit.Decision{OK: true, Limit: l.burst, Remaining: p.left, ResetAfter: time.Duration(max(p.reset-now, 0))}, true
	}
	return l.denied(p, n, now)
}

// endAsking lets the next request for this key ask the store, and releases p.
func (l *Limiter) endAsking(p *note) {
	<-p.asking
	l.release(p)
}

// release ends a request's use of p.
func (l *Limiter) release(p *note) {
	l.notes.mu.Lock()
	defer l.notes.mu.Unlock()
	p.users--
}
