package config_test

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"example.com/flatline/examples/configd/config"
	"example.com/flatline/examples/configd/config/configtest"
	"example.com/flatline/examples/internal/sim"
)

// logNode is a log that is synced every few milliseconds.
type logNode struct {
	w   *world
	all []entry // those behind len(w.log) are not durable
}

func (l *logNode) Step(now time.Duration, m sim.Message) (out []sim.Message) {
	switch body := m.Body.(type) {
	case submit:
		for _, e := range l.all {
			if e.id == body.ID {
				return nil // a repetition
			}
		}
		l.all = append(l.all, entry{body.ID, at(now), body.Command})
		return []sim.Message{{To: m.To, Body: fsync{}, After: 20 * time.Millisecond}}
	case fsync:
		for len(l.w.log) < len(l.all) {
			l.w.write(l.all[len(l.w.log)])
		}
	case pull:
		have := l.w.log
		if l.w.early {
			have = l.all
		}
		if body.After < len(have) {
			return []sim.Message{{To: m.From, Body: entries{body.After, have[body.After:min(len(have), body.After+20)]}}}
		}
	}
	return nil
}

// server is a node with a copy of the state, which it makes from the log.
type server struct {
	w       *world
	name    string
	m       *config.Memory
	applied int
	waits   map[string]string // editors, by what they have submitted
}

func (s *server) Step(_ time.Duration, m sim.Message) (out []sim.Message) {
	switch body := m.Body.(type) {
	case sim.Start, tick:
		return []sim.Message{{To: "log", Body: pull{s.applied}}, {To: m.To, Body: tick{}, After: 100 * time.Millisecond}}
	case entries:
		for i, e := range body.All {
			if body.After+i != s.applied {
				continue // known
			}
			s.applied++
			effects := s.m.Apply(e.now, e.c)
			if who := s.waits[e.id]; who != "" {
				out = append(out, sim.Message{To: who, Body: answer{e.id, effects}})
			}
		}
		return out
	case submit:
		s.waits[body.ID] = m.From
		return []sim.Message{{To: "log", Body: body}}
	case look:
		if v, err := s.m.Read(ctx, config.Now); err == nil {
			x, _, _ := v.One("node", "n")
			return []sim.Message{{To: m.From, Body: seen{v.Rev, string(x.Value)}}}
		}
	case get:
		if v, err := s.m.Read(ctx, config.Now); err == nil {
			if all, err := v.All("node", ""); err == nil {
				return []sim.Message{{To: m.From, Body: bundle{&config.Bundle{Env: "node", Rev: v.Rev, Values: all}}}}
			}
		}
	case watch:
		return s.watch(m.From, body.After)
	}
	return nil
}

func (s *server) watch(who string, after int64) []sim.Message {
	if v, err := s.m.Read(ctx, config.Now); err == nil && s.w.gap { // from now on
		after = max(after, v.Rev-1)
	}
	u := updates{After: after, Upto: after}
	events, err := s.m.Since(ctx, after, 8)
	for _, e := range events {
		var one *config.Update
		if one, u.Reset, err = config.Render(s.m, "node", e); err != nil || u.Reset {
			break
		}
		if u.Upto = e.Rev; one != nil {
			u.All = append(u.All, *one)
		}
	}
	if err != nil {
		u.Reset = true
	}
	return []sim.Message{{To: who, Body: u}}
}

// editor reads, changes, and compares with what it has read; now and then it compacts, or
// commits what is not valid.
type editor struct {
	w    *world
	name string
	n    int
}

