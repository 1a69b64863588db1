// Package curve measures what a post and its pages cost, by the number of followers from
// which on an author is pulled: with 0 everything is pulled, without a bound everything is
// pushed, and the minimum is between the two.
//
// The graph is synthetic. An author's part of all follows falls with its rank as in Zipf's
// law, and so does its part of all posts: who is followed by many also writes much. Readers
// differ in how often they read, by the same law, but in another order. The fan-out is run
// at once, by the goroutine that posts.
package curve

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"example.com/flatline/examples/feed/timeline"
	"example.com/flatline/randset"
)

// A Config is the size of a measurement.
type Config struct {
	People     int
	Edges      int
	Posts      int   // for each threshold
	Reads      int   // pages for each post
	Timelines  int   // of the readers who have read last
	Rounds     int   // in each of which all thresholds are measured; default 1
	Thresholds []int // followers
	Seed       uint64
}

// A Point is the measurement of one threshold, per post.
type Point struct {
	Most    int
	Writes  float64       // timelines that a post was pushed to, or looked for
	Lists   float64       // lists that its pages have merged, authors' and timelines
	Push    time.Duration // the post and its fan-out
	Pages   time.Duration // all of its pages
	Slowest time.Duration // 99th percentile of one page
}

// Total is what a post and its pages take.
func (p Point) Total() time.Duration { return p.Push + p.Pages }

// Work is the same without a clock: lists written and read.
func (p Point) Work() float64 { return p.Writes + p.Lists }

// exponent and offset are those of Zipf's law: the first rank has about 1% of 5 million
// follows, which half of 100,000 people are.
const (
	exponent = 1
	offset   = 8
)

// A graph is a store with people, follows and posts.
type graph struct {
	Config
	store   *timeline.Memory
	authors *randset.Weighted[int] // by how often they write, and are followed
	readers *randset.Weighted[int] // by how often they read
	names   []string
	source  *rand.PCG
	now     time.Time
}

// build makes the graph. O(edges log people).
func build(ctx context.Context, c Config) (*graph, error) {
	source := rand.NewPCG(c.Seed, 0)
	random := rand.New(source)
	g := &graph{
		Config: c, store: timeline.NewMemory(), source: source, now: time.Now(),
		authors: randset.NewWeighted(randset.Options[int]{Rand: random}),
		readers: randset.NewWeighted(randset.Options[int]{Rand: random}),
	}
	order := random.Perm(c.People)
	for i := range c.People {
		g.names = append(g.names, fmt.Sprint("p", i))
		weight := 1 / math.Pow(float64(i+offset), exponent)
		if err := g.authors.Set(i, weight); err != nil {
			return nil, err
		}
		if err := g.readers.Set(order[i], weight); err != nil {
			return nil, err
		}
	}
	each := min(c.Edges/c.People, c.People/4)
	for i := range c.People {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for mine := map[int]bool{i: true}; len(mine) <= each; {
			if a, _ := g.authors.Random(); !mine[a] {
				mine[a] = true
				g.store.Apply(g.now, timeline.Command{Edge: &timeline.Edge{Kind: timeline.Follow, From: g.names[i], To: g.names[a]}})
			}
		}
	}
	for range c.People { // so that pages are full
		g.post()
	}
	return g, nil
}

func (g *graph) post() timeline.ID {
	a, _ := g.authors.Random()
	g.now = g.now.Add(time.Millisecond)
	return g.store.Apply(g.now, timeline.Command{Post: &timeline.Post{Author: g.names[a], Text: "a post of some length, as people write them"}}).Post.ID
}

// counting is a cache that counts the timelines that are written to.
type counting struct {
	timeline.Cache
	writes int
}

func (c *counting) Push(ctx context.Context, readers []string, id timeline.ID) error {
	c.writes += len(readers)
	return c.Cache.Push(ctx, readers, id)
}

// Measure builds a graph and measures each threshold, with the same posts and pages, in
// interleaved rounds. A point is the round with the median of the times.
func Measure(ctx context.Context, c Config) (all []Point, err error) {
	g, err := build(ctx, c)
	if err != nil {
		return nil, err
	}
	rounds := make([][]Point, len(c.Thresholds))
	for range max(c.Rounds, 1) {
		for i, most := range c.Thresholds {
			p, err := g.measure(ctx, most)
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], p)
		}
	}
	for _, r := range rounds {
		slices.SortFunc(r, func(a, b Point) int { return int(a.Total() - b.Total()) })
		all = append(all, r[len(r)/2])
	}
	return all, nil
}

// measure measures one threshold, after as many pages as there is room for timelines.
func (g *graph) measure(ctx context.Context, most int) (Point, error) {
	g.store.Forget()
	g.source.Seed(g.Seed, 1) // the same posts and pages for each threshold
	cache := &counting{Cache: timeline.NewTimelines(g.Timelines, 200)}
	reader := timeline.Reader{Store: g.store, Cache: cache, Fill: 40}
	if most == 0 {
		reader.Cache = nil // nothing is pushed, so nothing is looked for
	}
	fan := timeline.Fan{Store: g.store, Cache: cache, Most: most}
	var times []time.Duration
	p := Point{Most: most}
	read := func() error {
		who, _ := g.readers.Random()
		start := time.Now()
		page, err := reader.Page(ctx, g.names[who], timeline.Newest, 20)
		took := time.Since(start)
		p.Pages += took
		p.Lists += float64(page.Cost.Pulled + 1)
		times = append(times, took)
		return err
	}
	for range g.Timelines {
		if err := read(); err != nil {
			return p, err
		}
	}
	p, times, cache.writes = Point{Most: most}, nil, 0
	for range g.Posts {
		start := time.Now()
		if err := fan.Deliver(ctx, g.post()); err != nil {
			return p, err
		}
		p.Push += time.Since(start)
		for range g.Reads {
			if err := read(); err != nil {
				return p, err
			}
		}
	}
	p.Writes, p.Lists = float64(cache.writes)/float64(g.Posts), p.Lists/float64(g.Posts)
	p.Push, p.Pages = p.Push/time.Duration(g.Posts), p.Pages/time.Duration(g.Posts)
	slices.Sort(times)
	p.Slowest = times[len(times)*99/100]
	return p, nil
}
