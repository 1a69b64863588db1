// Memoize gives a slow function a memory of limited size.
//
// The question: "write a decorator that caches a function's results". The usual answer is
// a map: it grows without bound, it is not safe for two goroutines, and if twenty callers
// miss together the function runs twenty times. Here the memory is an LRU cache that
// loads a key once for all its callers, and does not store errors.
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

	"example.com/flatline/lru"
)

// A Func is a function that may be slow and may fail.
type Func[K comparable, V any] func(context.Context, K) (V, error)

// Memoize returns f with a memory of its last size distinct arguments, each kept for ttl
// (0: no expiry). The result is safe for concurrent use: calls with the same argument at
// the same time share one run of f, and the context of one of them ends only its own
// wait. An error is returned and not kept. f may call the memoized function with other
// arguments; with its own it would wait for itself.
func Memoize[K comparable, V any](f Func[K, V], size int, ttl time.Duration) (Func[K, V], func() lru.Stats) {
	c := lru.NewSync(size, lru.Options[K, V]{TTL: ttl})
	return func(ctx context.Context, k K) (V, error) { return c.GetOrLoad(ctx, k, f) }, c.Stats
}

// byMap is the wrong answer, kept to be shown: a map behind a mutex. Callers that miss
// together all run f, and the map only grows.
func byMap[K comparable, V any](f Func[K, V]) Func[K, V] {
	var mu sync.Mutex
	known := map[K]V{}
	return func(ctx context.Context, k K) (V, error) {
		mu.Lock()
		v, ok := known[k]
		mu.Unlock()
		if ok {
			return v, nil
		}
		v, err := f(ctx, k)
		if err == nil {
			mu.Lock()
			known[k] = v
			mu.Unlock()
		}
		return v, err
	}
}

// stampede returns how often f runs when callers ask a memory of f for one key at the
// same time. A run of f lasts until as many runs as callers have begun, or for wait, so
// that an answer that runs f less often ends.
func stampede(memory func(Func[int, int64]) Func[int, int64], callers int64, wait time.Duration) int64 {
	var runs atomic.Int64
	all := make(chan struct{})
	f := memory(func(context.Context, int) (int64, error) {
		n := runs.Add(1)
		if n == callers {
			close(all)
		}
		select {
		case <-all:
		case <-time.After(wait):
		}
		return n, nil
	})
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() { _, _ = f(context.Background(), 1) })
	}
	wg.Wait()
	return runs.Load()
}

func main() { run(os.Stdout) }

// run prints the transcript.
func run(w io.Writer) {
	ctx := context.Background()

	var calls atomic.Int64
	square, stats := Memoize(func(_ context.Context, n int) (int, error) {
		calls.Add(1)
		if n < 0 {
			return 0, errors.New("negative")
		}
		return n * n, nil
	}, 2, 0)
	for _, n := range []int{3, 3, 4, 3, 5, 4, -1, -1} {
		v, err := square(ctx, n)
		fmt.Fprintf(w, "square(%2d) = %2d, error %v\n", n, v, err)
	}
	s := stats()
	fmt.Fprintf(w, "8 calls, size 2: the function ran %d times; %d hits, %d evicted\n\n",
		calls.Load(), s.Hits, s.Evicted(lru.Capacity))

	fmt.Fprintln(w, "20 goroutines ask for one key at the same time:")
	fmt.Fprintf(w, "wrong, a map:   the function ran %d times\n", stampede(byMap, 20, 10*time.Second))
	memoized := func(f Func[int, int64]) Func[int, int64] { f, _ = Memoize(f, 8, 0); return f }
	fmt.Fprintf(w, "right, Memoize: the function ran %d time\n\n", stampede(memoized, 20, 10*time.Millisecond))

	// Recursion through the memory: fib(80) takes 81 runs, not 7·10^16.
	calls.Store(0)
	var fib Func[int, int64]
	fib, _ = Memoize(func(ctx context.Context, n int) (int64, error) {
		calls.Add(1)
		if n < 2 {
			return int64(n), nil
		}
		a, err := fib(ctx, n-1)
		if err != nil {
			return 0, err
		}
		b, err := fib(ctx, n-2)
		return a + b, err
	}, 128, 0)
	v, err := fib(ctx, 80)
	fmt.Fprintf(w, "fib(80) = %d, error %v, %d runs\n", v, err, calls.Load())
}