func (e *editor) Step(_ time.Duration, m sim.Message) []sim.Message {
	r := e.w.s.Rand
	node := fmt.Sprint("s", r.IntN(front))
	switch body := m.Body.(type) {
	case sim.Start, tick:
		if e.w.s.Now() > e.w.s.End-3*time.Second { // so that all can come to the end
			return nil
		}
		return []sim.Message{{To: node, Body: look{}}, {To: m.To, Body: tick{}, After: poll + time.Duration(r.IntN(500))*time.Millisecond}}
	case answer:
		e.w.acknowledged(body.ID, body.Effects)
	case seen:
		e.n++
		c := config.Command{Commit: &config.Commit{Base: body.Rev, Meta: by}}
		add := func(o config.Op) { c.Commit.Ops = append(c.Commit.Ops, o) }
		switch n := r.IntN(12); {
		case body.Rev == 0:
			add(set(config.Envs, "base", "{}"))
			add(set(config.Envs, "node", `{"parent": "base"}`))
			add(set(config.Schemas, "n", `{"type": "integer", "max": 8}`))
		case n == 0 && body.Rev > 4:
			c = config.Command{Compact: body.Rev - 4 + r.Int64N(4)}
		case n == 1:
			add(set("base", "n", "9"))
		case n == 2:
			add(configtest.Delete("node", "n"))
		case n == 3:
			add(configtest.Copy("node", "", "node", max(1, body.Rev-r.Int64N(6))))
		case n == 4:
			add(set(config.Envs, "node", []string{"{}", `{"parent": "base"}`}[r.IntN(2)]))
		case n == 5: // concerns no one
			c.Commit.Base = config.Any
			add(set(config.Roles, "nobody", "[]"))
		case n == 6:
			add(set("base", "hidden", strconv.Itoa(e.n)))
			add(set("node", "hidden", "1"))
		case n == 7:
			add(set("base", "hidden", strconv.Itoa(e.n)))
		default:
			x, _ := strconv.Atoi(body.N)
			add(set([]string{"base", "node"}[r.IntN(2)], "n", strconv.Itoa((x+1)%8)))
			add(set("base", fmt.Sprint("k", r.IntN(3)), strconv.Itoa(e.n)))
		}
		id := fmt.Sprint(e.name, "-", e.n)
		if c.Commit == nil {
			id = "compaction " + id
		}
		return []sim.Message{{To: node, Body: submit{id, c}}}
	}
	return nil
}

// client is the shipped Follower; it asks one node after the other.
type client struct {
	w    *world
	name string
	f    config.Follower
}

func (c *client) node() string { return fmt.Sprint("s", c.w.s.Rand.IntN(front)) }

func (c *client) Step(_ time.Duration, m sim.Message) []sim.Message {
	before := c.f.Have()
	var out []sim.Message
	switch body := m.Body.(type) {
	case sim.Start, tick:
		out = []sim.Message{{To: m.To, Body: tick{}, After: poll}}
		if before == nil || c.w.s.Rand.IntN(10) == 0 {
			out = append(out, sim.Message{To: c.node(), Body: get{}})
		} else {
			out = append(out, sim.Message{To: c.node(), Body: watch{before.Rev}})
		}
	case bundle:
		if c.w.back {
			c.f = config.Follower{}
		}
		c.saw("behind", c.f.Load(body.Bundle), config.ErrBehind)
	case updates:
		if body.Reset {
			c.w.saw["reset"]++
			return []sim.Message{{To: m.From, Body: get{}}}
		}
		after := body.After
		for _, u := range body.All {
			if c.w.gap {
				after = c.f.Have().Rev
			}
			c.saw("gap", c.f.Apply(after, u), config.ErrGap)
			c.w.saw["update"]++
			after = u.Rev
		}
		if body.Upto > after {
			c.saw("gap", c.f.Apply(after, config.Update{Rev: body.Upto}), config.ErrGap)
			c.w.saw["progress"]++
		}
	}
	if have := c.f.Have(); have != before {
		c.w.has(c.name, have)
		c.w.files[c.name] = have // before anyone reads it
	}
	return out
}

func (c *client) saw(what string, err, known error) {
	switch {
	case errors.Is(err, known):
		c.w.saw[what]++
	case err != nil:
		c.w.fail("%s: %v", c.name, err)
	}
}
