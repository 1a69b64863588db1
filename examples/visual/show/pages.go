package show

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"example.com/flatline/bqueue"
	"example.com/flatline/lfu"
	"example.com/flatline/lru"
	"example.com/flatline/minstack"
	"example.com/flatline/randset"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
	"example.com/flatline/slidingmax"
	"example.com/flatline/timemap"
)

// A Page shows one structure.
type Page struct {
	Name  string
	Forms []Form
}

// A Form is one structure in one state to start from.
type Form struct {
	Name string // as evidence/schedules names it, where it has a program of that name
	Made string // the code that made it
	Ops  string // the calls that can be made
	Do   string // calls to begin with
	make func() subject
}

// A subject is a structure at work.
type subject struct {
	root   any // a pointer to it
	ops    map[string]op
	answer func() string // what the structure itself says it contains; the last call
}

// An op makes a call with the arguments that were typed, and returns what it returned.
type op struct {
	args int
	call func(a []string) string
}

func text(v ...any) string { return fmt.Sprint(v...) }

func found[V any](v V, ok bool) string { return text(v, ", ", ok) }

// number reads an argument.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(quote(s) + " is no number")
	}
	return n
}

func none(f func() string) op       { return op{0, func([]string) string { return f() }} }
func one(f func(int) string) op     { return op{1, func(a []string) string { return f(number(a[0])) }} }
func word(f func(string) string) op { return op{1, func(a []string) string { return f(a[0]) }} }

// A cached is a cache with strict order.
type cached interface {
	Put(k string, v int) bool
	Get(k string) (int, bool)
	Delete(k string) (int, bool)
}

func cache(c cached, answer func() string) subject {
	return subject{c, map[string]op{
		"Put": {2, func(a []string) string {
			if c.Put(a[0], number(a[1])) {
				return "evicted"
			}
			return "stored"
		}},
		"Get":    word(func(k string) string { return found(c.Get(k)) }),
		"Delete": word(func(k string) string { return found(c.Delete(k)) }),
	}, answer}
}

// Pages are all structures, in the order of the README.
var Pages = []Page{
	{"lru", []Form{{"lru.Cache", "lru.New[string, int](3)", "Put(k,v) Get(k) Delete(k)", "Put(a,1),Put(b,2),Put(c,3),Get(a),Put(d,4)", func() subject {
		c := lru.New[string, int](3)
		return cache(c, func() string { return text(slices.Collect(c.Keys())) })
	}}}},
	{"lfu", []Form{{"lfu.Cache", "lfu.New[string, int](3)", "Put(k,v) Get(k) Delete(k)", "Put(a,1),Put(b,2),Put(c,3),Get(a),Get(a),Get(b),Put(d,4)", func() subject {
		c := lfu.New[string, int](3)
		return cache(c, func() string { return text(slices.Collect(c.Keys())) })
	}}}},
	{"ratelimit", []Form{{"ratelimit.Bucket", "ratelimit.New(ratelimit.Per(1, time.Second), 3)", "AllowN(n) Advance(milliseconds)", "AllowN(2),AllowN(1),AllowN(1),Advance(1500),AllowN(1)", bucket}}},
	{"ringbuffer", []Form{{"ringbuffer.MPMC", "ringbuffer.NewMPMC[int](2)", "TryPush(v) TryPop()", "TryPush(1),TryPop()|TryPush(2)", ring}}},
	{"concmap", mapForms},
	{"timemap", []Form{{"timemap.Map", "timemap.New[string, string]()", "Set(time,v) Delete(time) Get(time)", "Set(10,a),Set(20,b),Set(30,c),Set(40,d),Set(50,e),Get(37),Set(25,x),Get(26)", history}}},
	{"minstack", []Form{{"minstack.Stack", "new(minstack.Stack[int])", "Push(v) Pop() Min()", "Push(5),Push(3),Push(4),Push(3),Pop(),Pop(),Min()", stack}}},
	{"randset", []Form{{"randset.Set", "randset.New[string]()", "Insert(v) Delete(v) Random()", "Insert(a),Insert(b),Insert(c),Insert(d),Delete(b),Random()", set}}},
	{"slidingmax", []Form{
		{"slidingmax.Window", "slidingmax.NewFunc(4, cmp.Compare[int])", "Push(v) Max()", "Push(3),Push(1),Push(4),Push(1),Push(5),Push(9),Push(2),Push(6)", window},
		{"slidingmax.AppendMax", "slidingmax.AppendMax(nil, series, 4)", "AppendMax(k)", "AppendMax(4)", series},
	}},
	{"bqueue", []Form{{"bqueue.Queue", "bqueue.New[int](1)", "Put(v) Take() Close()", "Put(1),Put(2)|Take()", queue}}},
}

