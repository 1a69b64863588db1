package main

import (
	"flag"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var long = flag.Bool("long", false, "crash 50 times a test, not once")

// rounds returns how often a test crashes its server.
func rounds() int {
	if *long {
		return 50
	}
	return 1
}

// TestCrash kills the server with kill -9 at a random moment while eight writers write,
// and starts it again on its log: with fsync always, everything that was acknowledged is
// there. The last subtest is the control of the bookkeeping: without a log everything is
// lost, and the load must report that.
func TestCrash(t *testing.T) {
	for name, rewrite := range map[string]bool{"log": false, "log that is rewritten all the time": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crash(t, respcache(t, "-appendonly", "-appendfsync", "always"), rewrite)
		})
	}
	t.Run("control: redis-server", func(t *testing.T) {
		t.Parallel()
		crash(t, redisServer(t, "--appendonly", "yes", "--appendfsync", "always"), true)
	})
	t.Run("control: no log", func(t *testing.T) {
		t.Parallel()
		n, l := respcache(t), newLoad(8, rand.Uint64())
		l.until(t, n, 200, n.kill)
		n.start()
		require.NotEmpty(t, l.lost(t, n))
	})
}

func crash(t *testing.T, n *node, rewrite bool) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	l, rng := newLoad(8, seed), rand.New(rand.NewPCG(seed, 0))
	for range rounds() {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		if rewrite {
			wg.Go(func() { rewriteAll(t, n, stop) })
		}
		l.until(t, n, 50+rng.Int64N(1000), func() {
			time.Sleep(time.Duration(rng.IntN(2000)) * time.Microsecond) // into the middle of something
			n.kill()
			close(stop)
		})
		wg.Wait()
		n.start()
		if lost := l.lost(t, n); len(lost) > 0 {
			require.Failf(t, "lost", "%d of %d acknowledged writes, of them %.10q\n%s", len(lost), l.acked.Load(), lost, n.log)
		}
	}
	t.Logf("%d acknowledged writes over %d crashes", l.acked.Load(), rounds())
}

// rewriteAll asks for a new log again and again until the server is gone.
func rewriteAll(t *testing.T, n *node, stop chan struct{}) {
	c, err := connect(n.addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
			_, _ = c.do("BGREWRITEAOF")
		}
	}
}
