package ratelimit

// A tentative limiter can say what it would decide without taking, and can undo what it
// took.
type tentative interface {
	Limiter
	peek(n int64) Decision              // what there is; OK if Take would succeed
	attempt(n int64) (Decision, func()) // the undo function is called at most once, and only if OK
}

// A refunder is a limiter to which tokens can be returned.
type refunder interface{ Refund(n int64) }

// All returns a limiter with several tiers, such as a limit per second and one per day:
// Take(n) takes n from each of them or from none. It asks them in their order and stops
// at the first that refuses. The tiers before that one get their tokens back if they are
// of this package or have a method Refund(int64). Put other limiters last.
//
// Tiers of this package are all asked before the first one takes, so that nothing is
// taken and returned unless another goroutine takes in between. If one does, a Bucket
// gets back only what cannot exceed its bound, as in [Reservation.Cancel]. That may be
// less than was taken, if others have taken and returned tokens in the meantime
// (TestUndoMayReturnLess): a bucket does not know whether it would have been full then.
//
// The Decision has the Limit and Remaining of the tier with the least remaining, and the
// longest RetryAfter and ResetAfter of all tiers asked. On a refusal that is what the
// tiers have, since nothing was taken. Without tiers, All admits everything. O(tiers).
func All(tiers ...Limiter) Limiter { return all(append([]Limiter(nil), tiers...)) }

type all []Limiter

// Take takes n from every tier or from none.
func (l all) Take(n int64) Decision {
	if look := l.peek(n); !look.OK {
		return look.Decision
	}
	d, _ := l.attempt(n)
	return d
}

func (l all) attempt(n int64) (Decision, func()) { return l.attemptEach(n, nil) }

// peek asks the tiers that can be asked without taking.
func (l all) peek(n int64) joint {
	sum := whole(n)
	for _, t := range l {
		if d, ok := peek(t, n); ok {
			sum.join(d)
		}
	}
	return sum
}

// peek returns what t has, or false if t cannot be asked without taking.
func peek(t Limiter, n int64) (d Decision, ok bool) {
	switch t := t.(type) {
	case all:
		sum := t.peek(n)
		return sum.Decision, sum.tiers > 0
	case tentative:
		return t.peek(n), true
	}
	return Decision{}, false
}

// attemptEach is attempt that also writes into each, unless it is nil, what the
// tiers answered up to the first that refused.
func (l all) attemptEach(n int64, each []Decision) (Decision, func()) {
	sum := whole(n)
	var undo []func()
	back := func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	for i, t := range l {
		d, u := attempt(t, n)
		if each != nil {
			each[i] = d
		}
		if !d.OK {
			back()
			sum = l[:i].level()
			sum.join(d)
			return sum.Decision, nil
		}
		sum.join(d)
		undo = append(undo, u)
	}
	return sum.Decision, back
}

// level returns what the tiers have. A take of 0, which is refused by contract, returns
// that.
func (l all) level() joint {
	sum := whole(1)
	for _, t := range l {
		sum.join(level(t))
	}
	return sum
}

func level(t Limiter) Decision {
	if l, ok := t.(all); ok {
		return l.level().Decision
	}
	d := t.Take(0)
	d.OK, d.RetryAfter = true, 0
	return d
}

// attempt takes n from t and returns how to undo that.
func attempt(t Limiter, n int64) (Decision, func()) {
	switch t := t.(type) {
	case all:
		return t.attempt(n)
	case tentative:
		return t.attempt(n)
	case refunder:
		return t.(Limiter).Take(n), func() { t.Refund(n) }
	default:
		return t.Take(n), func() {}
	}
}

// A joint is the decision of several tiers.
type joint struct {
	Decision
	tiers int
}

func whole(n int64) joint {
	if n < 1 {
		return joint{Decision: Decision{RetryAfter: Never}}
	}
	return joint{Decision: Decision{OK: true}}
}

func (j *joint) join(d Decision) {
	if j.tiers++; j.tiers == 1 || d.Remaining < j.Remaining {
		j.Limit, j.Remaining = d.Limit, d.Remaining
	}
	j.OK = j.OK && d.OK
	j.RetryAfter = max(j.RetryAfter, d.RetryAfter)
	j.ResetAfter = max(j.ResetAfter, d.ResetAfter)
}

func (b *Bucket) peek(n int64) Decision {
	b.lock()
	defer b.mu.Unlock()
	return b.peekLocked(n)
}

// peekLocked is peek while b.mu is held.
func (b *Bucket) peekLocked(n int64) Decision {
	s, now := b.current()
	if s.rate == Inf {
		return s.decide(n >= 1, n, instant{})
	}
	z := s.load().max(now.sub(s.cost(s.burst)))
	ok := n >= 1 && n <= s.burst && !now.less(z.add(s.cost(n)))
	return s.decide(ok, n, instant{z, now})
}

func (b *Bucket) attempt(n int64) (Decision, func()) {
	b.lock()
	defer b.mu.Unlock()
	p, now, ok := b.promise(n, 0)
	s := b.state.Load()
	if !ok {
		return s.decide(false, n, instant{s.load().max(now.sub(s.cost(s.burst))), now}), nil
	}
	return s.decide(true, n, instant{p.due, now}), func() {
		b.lock()
		defer b.mu.Unlock()
		b.cancel(p)
	}
}

func (l *keyLimiter[K]) peek(n int64) Decision {
	return l.x.peek(l.k, n, l.x.settingFor(l.k, new(setting)))
}

func (l *keyLimiter[K]) attempt(n int64) (Decision, func()) {
	d := l.Take(n)
	return d, func() { l.x.refund(l.k, n) }
}
