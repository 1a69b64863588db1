// Logtiming logs how long each call of a function took, and the maximum of the last
// calls.
//
// The question: "write a decorator that logs execution time". The traps: the arguments of
// a deferred call are evaluated when it is deferred, so that `defer log.Info("done",
// "took", time.Since(begin))` always logs 0; a call that panics is not timed; a maximum
// since the start never decreases after one bad minute; and every line has the decorator
// as its source. Here the maximum is over a window, and the source is the caller.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"example.com/flatline/slidingmax"
)

// A Timing says where and how calls are logged.
type Timing struct {
	Handler slog.Handler
	Window  int              // the number of calls for the maximum
	Now     func() time.Time // the clock; the default is time.Now
}

// Timed returns f with a line for each call, named name: how long it took, and the
// maximum of the last t.Window calls, including this one. An error is logged as a
// warning, a panic (or the end of the goroutine) as an error, and both still reach the
// caller. It is safe for concurrent use and panics if t.Window is below 1. A call costs
// O(1) amortised in addition to f and the handler.
func Timed[A, R any](t Timing, name string, f func(context.Context, A) (R, error)) func(context.Context, A) (R, error) {
	longest := slidingmax.NewSync[time.Duration](t.Window)
	if t.Now == nil {
		t.Now = time.Now
	}
	return func(ctx context.Context, a A) (r R, err error) {
		var caller [1]uintptr
		runtime.Callers(2, caller[:]) // beyond Callers and this function
		level := slog.LevelError      // until f has returned
		begin := t.Now()
		defer func() { // a function, so that the time is taken at the end
			end := t.Now()
			took := end.Sub(begin)
			most, _ := longest.Push(took)
			if !t.Handler.Enabled(ctx, level) {
				return
			}
			line := slog.NewRecord(end, level, name, caller[0])
			line.AddAttrs(slog.Duration("took", took), slog.Duration("max", most))
			if err != nil {
				line.AddAttrs(slog.Any("err", err))
			}
			_ = t.Handler.Handle(ctx, line) // a log that fails must not fail the call
		}()
		r, err = f(ctx, a)
		if level = slog.LevelInfo; err != nil {
			level = slog.LevelWarn
		}
		return r, err
	}
}

// tooSoon is the wrong answer, kept to be shown: the argument of the deferred call is
// evaluated where it is deferred.
func tooSoon[A, R any](t Timing, name string, f func(context.Context, A) (R, error)) func(context.Context, A) (R, error) {
	since := func(begin time.Time) time.Duration { return t.Now().Sub(begin) }
	return func(ctx context.Context, a A) (R, error) {
		begin := t.Now()
		defer slog.New(t.Handler).Info(name, "took", since(begin))
		return f(ctx, a)
	}
}

func main() { run(os.Stdout) }

// run prints the transcript. The timed function advances its clock.
func run(w io.Writer) {
	now := time.Unix(0, 0)
	handler := slog.NewTextHandler(w, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})
	work := func(_ context.Context, ms int) (int, error) {
		now = now.Add(time.Duration(ms) * time.Millisecond)
		switch {
		case ms > 1000:
			panic("out of memory")
		case ms > 50:
			return 0, errors.New("too large")
		}
		return ms, nil
	}
	timing := Timing{handler, 3, func() time.Time { return now }}
	fmt.Fprintln(w, "a call of 50 ms:")
	_, _ = tooSoon(timing, "wrong, argument of defer", work)(context.Background(), 50)
	_, _ = Timed(timing, "right, Timed", work)(context.Background(), 50)

	fmt.Fprintln(w, "max is over the last 3 calls:")
	resize := Timed(timing, "resize", work)
	for _, ms := range []int{20, 90, 30, 40, 10, 2000} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					fmt.Fprintln(w, "the caller sees:", r)
				}
			}()
			_, _ = resize(context.Background(), ms)
		}()
	}
}
