package house

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/bqueue"
	"example.com/flatline/concmap"
	"example.com/flatline/lfu"
	"example.com/flatline/lru"
	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
)

// blocked has, for each method with a context, a structure in which it has to wait, and
// how it is called.
var blocked = map[string]struct {
	make func() any
	call func(ctx context.Context, v any) error
}{
	"bqueue.Queue.Put": {fullQueue, func(ctx context.Context, v any) error { return v.(*bqueue.Queue[int]).Put(ctx, 1) }},
	"bqueue.Queue.PutAll": {fullQueue, func(ctx context.Context, v any) error {
		return errorOf(v.(*bqueue.Queue[int]).PutAll(ctx, make([]int, 9)))
	}},
	"bqueue.Queue.Take": {emptyQueue, func(ctx context.Context, v any) error { return errorOf(v.(*bqueue.Queue[int]).Take(ctx)) }},
	"bqueue.Queue.TakeBatch": {emptyQueue, func(ctx context.Context, v any) error {
		return errorOf(v.(*bqueue.Queue[int]).TakeBatch(ctx, make([]int, 9)))
	}},
	"bqueue.Queue.TakeBatchWithin": {emptyQueue, func(ctx context.Context, v any) error {
		return errorOf(v.(*bqueue.Queue[int]).TakeBatchWithin(ctx, make([]int, 9), time.Hour))
	}},
	"bqueue.Queue.Join": {fullQueue, func(ctx context.Context, v any) error { return v.(*bqueue.Queue[int]).Join(ctx) }},
	"bqueue.Queue.All": {emptyQueue, func(ctx context.Context, v any) error {
		for range v.(*bqueue.Queue[int]).All(ctx) {
		}
		return context.Cause(ctx)
	}},
	"bqueue.Queue.Workers": {emptyQueue, func(ctx context.Context, v any) error {
		return errorOf(v.(*bqueue.Queue[int]).Workers(ctx, 2, func(context.Context, int) error { return nil }))
	}},
	"concmap.Map.LoadOrCompute": {func() any { return concmap.New[int, int]() }, func(ctx context.Context, v any) error {
		_, _, err := v.(*concmap.Map[int, int]).LoadOrCompute(ctx, 9, func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})
		return err
	}},
	"ringbuffer.Sync.Wait": {func() any { return ringbuffer.NewSync[int](2) }, func(ctx context.Context, v any) error {
		return errorOf(v.(*ringbuffer.Sync[int]).Wait(ctx, 1))
	}},
	"ringbuffer.Pipe.ReadContext": {emptyPipe, func(ctx context.Context, v any) error {
		return errorOf(v.(*ringbuffer.Pipe).ReadContext(ctx, make([]byte, 9)))
	}},
	"ringbuffer.Pipe.WriteContext": {emptyPipe, func(ctx context.Context, v any) error {
		return errorOf(v.(*ringbuffer.Pipe).WriteContext(ctx, make([]byte, 9)))
	}},
	"ratelimit.Bucket.Wait":    {emptyBucket, func(ctx context.Context, v any) error { return v.(*ratelimit.Bucket).Wait(ctx) }},
	"ratelimit.Bucket.WaitN":   {emptyBucket, func(ctx context.Context, v any) error { return v.(*ratelimit.Bucket).WaitN(ctx, 2) }},
	"ratelimit.Pacer.Wait":     {busyPacer, func(ctx context.Context, v any) error { return v.(*ratelimit.Pacer).Wait(ctx) }},
	"lru.Sync.GetOrLoad":       {func() any { return lru.NewSync[int, int](4) }, load},
	"lru.Sharded.GetOrLoad":    {func() any { return lru.NewSharded[int, int](64) }, load},
	"lfu.Sync.GetOrLoad":       {func() any { return lfu.NewSync[int, int](4) }, load},
	"lfu.Sharded.GetOrLoad":    {func() any { return lfu.NewSharded[int, int](64) }, load},
	"lru.Sync.GetOrLoadAll":    {func() any { return lru.NewSync[int, int](4) }, loadAll},
	"lru.Sharded.GetOrLoadAll": {func() any { return lru.NewSharded[int, int](64) }, loadAll},
	"lfu.Sync.GetOrLoadAll":    {func() any { return lfu.NewSync[int, int](4) }, loadAll},
	"lfu.Sharded.GetOrLoadAll": {func() any { return lfu.NewSharded[int, int](64) }, loadAll},
	"lru.Sync.WaitLoads":       {func() any { return loading(lru.NewSync[int, int](4)) }, waitLoads},
	"lru.Sharded.WaitLoads":    {func() any { return loading(lru.NewSharded[int, int](64)) }, waitLoads},
	"lfu.Sync.WaitLoads":       {func() any { return loading(lfu.NewSync[int, int](4)) }, waitLoads},
	"lfu.Sharded.WaitLoads":    {func() any { return loading(lfu.NewSharded[int, int](64)) }, waitLoads},
	"ratelimit.Keyed.Wait":     {emptyKey, func(ctx context.Context, v any) error { return v.(*ratelimit.Keyed[int]).Wait(ctx, 1) }},
	"ratelimit.Keyed.WaitN":    {emptyKey, func(ctx context.Context, v any) error { return v.(*ratelimit.Keyed[int]).WaitN(ctx, 1, 2) }},
}

