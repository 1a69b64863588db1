package flight

import (
	"context"
	"errors"
	"io"
	"math"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestJoinAndLand(t *testing.T) {
	var g Group[string, int]
	a, begun := g.Join("k")
	assert.True(t, begun)
	b, begun := g.Join("k")
	assert.False(t, begun)
	assert.Same(t, a, b)
	assert.Equal(t, 1, g.Len())
	assert.True(t, g.Land("k", a))
	assert.False(t, g.Land("k", a), "only once")
	assert.Zero(t, g.Len())
}

func TestSupersede(t *testing.T) {
	var g Group[string, int]
	a, _ := g.Join("k")
	g.Supersede("k")
	g.Supersede("absent")
	b, begun := g.Join("k")
	assert.True(t, begun, "the next caller loads again")
	assert.False(t, g.Land("k", a), "the first result is stale")
	assert.Equal(t, 1, g.Len(), "and its end leaves the second load alone")
	g.SupersedeAll()
	assert.False(t, g.Land("k", b))
}

func TestNaNIsLoadedAlone(t *testing.T) {
	var g Group[float64, int]
	a, _ := g.Join(math.NaN())
	b, begun := g.Join(math.NaN())
	assert.True(t, begun)
	assert.NotSame(t, a, b)
	assert.Zero(t, g.Len(), "nothing is left behind")
	assert.True(t, g.Land(math.NaN(), a))
}

func TestOutcomes(t *testing.T) {
	ctx := context.Background()
	run := func(load func() (int, error)) *Call[int] {
		c := &Call[int]{done: make(chan struct{})}
		go c.Run(load)
		return c
	}
	v, err := run(func() (int, error) { return 7, io.EOF }).Wait(ctx)
	assert.Equal(t, 7, v)
	assert.Equal(t, io.EOF, err)

	c := run(func() (int, error) { panic(io.ErrClosedPipe) })
	for range 2 {
		func() {
			defer func() {
				p, ok := recover().(*Panic)
				assert.True(t, ok)
				assert.ErrorIs(t, p, io.ErrClosedPipe)
				assert.Contains(t, p.Error(), "TestOutcomes", "the stack of the loader")
			}()
			_, _ = c.Wait(ctx)
		}()
	}

	c = run(func() (int, error) { runtime.Goexit(); return 0, nil })
	var wg sync.WaitGroup
	reached := false
	wg.Go(func() { _, _ = c.Wait(ctx); reached = true })
	wg.Wait()
	assert.False(t, reached)

	release := make(chan struct{})
	c = run(func() (int, error) { <-release; return 1, nil })
	gone, cancel := context.WithCancelCause(ctx)
	why := errors.New("why")
	cancel(why)
	_, err = c.Wait(gone)
	assert.ErrorIs(t, err, why)
	close(release)
	v, _ = c.Wait(ctx)
	assert.Equal(t, 1, v)
	v, err = c.Wait(gone)
	assert.NoError(t, err, "a result that is there is never refused")
	assert.Equal(t, 1, v)
}

// TestWatch: a watch sees that its key was superseded after it began, is shared, and is
// removed with its last user.
func TestWatch(t *testing.T) {
	var g Group[string, int]
	assert.False(t, g.Pending())
	a, b := g.Watch("k"), g.Watch("k")
	assert.True(t, g.Pending())
	g.Supersede("other")
	assert.False(t, a.Changed())
	g.Supersede("k")
	assert.True(t, a.Changed() && b.Changed())
	assert.False(t, g.Pending())
	c := g.Watch("k")
	assert.False(t, c.Changed(), "it began later")
	g.Unwatch("k", a)
	g.Unwatch("k", b)
	assert.True(t, g.Pending(), "the end of the old ones leaves the new one alone")
	g.SupersedeAll()
	assert.True(t, c.Changed())
	g.Unwatch("k", c)
	d := g.Watch("k")
	g.Unwatch("k", d)
	assert.False(t, g.Pending())

	var n Group[float64, int]
	w := n.Watch(math.NaN())
	assert.False(t, n.Pending())
	n.Unwatch(math.NaN(), w)
}

// TestRunningIsInOrder: loads under way come in the order in which they began, also those
// that were superseded.
func TestRunningIsInOrder(t *testing.T) {
	var g Group[int, int]
	var want []*Call[int]
	for k := range 100 {
		c, begun := g.Join(k)
		require.True(t, begun)
		want = append(want, c)
	}
	g.Supersede(3)
	require.Equal(t, len(want), len(g.Running()))
	for i, c := range g.Running() {
		require.Same(t, want[i], c, "the load that began as number %d", i)
	}
	g.Ended(want[50])
	require.Len(t, g.Running(), 99)
	require.Same(t, want[51], g.Running()[50])
}
