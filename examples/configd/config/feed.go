package config

import (
	"context"
	"errors"

	"example.com/flatline/ringbuffer"
)

// A feed keeps the newest of things that are numbered from 1. A reader is the number that
// it has seen, so a slow one costs nothing: it gets an error once it has fallen off (C2).
type feed[T any] struct {
	ring  *ringbuffer.Sync[*T]
	begin int64 // the number of what is the ring's item 0
}

func newFeed[T any](size int, begin int64) feed[T] {
	return feed[T]{ringbuffer.NewSync[*T](size, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest}), begin}
}

// push adds the next one.
func (f feed[T]) push(v T) { f.ring.PushEvict(&v) }

// since returns up to n after a number, or ErrCompacted.
func (f feed[T]) since(after int64, n int) (all []T, err error) {
	if after+1 < f.begin {
		return nil, ErrCompacted
	}
	items, err := f.ring.Since(uint64(after + 1 - f.begin))
	if err != nil {
		return nil, ErrCompacted
	}
	for _, v := range items {
		if len(all) == n {
			break
		}
		all = append(all, *v)
	}
	return all, nil
}

// wait returns when there is one after a number. That it is gone already is for since to
// say.
func (f feed[T]) wait(ctx context.Context, after int64) error {
	if after+1 < f.begin {
		return nil
	}
	_, err := f.ring.Wait(ctx, uint64(after+1-f.begin))
	if errors.Is(err, ringbuffer.ErrOverwritten) {
		err = nil
	}
	return err
}
