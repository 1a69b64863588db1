package timeline

import (
	"context"
	"time"
)

// A Post is what an author has written. It does not change.
type Post struct {
	ID     ID        `json:"id"`
	Author string    `json:"author"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
}

// The kinds of edge.
const (
	Follow   = "follow"
	Unfollow = "unfollow"
	Block    = "block"
	Unblock  = "unblock"
)

// An Edge is something that one person does to another one. To repeat it changes nothing.
type Edge struct {
	Kind string `json:"kind"`
	From string `json:"from"`
	To   string `json:"to"`
}

// A View is what a reader may see now, read at one moment.
type View struct {
	Version  uint64        // of the timelines that may be used
	Authors  map[string]ID // followed, not blocked in either direction, with their ceilings
	Excluded int           // followed, but blocked
}

// An Audience is to whom a post goes.
type Audience struct {
	Author    string
	Followers int      // at least so many, if they are too many
	Readers   []string // the followers, if they are not
}

// A Store has the posts and the graph: the truth. All methods are safe for concurrent use;
// what they acknowledge is durable, if the store is, except what Settle was told, which need
// only last as long as the timelines. Somebody who has done nothing yet is somebody without
// posts and edges.
type Store interface {
	// Post stores a post, whose id is larger than all that its author has. It waits for the
	// fan-out: until Settle, its author's ceiling is not below it.
	Post(ctx context.Context, author, text string) (Post, error)
	// Delete removes a post of the author; ErrNotFound, ErrNotYours.
	Delete(ctx context.Context, author string, id ID) error
	// Change adds or removes an edge; ErrFull.
	Change(ctx context.Context, e Edge) error

	// View returns what a reader may see.
	View(ctx context.Context, reader string) (View, error)
	// Recent returns the newest n ids of posts by the authors that are below before, the
	// newest first.
	Recent(ctx context.Context, authors []string, before ID, n int) ([]ID, error)
	// Posts returns those of the posts that there are, in any order.
	Posts(ctx context.Context, ids []ID) ([]Post, error)

	// Waiting returns at most n posts that wait for the fan-out, the oldest first.
	Waiting(ctx context.Context, n int) ([]ID, error)
	// Audience returns the followers of a post's author, if they are at most most.
	Audience(ctx context.Context, id ID, most int) (Audience, error)
	// Settle ends the wait of a post: it has been pushed to all followers that it found, or
	// will not be, and then the author's ceiling stays at or above it.
	Settle(ctx context.Context, id ID, pushed bool) error

	// Follows returns whom a reader followed at a time, in order.
	Follows(ctx context.Context, reader string, at time.Time) ([]string, error)
	// Since returns when a reader began to follow an author; false if it does not.
	Since(ctx context.Context, reader, author string) (time.Time, bool, error)
	Close() error
}

// A Timeline is what a cache has of a reader's: each post that was pushed since it was
// begun, and from Floor on all that were posted before.
type Timeline struct {
	Version uint64
	Floor   ID   // Newest until it is filled
	IDs     []ID // the newest first
}

// A Cache has timelines. It may lose any of them at any time, but only as a whole. All
// methods are safe for concurrent use.
type Cache interface {
	// Get returns a timeline; false if there is none.
	Get(ctx context.Context, reader string) (Timeline, bool, error)
	// Begin replaces a reader's timeline by an empty one, whose floor is Newest. It takes
	// what is pushed from now on. The token is new.
	Begin(ctx context.Context, reader string, version uint64) (token uint64, err error)
	// Fill adds ids and lowers the floor, if the timeline is still the one of the token.
	Fill(ctx context.Context, reader string, token uint64, ids []ID, floor ID) error
	// Push adds an id to the timelines of those of the readers that have one.
	Push(ctx context.Context, readers []string, id ID) error
	// Drop removes timelines.
	Drop(ctx context.Context, readers ...string) error
}
