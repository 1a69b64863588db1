package ratelimit_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"example.com/flatline/concmap"
	"example.com/flatline/ratelimit"
)

// crawl fetches every page that can be reached from start, all at once, but each host at
// its own rate. It returns the pages with their errors when all are fetched or ctx is
// done.
func crawl(ctx context.Context, start string, fetch func(context.Context, string) ([]string, error), rate func(host string) ratelimit.Rate) map[string]error {
	hosts := ratelimit.NewKeyed(ratelimit.Rate{}, 1, ratelimit.KeyedOptions[string]{
		RateFor: func(host string) (ratelimit.Rate, int64) { return rate(host), 1 },
		MaxKeys: 10_000,
	})
	var seen concmap.Map[string, error]
	var running sync.WaitGroup
	var visit func(page string)
	visit = func(page string) {
		if _, loaded := seen.LoadOrStore(page, nil); loaded {
			return
		}
		running.Go(func() {
			u, err := url.Parse(page)
			if err == nil {
				err = hosts.Wait(ctx, u.Host)
			}
			var links []string
			if err == nil {
				links, err = fetch(ctx, page)
			}
			seen.Store(page, err)
			for _, link := range links {
				visit(link)
			}
		})
	}
	visit(start)
	running.Wait()
	return seen.ToMap()
}

// A crawler that is polite to each host: ten pages per second from a, one from b. A page
// that would come after the deadline is given up at once.
func TestCrawler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		web := map[string][]string{
			"http://a/": {"http://a/1", "http://a/2", "http://b/", "http://a/"},
			"http://b/": {"http://b/1", "http://b/2", "http://b/3", "http://a/1"},
		}
		var hosts concmap.Map[string, []string]
		began := time.Now()
		pages := crawl(ctx, "http://a/", func(_ context.Context, page string) ([]string, error) {
			hosts.Compute(page[:8], func(old []string, _ bool) ([]string, concmap.Op) {
				return append(slices.Clip(old), time.Since(began).String()), concmap.Update
			})
			return web[page], nil
		}, func(host string) ratelimit.Rate {
			return map[string]ratelimit.Rate{"a": ratelimit.Per(10, time.Second), "b": ratelimit.Per(1, time.Second)}[host]
		})
		for page, err := range pages {
			if err != nil {
				assert.ErrorIs(t, err, context.DeadlineExceeded, page)
			}
		}
		assert.Equal(t, "map[http://a:[0s 100ms 200ms] http://b:[0s 1s 2s]]", fmt.Sprint(hosts.ToMap()))
	})
}
