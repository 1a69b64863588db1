package short_test

import (
	"fmt"
	"testing"
	"testing/quick"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/internal/sim"
	"example.com/flatline/examples/urlshort/short"
)

var testKey = short.Key{1, 2, 3}

// TestBijection: all 58^3 counters have different codes, which lead back to them; so do
// samples of the counters of the lengths that are used.
func TestBijection(t *testing.T) {
	t.Parallel()
	c := short.NewCoder(testKey, short.Base58, 3)
	require.EqualValues(t, 58*58*58, c.Space())
	seen := make(map[string]bool, c.Space())
	for n := range c.Space() {
		code := c.Encode(n)
		require.False(t, seen[code], "%s is given out twice", code)
		seen[code] = true
		if n%16 == 0 {
			back, ok := c.Decode(code)
			require.True(t, ok)
			require.Equal(t, n, back)
		}
	}
	for _, c := range []*short.Coder{short.NewCoder(testKey, short.Base58, 7), short.NewCoder(testKey, short.Base32, 8)} {
		inverse := func(n uint64) bool {
			n %= c.Space()
			back, ok := c.Decode(c.Encode(n))
			return ok && back == n
		}
		assert.NoError(t, quick.Check(inverse, &quick.Config{MaxCount: 5000}))
		assert.True(t, inverse(0))
		assert.True(t, inverse(c.Space()-1))
	}
	for _, bad := range []string{"", "12", "1234", "0OI", "l11", "ä1"} {
		_, ok := c.Decode(bad)
		assert.False(t, ok, bad)
	}
	assert.Panics(t, func() { short.NewCoder(testKey, short.Base58, 11) })
}

// TestNeighbours: the codes of neighbours differ in every digit as often as chance has it,
// and another key gives other codes.
func TestNeighbours(t *testing.T) {
	c, other := short.NewCoder(testKey, short.Base58, 7), short.NewCoder(short.Key{9}, short.Base58, 7)
	equal, same := 0, 0
	const n = 4000
	for i := range uint64(n) {
		a, b := c.Encode(i), c.Encode(i+1)
		for d := range 7 {
			if a[d] == b[d] {
				equal++
			}
		}
		if a == other.Encode(i) {
			same++
		}
	}
	assert.InDelta(t, n*7/58, equal, 120, "5.5 standard deviations")
	assert.Zero(t, same)
}

// A lessor is the store: its disk is the commands that it has logged. A node leases, and
// gives out counters until it crashes.
type lessor struct {
	state *short.Memory
	log   *[]uint64
	lossy bool // forgets to log, as a counter in memory does
}

type (
	want struct{ N uint64 }
	have struct{ First, N uint64 }
)

func (l *lessor) Step(now time.Duration, m sim.Message) []sim.Message {
	w, ok := m.Body.(want)
	if !ok {
		return nil
	}
	if !l.lossy {
		*l.log = append(*l.log, w.N)
	}
	first := l.state.Apply(time.Unix(0, int64(now)), short.Command{Lease: w.N}).Lease.First
	return []sim.Message{{To: m.From, Body: have{first, w.N}}}
}

type lessee struct {
	name    string
	given   map[uint64]string
	twice   *[]uint64
	lease   have
	waiting bool
}

func (n *lessee) Step(_ time.Duration, m sim.Message) (out []sim.Message) {
	switch b := m.Body.(type) {
	case have:
		if n.waiting { // an answer that comes twice is one lease
			n.lease, n.waiting = b, false
		}
	default:
		if n.lease.N == 0 {
			n.waiting = true
			out = append(out, sim.Message{To: "store", Body: want{5}})
		} else {
			if n.given[n.lease.First] != "" {
				*n.twice = append(*n.twice, n.lease.First)
			}
			n.given[n.lease.First] = n.name
			n.lease = have{n.lease.First + 1, n.lease.N - 1}
		}
		out = append(out, sim.Message{To: n.name, After: 300 * time.Millisecond, Body: "next"})
	}
	return out
}

func leases(lossy bool) func(*sim.Sim) {
	return func(s *sim.Sim) {
		s.End = 20 * time.Second
		var log, twice []uint64
		given := map[uint64]string{}
		s.Node("store", func() sim.Node {
			l := &lessor{state: short.NewMemory(testKey), log: &log, lossy: lossy}
			for _, n := range log { // recovery: the log's commands again
				l.state.Apply(time.Unix(0, 0), short.Command{Lease: n})
			}
			return l
		})
		for _, name := range []string{"a", "b", "c"} {
			s.Node(name, func() sim.Node { return &lessee{name: name, given: given, twice: &twice} })
		}
		s.Invariant(func() error {
			if len(twice) > 0 {
				return fmt.Errorf("counters %v were given out twice", twice)
			}
			return nil
		})
		s.Finally(func() error {
			if len(given) < 30 {
				return fmt.Errorf("only %d counters were given out", len(given))
			}
			return nil
		})
	}
}

// TestLeases: nodes and the store crash, messages are lost and repeated, and no counter is
// given out twice; with a counter that is only in memory it is.
func TestLeases(t *testing.T) {
	t.Parallel()
	seeds := 1000
	if testing.Short() {
		seeds = 100
	}
	sim.Check(t, seeds, leases(false))
	f := sim.Finds(t, 100, leases(true))
	require.Len(t, f.Faults, 1)
	assert.Equal(t, sim.Crash, f.Faults[0].Kind)
	assert.Equal(t, "store", f.Faults[0].Node)
}
