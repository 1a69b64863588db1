// Ratedecorator lets a function be called 15 times in 900 seconds, and no more.
//
// The question: "write a decorator that limits a function to 15 calls in 900 seconds".
// The usual answer counts calls and starts again at zero every 900 seconds. The trap: 15
// calls at the end of one window and 15 at the beginning of the next are 30 within a few
// seconds, twice the limit, and a service that looks at any 900 seconds blocks the
// caller. A token bucket of 15 admits only one less, since it fills while it is emptied.
// A log of the last 15 calls admits 15.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"example.com/flatline/ratelimit"
)

// The limit of the question.
const (
	Calls  = 15
	Period = 900 * time.Second
)

// Limit returns f with the limit: no 900 seconds, wherever they begin, see more than
// 15 calls. A call beyond is refused with an error that wraps ratelimit.ErrLimited
// and says when to try again; f is not called. It is safe for concurrent use.
func Limit[A, R any](f func(context.Context, A) (R, error)) func(context.Context, A) (R, error) {
	return ratelimit.Wrap(ratelimit.NewSlidingLog(Calls, Period), f)
}

// A FixedWindow is the usual answer, as a ratelimit.Limiter.
type FixedWindow struct {
	now    func() time.Time
	mu     sync.Mutex
	begin  time.Time // of the present window
	called int64
}

// NewFixedWindow returns a limiter whose first window begins now.
func NewFixedWindow(now func() time.Time) *FixedWindow {
	return &FixedWindow{now: now, begin: now()}
}

// Take counts n calls, or none if the window is too full for them.
func (w *FixedWindow) Take(n int64) ratelimit.Decision {
	w.mu.Lock()
	defer w.mu.Unlock()
	into := w.now().Sub(w.begin)
	if over := into.Truncate(Period); over > 0 {
		w.begin, w.called, into = w.begin.Add(over), 0, into-over
	}
	if n < 1 || w.called+n > Calls {
		return ratelimit.Decision{Limit: Calls, Remaining: Calls - w.called, RetryAfter: Period - into}
	}
	w.called += n
	return ratelimit.Decision{OK: true, Limit: Calls, Remaining: Calls - w.called}
}

// Worst attacks a limiter in the worst way: it lets nearly a period pass, then calls
// whenever it may for one period, and returns the number of calls.
func Worst(call func(context.Context, int) (int, error), sleep func(time.Duration)) (n int) {
	sleep(Period - 2*time.Second)
	for range Period / time.Second {
		for {
			if _, err := call(context.Background(), n); err != nil {
				break
			}
			n++
		}
		sleep(time.Second)
	}
	return n
}

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

func main() { run(os.Stdout) }

// run prints the transcript. The clock of its first lines is set by hand.
func run(w io.Writer) {
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	sleep := func(d time.Duration) { now = now.Add(d) }

	window := NewFixedWindow(clock)
	fmt.Fprintf(w, "wrong, fixed window: %d calls in the worst 900 s\n", Worst(ratelimit.Wrap(window, double), sleep))
	bucket := ratelimit.New(ratelimit.Per(Calls, Period), Calls, ratelimit.Options{Now: clock})
	fmt.Fprintf(w, "wrong, token bucket: %d calls in the worst 900 s\n", Worst(ratelimit.Wrap(bucket, double), sleep))

	limited := Limit(double)
	for n := range 100 {
		_, err := limited(context.Background(), n)
		if e, ok := errors.AsType[*ratelimit.LimitedError](err); ok {
			fmt.Fprintf(w, "right, sliding log:  %d calls at once, the next in %v\n", n, e.Decision.RetryAfter.Round(time.Minute))
			break
		}
	}
}
