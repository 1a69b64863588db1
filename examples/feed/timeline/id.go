package timeline

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// An ID is that of a post. IDs ascend with time: 41 bits of milliseconds since 2024, which
// last until 2093, 12 bits that count, and 10 bits of the node that made it.
type ID uint64

const (
	countBits = 12
	nodeBits  = 10
	epoch     = 1_704_067_200_000 // 2024-01-01, in milliseconds since 1970

	// MaxNode is the largest number of a node.
	MaxNode = 1<<nodeBits - 1
	// Newest is above all ids: a page before it is the first one.
	Newest ID = math.MaxInt64
)

// Time returns when the id was made, to the millisecond.
func (id ID) Time() time.Time {
	return time.UnixMilli(int64(id>>(nodeBits+countBits)) + epoch).UTC()
}

func (id ID) String() string { return strconv.FormatUint(uint64(id), 10) }

// MarshalText writes the id in decimal digits. In JSON it is a string: a number beyond 2^53
// would be rounded by a browser.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads decimal digits.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// ParseID reads an id, or a place between ids.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("%w: an id has decimal digits and is below 2^63, got %q", ErrBad, s)
	}
	return ID(n), nil
}

// IDs makes the ids of a node. The zero value is that of node 0. It is not safe for
// concurrent use.
type IDs struct {
	Node uint64 // up to MaxNode
	last uint64 // an id without its node
}

// After makes the next ids larger than id.
func (g *IDs) After(id ID) { g.last = max(g.last, uint64(id)>>nodeBits) }

// Next returns an id that is larger than all before it. If the clock stands still, goes
// backwards, or more than 4,096 ids are made in a millisecond, ids are ahead of the clock.
func (g *IDs) Next(now time.Time) ID {
	ms := max(now.UnixMilli()-epoch, 0)
	g.last = max(g.last+1, uint64(ms)<<countBits)
	return ID(g.last<<nodeBits | g.Node)
}

// What a store and a node answer.
var (
	ErrBad      = errors.New("not accepted")
	ErrNotFound = errors.New("there is no such post")
	ErrNotYours = errors.New("the post is somebody else's")
	ErrFull     = errors.New("no more are accepted")
)