func errorOf[V any](_ V, err error) error { return err }

func emptyQueue() any { return bqueue.New[int](2) }

func fullQueue() any {
	q := bqueue.New[int](2)
	_, _ = q.TryPut(1), q.TryPut(2)
	return q
}

func emptyPipe() any { return ringbuffer.NewPipe(2) }

func emptyBucket() any {
	b := ratelimit.New(ratelimit.Per(1, time.Hour), 2)
	b.AllowN(2)
	return b
}

func emptyKey() any {
	x := ratelimit.NewKeyed[int](ratelimit.Per(1, time.Hour), 2)
	x.Take(1, 2)
	return x
}

func busyPacer() any {
	p := ratelimit.NewPacer(ratelimit.Per(1, time.Hour), 0)
	_ = p.Wait(context.Background())
	return p
}

// slowLoad is a load that does not end before the test does. It ends at last, so that no
// goroutine is left for good.
func slowLoad() { time.Sleep(time.Minute) }

// load asks for a key whose load is slow.
func load(ctx context.Context, v any) error { return loadAfter(ctx, v, func() {}) }

// loadAfter is load with something that is called when the load has begun.
func loadAfter(ctx context.Context, v any, begun func()) error {
	return errorOf(v.(interface {
		GetOrLoad(context.Context, int, func(context.Context, int) (int, error)) (int, error)
	}).GetOrLoad(ctx, 9, func(context.Context, int) (int, error) {
		begun()
		slowLoad()
		return 0, nil
	}))
}

// loadAll asks for keys whose load is slow.
func loadAll(ctx context.Context, v any) error {
	return errorOf(v.(interface {
		GetOrLoadAll(context.Context, []int, func(context.Context, []int) (map[int]int, error)) (map[int]int, error)
	}).GetOrLoadAll(ctx, []int{8, 9}, func(context.Context, []int) (map[int]int, error) {
		slowLoad()
		return nil, nil
	}))
}

// loading returns the cache after it has begun a slow load, and its caller has given up.
func loading(c any) any {
	ctx, cancel := context.WithCancel(context.Background())
	_ = loadAfter(ctx, c, cancel)
	return c
}

func waitLoads(ctx context.Context, v any) error {
	return v.(interface{ WaitLoads(context.Context) error }).WaitLoads(ctx)
}

// TestContexts: a method that waits returns when its context ends, before the call or
// during it, with an error that matches the context's; after that the structure answers.
func TestContexts(t *testing.T) {
	for name, c := range blocked {
		for _, when := range []string{"before", "during", "a deadline"} {
			t.Run(name+"/"+when, func(t *testing.T) {
				t.Parallel()
				cause := errors.New("the cause")
				ctx, cancel := context.WithCancelCause(t.Context())
				switch when {
				case "before":
					cancel(cause)
				case "during":
					time.AfterFunc(blink, func() { cancel(cause) })
				case "a deadline":
					var end context.CancelFunc
					ctx, end = context.WithTimeoutCause(t.Context(), blink, cause)
					defer end()
				}
				defer cancel(nil)
				v := c.make()
				var err error
				o := outcomeOf(func() { err = c.call(ctx, v) })
				require.False(t, o.hung, "it waits on")
				require.Nil(t, o.panicked)
				// A limiter that cannot grant within the deadline says so at once: there is no
				// cause yet.
				early := when == "a deadline" && strings.HasPrefix(name, "ratelimit.") && errors.Is(err, context.DeadlineExceeded)
				var limited *ratelimit.LimitedError
				require.True(t, errors.Is(err, cause) || early || errors.As(err, &limited), "%v", err)
				pkg, _, _ := strings.Cut(name, ".")
				if p, ok := v.(*ringbuffer.Pipe); ok {
					_ = p.Close() // Read without a context would wait for a writer
				}
				requireUsable(t, reflect.ValueOf(v), pkg, "a wait that was given up")
			})
		}
	}
}

// TestEveryWaitIsHere: each method of the ten with a context is in the table.
func TestEveryWaitIsHere(t *testing.T) {
	found := map[string]bool{}
	each(t, func(t *testing.T, name string, make func() reflect.Value) {
		v := make()
		for i := range v.NumMethod() {
			m := v.Method(i).Type()
			if m.NumIn() > 0 && m.In(0) == contextType {
				method := name + "." + v.Type().Method(i).Name
				found[method] = true
				assert.Contains(t, blocked, method, "a wait that no test ends")
			}
		}
	})
	assert.Len(t, found, len(blocked))
}
