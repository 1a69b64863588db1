package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"example.com/flatline/ratelimit"
)

func Example() {
	b := ratelimit.New(ratelimit.Per(100, time.Hour), 3) // 100 an hour, 3 at once
	for range 4 {
		fmt.Println(b.Allow())
	}
	// Output:
	// true
	// true
	// true
	// false
}

func ExampleParseRate() {
	r, err := ratelimit.ParseRate("15/15m")
	fmt.Println(r, err)
	_, err = ratelimit.ParseRate("NaN/s")
	fmt.Println(err)
	// Output:
	// 1/m <nil>
	// ratelimit: not a rate: "NaN/s", want "100/s"
}

func ExampleBucket_Take() {
	b := ratelimit.New(ratelimit.Every(time.Hour), 10)
	fmt.Println(b.Take(10).Remaining)
	fmt.Println(b.Take(1).RetryAfter.Round(time.Hour))
	// Output:
	// 0
	// 1h0m0s
}

func ExampleBucket_Wait() {
	b := ratelimit.New(ratelimit.Per(1000, time.Second), 1)
	for range 3 {
		if err := b.Wait(context.Background()); err != nil {
			fmt.Println(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Microsecond)
	defer cancel()
	_ = b.Set(ratelimit.Every(time.Hour), 1)
	b.Allow() // takes the token gained meanwhile
	fmt.Println(errors.Is(b.Wait(ctx), context.DeadlineExceeded))
	// Output: true
}

func ExampleBucket_Reserve() {
	b := ratelimit.New(ratelimit.Every(time.Minute), 1)
	b.Allow()
	r, ok := b.Reserve(1, time.Hour)
	fmt.Println(ok, r.Delay().Round(time.Minute))
	r.Cancel() // something came up
	_, ok = b.Reserve(1, time.Second)
	fmt.Println(ok)
	// Output:
	// true 1m0s
	// false
}

func ExampleKeyed() {
	users := ratelimit.NewKeyed(ratelimit.Every(time.Hour), 2, ratelimit.KeyedOptions[string]{MaxKeys: 100_000})
	fmt.Println(users.Allow("ann"), users.Allow("ann"), users.Allow("ann"))
	fmt.Println(users.Allow("bob"))
	// Output:
	// true true false
	// true
}

// The workers of one host are served in order, one per 10 ms; those of another host do
// not wait for them.
func ExampleKeyed_Wait() {
	hosts := ratelimit.NewKeyed(ratelimit.Every(10*time.Millisecond), 1, ratelimit.KeyedOptions[string]{MaxWaiting: 100})
	fetch := func(ctx context.Context, host string) error {
		if err := hosts.Wait(ctx, host); err != nil {
			return err // ErrBusy: too many wait for this host already
		}
		fmt.Println("GET", host)
		return nil
	}
	for range 2 {
		if err := fetch(context.Background(), "a.example"); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// GET a.example
	// GET a.example
}

func ExampleAll() {
	user := ratelimit.New(ratelimit.Per(10, time.Second), 10)
	day := ratelimit.New(ratelimit.Per(1000, 24*time.Hour), 3)
	l := ratelimit.All(user, day)
	fmt.Println(l.Take(3).OK, l.Take(3).OK)
	fmt.Println(user.Take(0).Remaining >= 7) // given back
	// Output:
	// true false
	// true
}

func ExampleWrap() {
	greet := func(_ context.Context, name string) (string, error) { return "hello " + name, nil }
	limited := ratelimit.Wrap(ratelimit.NewSlidingLog(15, 900*time.Second), greet)
	for i := range 16 {
		_, err := limited(context.Background(), "world")
		var e *ratelimit.LimitedError
		if errors.As(err, &e) {
			fmt.Println(i, e.Decision.RetryAfter.Round(time.Second))
		}
	}
	// Output: 15 15m0s
}

func ExamplePacer() {
	p := ratelimit.NewPacer(ratelimit.Every(10*time.Millisecond), 0)
	begin := time.Now()
	for range 3 {
		_ = p.Wait(context.Background())
	}
	fmt.Println(time.Since(begin) >= 20*time.Millisecond)
	// Output: true
}
