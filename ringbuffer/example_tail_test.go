package ringbuffer_test

import (
	"context"
	"errors"
	"fmt"

	"example.com/flatline/ringbuffer"
)

// A tail keeps the last lines of a log and shows them to any number of followers.
type tail struct{ lines *ringbuffer.Sync[string] }

func newTail(keep int) tail {
	return tail{ringbuffer.NewSync[string](keep, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest})}
}

func (t tail) log(line string) { _, _ = t.lines.Push(line) }

// follow emits the last lines, then each new one, until ctx ends or emit fails. A
// follower that is too slow learns how many lines it missed; the log never waits for it.
func (t tail) follow(ctx context.Context, last uint64, emit func(string) error) error {
	oldest, next := t.lines.Numbers()
	next = max(oldest, next-min(next, last))
	for {
		line, err := t.lines.Wait(ctx, next)
		if missed, ok := errors.AsType[*ringbuffer.OverwrittenError](err); ok {
			line = fmt.Sprintf("(%d lines lost)", missed.Oldest-next)
			next = missed.Oldest - 1
		} else if err != nil {
			return err
		}
		if err := emit(line); err != nil {
			return err
		}
		next++
	}
}

// A log with followers, as `tail -f` is.
func Example_logTail() {
	t := newTail(4)
	for i := range 6 {
		t.log(fmt.Sprint("line ", i))
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	err := t.follow(ctx, 2, func(line string) error {
		fmt.Println(line)
		switch line {
		case "line 5": // this follower is slow: seven lines are added meanwhile
			for i := 6; i < 13; i++ {
				t.log(fmt.Sprint("line ", i))
			}
		case "line 12":
			cancel(errors.New("the follower has left"))
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// line 4
	// line 5
	// (3 lines lost)
	// line 9
	// line 10
	// line 11
	// line 12
	// the follower has left
}
