package lru_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"example.com/flatline/lru"
)

type page struct {
	body []byte
	life time.Duration
}

// newAPI serves the pages that fetch returns. Each page is kept for the life that it came
// with, at most 64 MiB in total. PURGE removes one.
func newAPI(fetch func(context.Context, string) (page, error), now func() time.Time) http.HandlerFunc {
	cache := lru.NewSync(10_000, lru.Options[string, page]{
		Life:    func(_ string, p page) time.Duration { return p.life },
		Cost:    func(path string, p page) int64 { return int64(len(path) + len(p.body)) },
		MaxCost: 64 << 20,
		Now:     now,
	})
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "PURGE" {
			cache.Delete(r.URL.Path)
			return
		}
		p, err := cache.GetOrLoad(r.Context(), r.URL.Path, fetch)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		left, _ := cache.Expiry(r.URL.Path)
		w.Header().Set("Cache-Control", fmt.Sprintf("max-age=%d", left/time.Second))
		_, _ = w.Write(p.body)
	}
}

// An HTTP API in front of a slow origin: a page is kept as long as the origin says,
// callers that miss it together fetch it once, and an error is not kept.
func Example_cachingAPI() {
	fetches, now := 0, time.Unix(0, 0)
	api := newAPI(func(_ context.Context, path string) (page, error) {
		fetches++
		p := page{body: fmt.Appendf(nil, "%s, fetch %d", path, fetches)}
		switch path {
		case "/news":
			p.life = time.Minute // Cache-Control: max-age=60
		case "/broken":
			return page{}, errors.New("500 Internal Server Error")
		}
		return p, nil
	}, func() time.Time { return now })

	for _, get := range []string{"GET /news", "GET /news", "GET /news", "PURGE /news", "GET /news", "GET /private", "GET /private", "GET /broken"} {
		var method, path string
		_, _ = fmt.Sscan(get, &method, &path)
		w := httptest.NewRecorder()
		api(w, httptest.NewRequest(method, path, nil))
		body, _ := io.ReadAll(w.Body)
		fmt.Printf("%s: %d %s %q\n", get, w.Code, w.Header().Get("Cache-Control"), body)
		now = now.Add(30 * time.Second)
	}
	// Output:
	// GET /news: 200 max-age=60 "/news, fetch 1"
	// GET /news: 200 max-age=30 "/news, fetch 1"
	// GET /news: 200 max-age=60 "/news, fetch 2"
	// PURGE /news: 200  ""
	// GET /news: 200 max-age=60 "/news, fetch 3"
	// GET /private: 200 max-age=0 "/private, fetch 4"
	// GET /private: 200 max-age=0 "/private, fetch 5"
	// GET /broken: 502  "500 Internal Server Error\n"
}
