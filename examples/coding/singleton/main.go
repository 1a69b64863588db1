// Singleton makes a value once: once per process, and once per key.
//
// The question: "write a thread-safe singleton". Once per process is sync.OnceValue and
// needs no class, no explicit lock and no double check. Programs more often need one
// value per key (a client per host, a lock per file), and there the usual map behind a
// mutex has a trap: holding the lock while the value is made blocks all other callers,
// and not holding it makes the value twice.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/concmap"
)

// A Config is what the process reads once.
type Config struct{ Region string }

// configReads counts how often the work was done, for the transcript.
var configReads atomic.Int64

// config returns the process's one Config. The first caller makes it while the
// others wait; if making it panics, every call panics with the same value.
var config = sync.OnceValue(func() *Config {
	configReads.Add(1)
	return &Config{Region: "eu-north"}
})

// A Registry holds one value per key, made when it is first requested. The zero value is
// not ready: use NewRegistry. It is safe for concurrent use.
type Registry[K comparable, V any] struct {
	values concmap.Map[K, V]
	create func(K) (V, error)
}

// NewRegistry returns a registry whose values are made by create, which is called
// without a lock held, once per key at a time.
func NewRegistry[K comparable, V any](create func(K) (V, error)) *Registry[K, V] {
	return &Registry[K, V]{create: create}
}

// Get returns the value of k and makes it if there is none. Callers for the same
// key wait for the one that makes it; callers for other keys do not. An error is
// returned to its caller and not kept, so the next one tries again.
func (r *Registry[K, V]) Get(k K) (V, error) {
	v, _, err := r.values.LoadOrCompute(context.Background(), k, func(_ context.Context, k K) (V, error) { return r.create(k) })
	return v, err
}

// checkThenMake is the wrong registry, kept to be shown: it does not hold its lock while
// it makes a value, so other callers make the value too.
type checkThenMake[K comparable, V any] struct {
	mu     sync.Mutex
	values map[K]V
	create func(K) (V, error)
}

func (r *checkThenMake[K, V]) Get(k K) (V, error) {
	r.mu.Lock()
	v, ok := r.values[k]
	r.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := r.create(k)
	if err == nil {
		r.mu.Lock()
		r.values[k] = v
		r.mu.Unlock()
	}
	return v, err
}

// slowDial returns a create that counts its calls in made. A call lasts until as many
// as callers run at the same time, or, so that an answer that lets in fewer ends, for wait.
func slowDial(made *atomic.Int64, callers int64, wait time.Duration) func(string) (string, error) {
	all := make(chan struct{})
	return func(host string) (string, error) {
		if made.Add(1) == callers {
			close(all)
		}
		select {
		case <-all:
		case <-time.After(wait):
		}
		return host, nil
	}
}

func main() { run(os.Stdout) }

// run prints the transcript.
func run(w io.Writer) {
	first := config()
	same := together(100, func(int) bool { return config() == first })
	fmt.Fprintf(w, "per process: 100 goroutines, the same pointer for %d, made %d time\n", same, configReads.Load())

	var wrong, right atomic.Int64
	textbook := &checkThenMake[string, string]{values: map[string]string{}, create: slowDial(&wrong, 10, 10*time.Second)}
	together(10, func(int) bool { _, err := textbook.Get("a"); return err == nil })
	fmt.Fprintf(w, "wrong, check, then make: 10 goroutines, 1 host, made %d times\n", wrong.Load())
	registry := NewRegistry(slowDial(&right, 10, 10*time.Millisecond))
	together(10, func(int) bool { _, err := registry.Get("a"); return err == nil })
	fmt.Fprintf(w, "right, Registry:         10 goroutines, 1 host, made %d time\n", right.Load())

	var dials atomic.Int64
	clients := NewRegistry(func(host string) (*string, error) {
		if dials.Add(1); host == "down" {
			return nil, errors.New("no route to host")
		}
		return &host, nil
	})
	hosts := []string{"a", "b", "c"}
	ok := together(99, func(i int) bool {
		c, err := clients.Get(hosts[i%3])
		return err == nil && *c == hosts[i%3]
	})
	fmt.Fprintf(w, "per key:     99 goroutines, 3 hosts, %d right answers, made %d times\n", ok, dials.Load())

	for range 2 {
		_, err := clients.Get("down")
		fmt.Fprintf(w, "a failure:   %v\n", err)
	}
	fmt.Fprintf(w, "is not kept: made %d times\n", dials.Load())
}

// together calls f from n goroutines at once and counts how often it was true.
func together(n int, f func(i int) bool) int64 {
	var wg sync.WaitGroup
	var count atomic.Int64
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if f(i) {
				count.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	return count.Load()
}
