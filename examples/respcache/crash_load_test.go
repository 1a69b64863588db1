package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A load records what several writers sent to a server, and what the server acknowledged:
// after a crash the server's keys are compared with it. It continues over several
// crashes.
type load struct {
	writers  []*writer
	counters [4]struct{ sent, acked atomic.Int64 }
	acked    atomic.Int64 // replies to all writers
}

// A writer uses its own keys, so it knows what they must hold.
type writer struct {
	l    *load
	id   int
	rng  *rand.Rand
	next int

	set      map[string]string // acknowledged values
	lives    map[string]string // acknowledged deadlines, in ms
	gone     map[string]bool   // acknowledged deletions
	unsure   map[string]bool   // keys of commands that were sent and not answered
	pair     int               // acknowledged value of the two keys that change together
	pairSent int
}

func newLoad(writers int, seed uint64) *load {
	l := new(load)
	for i := range writers {
		l.writers = append(l.writers, &writer{
			l: l, id: i, rng: rand.New(rand.NewPCG(seed, uint64(i))),
			set: map[string]string{}, lives: map[string]string{}, gone: map[string]bool{}, unsure: map[string]bool{},
		})
	}
	return l
}

// An op is a command, the reply that acknowledges it, and the knowledge that follows.
type op struct {
	args []string
	want string
	key  string
	done func()
}

func (w *writer) draw() op {
	key := func() string { w.next++; return fmt.Sprintf("w%d:%d", w.id, w.next) }
	switch w.rng.IntN(10) {
	case 0, 1:
		i := w.rng.IntN(len(w.l.counters))
		c := &w.l.counters[i]
		c.sent.Add(1)
		return op{args: []string{"INCR", fmt.Sprintf("counter:%d", i)}, want: ":", done: func() { c.acked.Add(1) }}
	case 2:
		k := fmt.Sprintf("w%d:%d", w.id, w.rng.IntN(w.next+1))
		if _, ok := w.set[k]; ok {
			return op{args: []string{"DEL", k}, want: ":1\r\n", key: k, done: func() { delete(w.set, k); delete(w.lives, k); w.gone[k] = true }}
		}
		fallthrough
	case 3:
		k, v := key(), strings.Repeat("x", w.rng.IntN(5000))
		end := strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
		return op{args: []string{"SET", k, v, "PXAT", end}, want: "+OK\r\n", key: k, done: func() { w.set[k], w.lives[k] = v, end }}
	case 4:
		w.pairSent++
		n := w.pairSent
		v := strconv.Itoa(n)
		return op{args: []string{"MSET", fmt.Sprintf("p%d", w.id), v, fmt.Sprintf("q%d", w.id), v}, want: "+OK\r\n", done: func() { w.pair = n }}
	default:
		k := key()
		v := fmt.Sprintf("value of %s\r\n", k)
		return op{args: []string{"SET", k, v}, want: "+OK\r\n", key: k, done: func() { w.set[k] = v }}
	}
}

// run writes until the connection breaks. Commands without an answer stay unsure.
func (w *writer) run(n *node) error {
	c, err := connect(n.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		var batch []byte
		var ops []op
		for range 1 + w.rng.IntN(8) {
			o := w.draw()
			if o.key != "" {
				if w.unsure[o.key] {
					continue
				}
				w.unsure[o.key] = true
			}
			ops, batch = append(ops, o), append(batch, encode(o.args...)...)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Write(batch); err != nil {
			return nil
		}
		for _, o := range ops {
			got, err := readReply(c.r)
			var slow interface{ Timeout() bool }
			if errors.As(err, &slow) && slow.Timeout() {
				return fmt.Errorf("no reply to %.100q within %s", o.args, patience)
			}
			if err != nil {
				return nil
			}
			if !strings.HasPrefix(got, o.want) {
				return fmt.Errorf("%.100q: %.200q", o.args, got)
			}
			o.done()
			delete(w.unsure, o.key)
			w.l.acked.Add(1)
		}
	}
}

// until runs all writers until they got so many replies more, calls crash, which must end
// the server, and returns when they have noticed.
func (l *load) until(t testing.TB, n *node, replies int64, crash func()) {
	t.Helper()
	end := l.acked.Load() + replies
	var wg sync.WaitGroup
	errs := make([]error, len(l.writers))
	for i, w := range l.writers {
		wg.Go(func() { errs[i] = w.run(n) })
	}
	deadline := time.Now().Add(patience)
	for l.acked.Load() < end && time.Now().Before(deadline) {
		time.Sleep(100 * time.Microsecond)
	}
	reached := l.acked.Load() >= end
	crash()
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.True(t, reached, "the writers got %d replies, not %d\n%s", l.acked.Load(), end, n.log)
}

// lost returns what the server should hold according to the load and does not, and what
// it holds and should not: one line each.
func (l *load) lost(t testing.TB, n *node) []string {
	t.Helper()
	var lost []string
	c := n.dial(t)
	ask := func(args ...string) string { return c.must(t, args...) }
	for _, w := range l.writers {
		for k, v := range w.set {
			if got := ask("GET", k); !w.unsure[k] && got != bulk(v) {
				lost = append(lost, fmt.Sprintf("%s: %.60q, acknowledged was %.60q", k, got, v))
			}
			if end := w.lives[k]; end != "" && !w.unsure[k] {
				if got := ask("PEXPIRETIME", k); got != ":"+end+"\r\n" {
					lost = append(lost, fmt.Sprintf("%s: ends at %q, acknowledged was %s", k, got, end))
				}
			}
		}
		for k := range w.gone {
			if got := ask("EXISTS", k); got != ":0\r\n" {
				lost = append(lost, k+": is back, its DEL was acknowledged")
			}
		}
		p, q := leaves(ask("GET", fmt.Sprintf("p%d", w.id))), leaves(ask("GET", fmt.Sprintf("q%d", w.id)))
		if fmt.Sprint(p) != fmt.Sprint(q) {
			lost = append(lost, fmt.Sprintf("p%d is %v, q%d is %v: one MSET sets both", w.id, p, w.id, q))
		}
		lost = append(lost, between(fmt.Sprintf("p%d", w.id), p, int64(w.pair), int64(w.pairSent))...)
	}
	for i := range l.counters {
		k := fmt.Sprintf("counter:%d", i)
		lost = append(lost, between(k, leaves(ask("GET", k)), l.counters[i].acked.Load(), l.counters[i].sent.Load())...)
	}
	return lost
}

// between returns a line if the number that a key holds is not within the bounds.
func between(key string, held []string, least, most int64) []string {
	n := int64(0)
	if len(held) == 1 {
		var err error
		if n, err = strconv.ParseInt(held[0], 10, 64); err != nil {
			return []string{fmt.Sprintf("%s: %v", key, err)}
		}
	}
	if n < least || n > most {
		return []string{fmt.Sprintf("%s is %d, acknowledged were %d, sent %d", key, n, least, most)}
	}
	return nil
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }
