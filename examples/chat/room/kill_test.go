package room_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/flatline/examples/chat/room"
	"example.com/flatline/examples/internal/crash"
	"example.com/flatline/internal/loopback"
	"example.com/flatline/ratelimit"
)

func TestMain(m *testing.M) {
	crash.Main(m, map[string]func([]string) error{
		"serve": func(args []string) error {
			c := room.Config{Addr: args[0], Rooms: place, Out: os.Stdout, Open: room.OpenDir(args[1])}
			c.UserRate, c.RoomRate = ratelimit.Inf, ratelimit.Inf
			return room.Run(context.Background(), c)
		},
	})
}

var long = flag.Bool("long", false, "kill 20 times, not 3")

// screen is what a reader has seen: messages by position, and whether one was shown twice,
// missed, or was another one before.
type screen struct {
	mu   sync.Mutex
	text map[uint64]string
	last uint64
	bad  []string
}

func (s *screen) see(e room.Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.Type == room.Reset:
		s.bad = append(s.bad, fmt.Sprintf("a reset at %d", e.Pos)) // the ring has all of this test
	case e.Type == room.Joined && s.last == 0:
		s.last = e.Pos
	case e.Type == room.Msg:
		if e.Prev != s.last {
			s.bad = append(s.bad, fmt.Sprintf("%d after %d, which says %d", e.Pos, s.last, e.Prev))
		}
		s.text[e.Pos], s.last = e.Text, e.Pos
	}
	return true
}

func (s *screen) at() uint64 { s.mu.Lock(); defer s.mu.Unlock(); return s.last }

// TestKill: the server is killed with kill -9 under load, again and again. Clients resume
// and resend. What was acknowledged is there once, all readers have seen one order, and
// nothing that was shown is another message afterwards (H1 to H4).
func TestKill(t *testing.T) {
	addr, err := loopback.Addr()
	require.NoError(t, err)
	dir := t.TempDir()
	rounds := 3
	switch {
	case *long:
		rounds = 20
	case testing.Short():
		rounds = 1
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var acked crash.Ledger[uint64]
	var readers [3]screen
	p := crash.Start(t, "serve", addr, dir)
	p.Match(`listening on (\S+), messages in the log`)
	var all sync.WaitGroup
	for i := range readers {
		readers[i].text = map[uint64]string{}
		all.Go(func() {
			c := &room.Client{Base: "http://" + addr, User: fmt.Sprint("reader-", i)}
			_ = c.Follow(ctx, place, nil, readers[i].see)
		})
	}
	require.Eventually(t, func() bool { return readers[0].at()*readers[1].at()*readers[2].at() == 1 }, crash.Patience, time.Millisecond)
	// Each message is sent until it is acknowledged. The ring has room for all of them.
	permits := make(chan struct{}, room.Keep)
	var senders sync.WaitGroup
	for i := range 4 {
		senders.Go(func() {
			c := &room.Client{Base: "http://" + addr, User: fmt.Sprint("sender-", i)}
			n := 0
			for range permits {
				n++
				text := fmt.Sprintf("%d-%d", i, n)
				for again := false; ; again = true {
					pos, _, err := c.Send(ctx, place, text, text)
					if err == nil {
						acked.Acknowledged(text, pos)
						break
					}
					if again {
						time.Sleep(time.Millisecond) // the server is away
					}
				}
			}
		})
	}
	for range rounds {
		before := acked.Len()
		for range 40 {
			permits <- struct{}{}
		}
		require.Eventually(t, func() bool { return acked.Len() > before+20 }, crash.Patience, time.Millisecond)
		p.Kill()
		p = crash.Start(t, "serve", addr, dir)
		p.Match(`listening on (\S+), messages in the log`)
	}
	close(permits)
	senders.Wait()
	var messages []room.Message
	c := &room.Client{Base: "http://" + addr, User: "judge"}
	for before := uint64(math.MaxInt64); ; before = messages[0].Pos {
		page, err := c.Load(ctx, place, before, 200)
		require.NoError(t, err)
		if messages = append(page, messages...); len(page) == 0 {
			break
		}
	}
	stored := map[string]uint64{}
	for i, m := range messages {
		require.EqualValues(t, i+1, m.Pos)
		require.Zero(t, stored[m.Text], "%s twice", m.Text)
		stored[m.Text] = m.Pos
	}
	require.Empty(t, acked.Check(func(text string, pos uint64) error {
		if stored[text] != pos {
			return errors.New("not at its position")
		}
		return nil
	}))
	for i := range readers {
		require.Eventually(t, func() bool { return readers[i].at() == uint64(len(messages)) }, crash.Patience, time.Millisecond)
		require.Empty(t, readers[i].bad)
		for _, m := range messages[1:] {
			require.Equal(t, m.Text, readers[i].text[m.Pos])
		}
	}
	stop()
	all.Wait()
	t.Logf("%d kills, %d messages acknowledged, %d stored", rounds, acked.Len(), len(messages))
}
