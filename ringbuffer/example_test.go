package ringbuffer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"example.com/flatline/ringbuffer"
)

func Example() {
	r := ringbuffer.New[string](2)
	fmt.Println(r.Push("a"), r.Push("b"), r.Push("c")) // refused: the producer decides
	v, ok := r.Pop()
	fmt.Println(v, ok, r.Len(), r.Cap())
	// Output:
	// <nil> <nil> ringbuffer: full
	// a true 1 2
}

// Keep the last lines of a log, for a report after a crash.
func Example_overwriteOldest() {
	last := ringbuffer.New[string](3, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
	for i := range 10 {
		_ = last.Push(fmt.Sprintf("line %d", i))
	}
	for i, line := range last.All() {
		fmt.Println(i, line)
	}
	fmt.Println("dropped", last.Dropped())
	// Output:
	// 0 line 7
	// 1 line 8
	// 2 line 9
	// dropped 7
}

// Keep the first events, and count the rest.
func Example_dropNewest() {
	first := ringbuffer.New[int](2, ringbuffer.Options{OnFull: ringbuffer.DropNewest})
	for i := range 5 {
		fmt.Print(first.Push(i), " ")
	}
	fmt.Println(first.Len(), first.Dropped())
	// Output: <nil> <nil> <nil> <nil> <nil> 2 3
}

// A moving average: the value that leaves the window is returned.
func ExampleRing_PushEvict() {
	window := ringbuffer.New[int](3)
	sum := 0
	for _, v := range []int{3, 6, 9, 12, 15} {
		old, _ := window.PushEvict(v) // 0 while the window fills
		sum += v - old
		fmt.Print(sum/window.Len(), " ")
	}
	fmt.Println()
	// Output: 3 4 6 9 12
}

// Read straight from the ring, without a copy.
func ExampleRing_Readable() {
	r := ringbuffer.New[byte](8)
	r.PushSlice([]byte("hello"))
	a, b := r.Readable()
	n, _ := os.Stdout.Write(a)
	m, _ := os.Stdout.Write(b)
	r.Discard(n + m)
	fmt.Println("", r.Len())
	// Output: hello 0
}

// Fill the ring in place, as a device driver or recvmsg would.
func ExampleRing_Writable() {
	r := ringbuffer.New[byte](4)
	a, b := r.Writable()
	src := "abcdef"
	n := copy(a, src)
	n += copy(b, src[n:])
	r.Commit(n)
	for c := range r.Drain() {
		fmt.Printf("%c", c)
	}
	fmt.Println()
	// Output: abcd
}

// Readers follow a stream of events at their own pace, and learn when they fell behind.
func ExampleSync_Since() {
	events := ringbuffer.NewSync[string](3, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
	events.PushSlice([]string{"login", "view"})

	next := uint64(0) // the next item for this reader
	follow := func() {
		items, err := events.Since(next)
		if gone := (*ringbuffer.OverwrittenError)(nil); errors.As(err, &gone) {
			fmt.Println("missed", gone.Oldest-next)
			next = gone.Oldest
			items, _ = events.Since(next)
		}
		for n, e := range items {
			fmt.Println(n, e)
			next = n + 1
		}
	}
	follow()
	events.PushSlice([]string{"edit", "save", "share", "logout"})
	follow()
	// Output:
	// 0 login
	// 1 view
	// missed 1
	// 3 save
	// 4 share
	// 5 logout
}

func ExampleSPSC() {
	q := ringbuffer.NewSPSC[int](64)
	go func() { // the one producer
		for i := range 1000 {
			for !q.TryPush(i) {
				runtime.Gosched()
			}
		}
	}()
	sum := 0
	for n := 0; n < 1000; { // the one consumer
		v, ok := q.TryPop()
		if !ok {
			runtime.Gosched()
			continue
		}
		sum += v
		n++
	}
	fmt.Println(sum)
	// Output: 499500
}

// A pool of objects that are expensive to make, for any number of goroutines.
func ExampleMPMC() {
	pool := ringbuffer.NewMPMC[*strings.Builder](4)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			b, ok := pool.TryPop()
			if !ok {
				b = new(strings.Builder) // the pool is empty
			}
			b.Reset()
			b.WriteString("work")
			pool.TryPush(b) // if the pool is full, b is garbage
		})
	}
	wg.Wait()
	fmt.Println(pool.Len() >= 1, pool.Len() <= pool.Cap())
	// Output: true true
}

// The tail of a stream, whatever its length, in fixed memory.
func ExampleBytes() {
	tail := ringbuffer.NewBytes(16, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
	_, _ = io.Copy(tail, strings.NewReader("a long output that ends with: exit status 1"))
	_, _ = tail.WriteTo(os.Stdout)
	fmt.Println(" after", tail.Dropped(), "bytes")
	// Output: h: exit status 1 after 27 bytes
}

// A producer and a consumer of bytes in two goroutines, with a deadline.
func ExamplePipe() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p := ringbuffer.NewPipe(4096)
	go func() {
		_, err := p.WriteContext(ctx, []byte("one line\nand another\n"))
		_ = p.CloseWithError(err) // the reader gets err, or io.EOF if it is nil
	}()
	_, err := io.Copy(os.Stdout, p)
	fmt.Println(err)
	// Output:
	// one line
	// and another
	// <nil>
}

// Keep the latest events for a reader that may read at any time, with producers that
// never wait.
func ExampleMPMC_PushEvict() {
	latest := ringbuffer.NewMPMC[int](2)
	for v := range 4 {
		old, evicted := latest.PushEvict(v)
		fmt.Println(v, old, evicted)
	}
	// Output:
	// 0 0 false
	// 1 0 false
	// 2 0 true
	// 3 1 true
}

// Look at a header before it is removed.
func ExampleBytes_Peek() {
	b := ringbuffer.NewBytes(16)
	_, _ = b.WriteString("GET /")
	front, back := b.Peek(3)
	fmt.Println(string(front)+string(back), b.Len())
	// Output: GET 5
}

// A follower waits for the next item; it need not poll.
func ExampleSync_Wait() {
	events := ringbuffer.NewSync[string](8, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})
	ctx, stop := context.WithCancel(context.Background())
	var follower sync.WaitGroup
	follower.Go(func() {
		for next := uint64(0); ; next++ {
			e, err := events.Wait(ctx, next)
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(next, e)
			if e == "logout" {
				stop()
			}
		}
	})
	for _, e := range []string{"login", "view", "logout"} {
		_, _ = events.Push(e)
	}
	follower.Wait()
	// Output:
	// 0 login
	// 1 view
	// 2 logout
	// context canceled
}
