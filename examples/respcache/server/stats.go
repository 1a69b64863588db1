package server

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/flatline/concmap"
	"example.com/flatline/slidingmax"
)

// peakWindow is how far back INFO's peaks look.
const peakWindow = time.Minute

// stats are the counts of a server, in addition to those of its shards.
type stats struct {
	clients                         atomic.Int64
	connections, rejected           atomic.Int64
	commands, errors                atomic.Int64
	syncFull, syncPartial, syncMiss atomic.Int64
	panics                          atomic.Int64
	netIn, netOut                   atomic.Int64                       // bytes from and to clients
	codes                           concmap.Map[string, *atomic.Int64] // errors by their first word

	mu    sync.Mutex
	last  reading // at the tick before
	rates reading // per second, between the last two ticks
	most  int64   // bytes of memory, since the start
	peaks [3]*slidingmax.TimeWindow[int64]
}

// A reading is what was counted up to a moment.
type reading struct {
	at                  time.Time
	commands, in, outgo int64
}

// What has a peak.
const (
	peakRate = iota
	peakClients
	peakMemory
)

func (t *stats) init() {
	for i := range t.peaks {
		t.peaks[i] = slidingmax.NewTimeWindow[int64](peakWindow)
	}
	t.last.at = time.Now()
}

func (t *stats) reset() {
	for _, c := range []*atomic.Int64{&t.connections, &t.rejected, &t.errors, &t.syncFull, &t.syncPartial, &t.syncMiss} {
		c.Store(0)
	}
	t.codes.Clear()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range []*atomic.Int64{&t.commands, &t.netIn, &t.netOut} {
		c.Store(0)
	}
	t.last = reading{at: t.last.at}
}

// countError counts an error reply by its first word.
func (t *stats) countError(text string) {
	code, _, _ := strings.Cut(text, " ")
	n, ok := t.codes.Load(code)
	if !ok {
		n, _ = t.codes.LoadOrStore(strings.Clone(code), new(atomic.Int64))
	}
	n.Add(1)
}

// sampleStats notes rates and peaks, and what INFO shows of a part that is busy.
func (s *Server) sampleStats(now time.Time) {
	var used int64
	for _, sh := range s.shards {
		sh.mu.Lock()
		c := sh.counts()
		sh.mu.Unlock()
		sh.seen.Store(&c)
		used += c.used
	}
	s.feed.mu.Lock()
	c := s.feed.counts()
	s.feed.mu.Unlock()
	s.feed.seen.Store(&c)
	t := &s.stats
	t.mu.Lock()
	defer t.mu.Unlock()
	next := reading{now, t.commands.Load(), t.netIn.Load(), t.netOut.Load()}
	if d := int64(now.Sub(t.last.at)); d > 0 {
		rate := func(n int64) int64 { return int64(float64(max(n, 0)) * float64(time.Second) / float64(d)) }
		t.rates = reading{now, rate(next.commands - t.last.commands), rate(next.in - t.last.in), rate(next.outgo - t.last.outgo)}
	}
	t.last = next
	t.most = max(t.most, used)
	t.peaks[peakRate].Push(now, t.rates.commands)
	t.peaks[peakClients].Push(now, t.clients.Load())
	t.peaks[peakMemory].Push(now, used)
}

// peak returns the largest sample of the last minute.
func (t *stats) peak(which int) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, _ := t.peaks[which].Max(time.Now())
	return v
}

// counts are what a shard counts, or several together.
type counts struct {
	used                                    int64
	keys, timed                             int
	hits, misses, expired, evicted, changes uint64
}

// counts returns what the shard, which is locked, has counted.
func (sh *shard) counts() counts {
	return counts{sh.used, sh.keys.Len(), sh.timed.Len(), sh.hits, sh.misses, sh.expired, sh.evicted, sh.changes}
}

// memory returns the bytes that count towards maxmemory and the number of keys. It waits
// for each shard.
func (s *Server) memory() (used int64, keys int) {
	for _, sh := range s.shards {
		sh.mu.Lock()
		used += sh.used
		keys += sh.keys.Len()
		sh.mu.Unlock()
	}
	return used, keys
}

// infoPatience is how long INFO waits for a lock that is busy. After that it shows the
// values of the last tick: a monitoring client must not wait for the operation that makes
// the server slow.
const infoPatience = 10 * time.Millisecond

// lockWithin locks mu, unless that takes longer than patience.
func lockWithin(mu *sync.Mutex, patience time.Duration) bool {
	for end := time.Now().Add(patience); !mu.TryLock(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// counts sums up the shards. Those that the session has locked already, in a transaction,
// are read as they are.
func (s *session) counts() (all counts) {
	for i, sh := range s.srv.shards {
		var c counts
		switch {
		case s.held>>i&1 == 1:
			c = sh.counts()
		case lockWithin(&sh.mu, infoPatience):
			c = sh.counts()
			sh.mu.Unlock()
		default:
			if seen := sh.seen.Load(); seen != nil {
				c = *seen
			}
		}
		all.used += c.used
		all.keys += c.keys
		all.timed += c.timed
		all.hits += c.hits
		all.misses += c.misses
		all.expired += c.expired
		all.evicted += c.evicted
		all.changes += c.changes
	}
	return all
}

// feedCounts is what INFO shows of the stream.
type feedCounts struct {
	id               string
	offset           int64
	backlog, histlen int
	replicas         []replicaCounts
}

type replicaCounts struct {
	host, port string
	acked      int64
	heard      time.Time // of it, for the last time
}

// counts returns what INFO shows of the stream, which is locked.
func (f *feed) counts() feedCounts {
	c := feedCounts{id: f.id, offset: f.offset}
	if f.ring != nil {
		c.backlog, c.histlen = f.ring.Cap(), f.ring.Len()
	}
	for r := range f.replicas {
		c.replicas = append(c.replicas, replicaCounts{hostOf(r.c.addr), r.port, r.acked, r.heard})
	}
	return c
}

// look returns the same, of this moment or, if the stream is busy, of the last tick.
func (f *feed) look() feedCounts {
	if lockWithin(&f.mu, infoPatience) {
		defer f.mu.Unlock()
		return f.counts()
	}
	if seen := f.seen.Load(); seen != nil {
		return *seen
	}
	return feedCounts{}
}
