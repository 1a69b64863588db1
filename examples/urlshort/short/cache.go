package short

import (
	"context"
	"errors"
	"time"

	"example.com/flatline/lru"
)

// Life is how long a node may answer from its cache, and so how long another node's edit,
// deletion or new link may go unnoticed.
const Life = time.Second

// Cache is a Store in front of a slow one. Its Lookup asks the store once for all callers
// that miss a code at the same time, and remembers codes that there are not in a cache of
// their own: someone who tries codes neither reaches the database twice nor evicts links.
type Cache struct {
	Store
	links  *lru.Sharded[string, *Link]
	absent *lru.Sharded[string, struct{}]
}

// NewCache returns a cache of a store for a number of links.
func NewCache(store Store, capacity int) *Cache {
	return &Cache{
		Store:  store,
		links:  lru.NewSharded(capacity, lru.Options[string, *Link]{TTL: Life}),
		absent: lru.NewSharded(max(capacity/8, 1), lru.Options[string, struct{}]{TTL: Life}),
	}
}

// present is how a load of the cache of absent codes says that it found one: as an error,
// which is not remembered.
type present struct{ link *Link }

func (present) Error() string { return "short: the link is there" }

// Lookup returns the newest version of a link that is at most Life old; ErrNotFound. Its
// Clicks are not up to date.
func (c *Cache) Lookup(ctx context.Context, code string) (*Link, error) {
	return c.links.GetOrLoad(ctx, code, func(ctx context.Context, code string) (*Link, error) {
		// The load runs inside the cache of absent codes, so that a Create that comes
		// between the question and the answer wins: what was asked before is not remembered.
		_, err := c.absent.GetOrLoad(ctx, code, func(ctx context.Context, code string) (struct{}, error) {
			l, err := c.Get(ctx, code, time.Time{})
			if err == nil {
				return struct{}{}, present{&l}
			}
			if errors.Is(err, ErrNotFound) {
				err = nil
			}
			return struct{}{}, err
		})
		var found present
		if errors.As(err, &found) {
			return found.link, nil
		}
		if err == nil {
			err = ErrNotFound
		}
		return nil, err
	})
}

// Create implements Store. The link can be looked up here as soon as it returns.
func (c *Cache) Create(ctx context.Context, l Link) (Link, error) {
	defer c.absent.Delete(l.Code)
	return c.Store.Create(ctx, l)
}

// Update implements Store.
func (c *Cache) Update(ctx context.Context, code string, version int64, l Link) (Link, error) {
	defer c.links.Delete(code)
	return c.Store.Update(ctx, code, version, l)
}