func bucket() subject {
	now := time.Unix(1, 0)
	b := ratelimit.New(ratelimit.Per(1, time.Second), 3, ratelimit.Options{Now: func() time.Time { return now }})
	clock := struct {
		*ratelimit.Bucket
		Now int
	}{b, 0}
	return subject{&clock, map[string]op{
		"AllowN": one(func(n int) string { return text(b.AllowN(int64(n))) }),
		"Advance": one(func(ms int) string {
			now = now.Add(time.Duration(ms) * time.Millisecond)
			clock.Now += ms * 1_000_000
			return text(now.Sub(time.Unix(1, 0)))
		}),
	}, func() string { return fmt.Sprintf("[%.2f]", b.Tokens()) }}
}

func ring() subject {
	q := ringbuffer.NewMPMC[int](2)
	return subject{q, map[string]op{
		"TryPush": one(func(v int) string { return text(q.TryPush(v)) }),
		"TryPop":  none(func() string { return found(q.TryPop()) }),
	}, func() string {
		all := make([]int, 2)
		return text(all[:q.PopInto(all)])
	}}
}

func history() subject {
	m := timemap.New[string, string]()
	return subject{m, map[string]op{
		"Set":    {2, func(a []string) string { m.Set("k", int64(number(a[0])), a[1]); return "set" }},
		"Delete": one(func(t int) string { m.Delete("k", int64(t)); return "deleted" }),
		"Get":    one(func(t int) string { return found(m.Get("k", int64(t))) }),
	}, func() string {
		var all []string
		for t, c := range m.Changes("k") {
			if c.Deleted {
				c.Value = "†"
			}
			all = append(all, text(t, "=", c.Value))
		}
		return text(all)
	}}
}

func stack() subject {
	s := new(minstack.Stack[int])
	return subject{s, map[string]op{
		"Push": one(func(v int) string { s.Push(v); return "pushed" }),
		"Pop":  none(func() string { return found(s.Pop()) }),
		"Min":  none(func() string { return found(s.Min()) }),
	}, func() string { return text(slices.Collect(s.All())) }}
}

func set() subject {
	s := randset.New[string]()
	return subject{s, map[string]op{
		"Insert": word(func(v string) string { return text(s.Insert(v)) }),
		"Delete": word(func(v string) string { return text(s.Delete(v)) }),
		"Random": none(func() string { return found(s.Random()) }),
	}, func() string {
		var all []string
		for i := range s.Len() {
			all = append(all, s.At(i))
		}
		return text(all)
	}}
}

func window() subject {
	var series struct {
		*slidingmax.Window[int]
		Series   []int
		Compared int
	}
	w := slidingmax.NewFunc(4, func(a, b int) int {
		series.Compared++
		return cmp.Compare(a, b)
	})
	series.Window = w
	return subject{&series, map[string]op{
		"Push": one(func(v int) string { series.Series = append(series.Series, v); return found(w.Push(v)) }),
		"Max":  none(func() string { return found(w.Max()) }),
	}, func() string { return text(slices.Collect(w.All())) }}
}

// series has texts, whose maxima come from the plain kernel: numbers have a faster one.
func series() subject {
	s := struct{ s, dst []string }{s: []string{"3", "1", "4", "1", "5", "9", "2", "6", "5", "3", "5", "8"}}
	s.dst = make([]string, 0, len(s.s))
	return subject{&s, map[string]op{
		"AppendMax": one(func(k int) string {
			s.dst = slidingmax.AppendMax(s.dst[:0], s.s, k)
			return text(len(s.dst), " maxima")
		}),
	}, func() string { return text(s.dst) }}
}

func queue() subject {
	q := bqueue.New[int](1)
	ctx := context.Background()
	end := func(err error) string {
		if err != nil {
			return err.Error()
		}
		return "done"
	}
	return subject{q, map[string]op{
		"Put": one(func(v int) string { return end(q.Put(ctx, v)) }),
		"Take": none(func() string {
			v, err := q.Take(ctx)
			if err != nil {
				return err.Error()
			}
			return text(v)
		}),
		"Close": none(func() string { q.Close(); return "closed" }),
	}, func() string { return text(q.CloseNow()) }}
}
