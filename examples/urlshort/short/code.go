package short

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"math/bits"
	"strings"
	"sync"
)

// The letters of codes: those that are read aloud without doubt, so no 0, O, I or l.
const (
	Base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	Base32 = "123456789abcdefghjkmnpqrstuvwxyz" // case does not matter, so one digit more
)

// A Coder turns counters into codes of a fixed length and back. It is a bijection between
// the counters below Space and the codes, so two counters never share a code, and no code
// has to be looked up before it is given out. Without the key a code says nothing about
// its neighbours.
//
// The bijection is a Feistel network over the next even number of bits: it permutes a
// range that is up to four times too large. A result beyond Space is permuted again until
// it is below (cycle walking), which takes two steps on average here and ends, since the
// counter itself lies on the cycle.
type Coder struct {
	block   cipher.Block
	letters string
	length  int
	half    uint // bits
	space   uint64
}

// rounds of the network. Four make a permutation that cannot be told from a random one
// with few samples; the cost of eight is 1 µs.
const rounds = 8

// NewCoder returns the coder of a key for codes of a length. It panics if there are more
// than 2^62 codes.
func NewCoder(key Key, letters string, length int) *Coder {
	c := &Coder{letters: letters, length: length, space: 1}
	for range length {
		if c.space > 1<<62/uint64(len(letters)) {
			panic("short.NewCoder: the codes are too long")
		}
		c.space *= uint64(len(letters))
	}
	c.half = uint(bits.Len64(c.space-1)+1) / 2
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	c.block = block
	return c
}

// Space returns how many codes there are.
func (c *Coder) Space() uint64 { return c.space }

// mix is the function of a round: a keyed hash of one half.
func (c *Coder) mix(round int, half uint64) uint64 {
	var b [aes.BlockSize]byte
	binary.LittleEndian.PutUint64(b[:], half)
	b[8] = byte(round)
	c.block.Encrypt(b[:], b[:])
	return binary.LittleEndian.Uint64(b[:]) & (1<<c.half - 1)
}

// Encode returns the code of a counter below Space. O(length) expected.
func (c *Coder) Encode(counter uint64) string {
	for ok := true; ok; ok = counter >= c.space {
		l, r := counter>>c.half, counter&(1<<c.half-1)
		for i := range rounds {
			l, r = r, l^c.mix(i, r)
		}
		counter = l<<c.half | r
	}
	code := make([]byte, c.length)
	for i := range code {
		code[c.length-1-i] = c.letters[counter%uint64(len(c.letters))]
		counter /= uint64(len(c.letters))
	}
	return string(code)
}

// Decode returns the counter of a code; false if no counter has it.
func (c *Coder) Decode(code string) (counter uint64, ok bool) {
	if len(code) != c.length {
		return 0, false
	}
	for _, b := range []byte(code) {
		digit := strings.IndexByte(c.letters, b)
		if digit < 0 {
			return 0, false
		}
		counter = counter*uint64(len(c.letters)) + uint64(digit)
	}
	for ok := true; ok; ok = counter >= c.space {
		l, r := counter>>c.half, counter&(1<<c.half-1)
		for i := rounds - 1; i >= 0; i-- {
			l, r = r^c.mix(i, l), l
		}
		counter = l<<c.half | r
	}
	return counter, true
}

// ErrFull says that every code has been given out.
var ErrFull = errors.New("short: all codes are taken")

// leaseSize is how many counters a node leases with one durable write. A crash wastes what
// is left of them, and repeats none.
const leaseSize = 1000

// Codes gives out codes of leased counters. It is safe for concurrent use.
type Codes struct {
	store   Store
	letters string
	length  int

	mu        sync.Mutex
	coder     *Coder
	next, end uint64
}

// NewCodes returns codes of a store: of seven letters, or of eight if case is folded.
func NewCodes(store Store, fold bool) *Codes {
	if fold {
		return &Codes{store: store, letters: Base32, length: 8}
	}
	return &Codes{store: store, letters: Base58, length: 7}
}

// Next returns a code that was never given out before, by any node, before any crash. A
// custom code may be the same: then Create says so, and the caller asks again.
func (c *Codes) Next(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == c.end {
		l, err := c.store.Lease(ctx, leaseSize)
		if err != nil {
			return "", err
		}
		c.next, c.end = l.First, l.First+leaseSize
		if c.coder == nil {
			c.coder = NewCoder(l.Key, c.letters, c.length)
		}
	}
	if c.next >= c.coder.Space() {
		return "", ErrFull
	}
	c.next++
	return c.coder.Encode(c.next - 1), nil
}
