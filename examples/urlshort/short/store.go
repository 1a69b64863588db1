package short

import (
	"context"
	"time"
)

// A Key is the secret of the codes. It belongs to the store: with another one the counters
// would give codes again that were given out.
type Key [16]byte

// A Lease is counters from First on that no other lease has.
type Lease struct {
	First uint64
	Key   Key
}

// A Count is how often a code was clicked in a minute, in minutes since 1970.
type Count struct {
	Code   string `json:"code,omitempty"`
	Minute int64  `json:"minute"`
	N      int64  `json:"n"`
}

// A Batch is the clicks of a node. The numbers of a node's batches ascend; a batch whose
// number is not above the last one is a repetition and changes nothing. With Strict it is
// one click of a link that has a maximum, has no number, and is refused when that is
// reached.
type Batch struct {
	Node   string
	Number int64
	Counts []Count
	Strict bool
}

// A Store keeps links. All methods are safe for concurrent use; what they acknowledge is
// durable, if the store is.
type Store interface {
	// Lease returns n counters.
	Lease(ctx context.Context, n uint64) (Lease, error)
	// Create stores the first version of a link, and returns it; ErrTaken.
	Create(ctx context.Context, l Link) (Link, error)
	// Get returns the version at a time, or the newest if at is zero; ErrNotFound. A
	// deleted link is a version too.
	Get(ctx context.Context, code string, at time.Time) (Link, error)
	// Update makes l's URL, Expires, Max and Deleted the version that follows the given
	// one, and returns it; ErrNotFound, ErrVersion, ErrGone.
	Update(ctx context.Context, code string, version int64, l Link) (Link, error)
	// Count adds clicks; ErrSpent. Codes that there are not are ignored.
	Count(ctx context.Context, b Batch) error
	// Clicks returns the counts of a code from one minute to another, both included.
	Clicks(ctx context.Context, code string, from, to int64) ([]Count, error)
	Close() error
}
