// Package hash gives every hashed structure of flatline one seeded hash
// function for any comparable key.
//
// # Idea
//
// A structure draws two secret words when it is made. An integer key k of any width is
// hashed in two rounds, fold(fold(k ^ s0, k ^ s1), golden), where fold is one 64×64→128
// bit multiplication whose two halves are combined by exclusive or. In the first round
// both factors contain the key: a fixed factor would map an arithmetic progression to
// another one, which some factors fold onto few buckets. The second round is needed
// because the squares of a progression still cluster for one seed in a hundred: TestRuns,
// which hashes consecutive keys under 1,000 seeds, fails without it. A string is hashed in
// one of four ways, by its length in bytes:
//
//	 0 to 16  two words, folded in two rounds with s0 and s1, the second with the length
//	17 to 32  two blocks of 16 bytes
//	33 to 64  four blocks
//	longer    maphash.Comparable, which uses the processor's AES instructions
//
// A block is two words, each with its own secret, folded into one; the last round combines
// the blocks and the length. The blocks do not wait for each other, so their
// multiplications run at the same time. The last words of a string overlap the ones before
// them, so no bytes remain that must be read one by one. Every other comparable type goes
// to maphash.Comparable, which is correct for floats, interfaces, structs and arrays, and
// several times slower than the path of the integers.
//
// # Flooding
//
// Since the seeds differ from structure to structure and never leave it, an attacker
// cannot choose keys that collide. Each word of each block has its own secret, derived
// from s0 and s1. With the same secrets for all blocks, two strings that differ only in
// the order of their blocks would collide whatever the secrets are; with one secret for
// both words of a block, two that differ in the order of these words. A caller's own hash
// function is mixed with the same secrets, so that a weak one (such as the identity)
// still spreads over a power-of-two table; it cannot repair collisions of the function
// itself.
//
// # References
//
// The folded multiplication, and the words that overlap, are those of wyhash (Wang
// Yi, 2019) and of Go's own memhash fallback. Crosby and Wallach, "Denial of Service
// via Algorithmic Complexity Attacks" (2003), say why the seed must be secret.
package hash

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"unsafe"
)

// kind selects how a key's bytes are read.
type kind uint8

const (
	word64 kind = iota // the zero value is never used: New sets every field
	word32
	word16
	word8
	text
	custom
	other
)

// A Hasher hashes keys of type K. It is made by New; the zero value is not
// seeded. Copies hash alike, and all methods may be called from any goroutine.
type Hasher[K comparable] struct {
	kind kind
	Secrets
	fn func(K) uint64
}

// Secrets are what a hasher of strings has drawn. They hash a string without the type of
// the key, for a caller that is not generic.
type Secrets struct {
	s0, s1 uint64
	more   *more // nil where the key is a word, or the hash is custom
}

// more are the secrets of strings and of what maphash hashes. They are behind a pointer so
// that a structure of many parts, each with its hasher, stays small.
type more struct {
	blocks [8]uint64 // of the words of the blocks of long strings
	seed   maphash.Seed
}

// New returns a hasher with fresh secrets. If fn is not nil, it hashes every key, and its
// result is mixed with the secrets.
func New[K comparable](fn func(K) uint64) Hasher[K] {
	h := Hasher[K]{
		kind:    kindOf[K](),
		Secrets: Secrets{s0: rand.Uint64(), s1: rand.Uint64()},
		fn:      fn,
	}
	if fn != nil {
		h.kind = custom
	}
	h.derive()
	return h
}

// Seeded is New with secrets that seed determines: two hashers with the same seed hash
// alike, except for strings of more than 64 bytes and other keys that go to maphash, for
// which each hasher draws its own seed. With fn there is no exception. An attacker who
// knows the seed can choose keys that collide.
func Seeded[K comparable](fn func(K) uint64, seed uint64) Hasher[K] {
	h := New(fn)
	h.s0, h.s1 = fold(seed^golden, golden), fold(seed, ^uint64(golden))
	h.derive()
	return h
}

// derive makes the secrets that s0 and s1 are too few for, if the keys need them: those
// of the blocks from s0 and s1, and the seed.
func (h *Hasher[K]) derive() {
	if h.kind != text && h.kind != other {
		return
	}
	h.more = &more{seed: maphash.MakeSeed()}
	for i := range h.more.blocks {
		h.more.blocks[i] = fold(h.s0+uint64(i+1)*golden, h.s1)
	}
}

// Word returns Hash(k) and true if k is one machine word, and false otherwise. The
// compiler inlines it, but cannot inline Hash. It is for the few hottest callers.
func (h *Hasher[K]) Word(k K) (uint64, bool) {
	if h.kind != word64 {
		return 0, false
	}
	w := *(*uint64)(unsafe.Pointer(&k))
	hi, lo := bits.Mul64(w^h.s0, w^h.s1)
	hi, lo = bits.Mul64(hi^lo, golden)
	return hi ^ lo, true
}

// Text is Word for strings.
func (h *Hasher[K]) Text(k K) (uint64, bool) {
	if h.kind != text {
		return 0, false
	}
	return h.Secrets.String(*(*string)(unsafe.Pointer(&k))), true
}

// IsWord reports whether Word returns true.
func (h *Hasher[K]) IsWord() bool { return h.kind == word64 }

// IsText reports whether Text returns true.
func (h *Hasher[K]) IsText() bool { return h.kind == text }

// OfWord returns Hash(k) if IsWord returns true; otherwise its result has no meaning. It
// saves a caller that has checked IsWord the check in Word.
func (h *Hasher[K]) OfWord(k K) uint64 {
	w := *(*uint64)(unsafe.Pointer(&k))
	hi, lo := bits.Mul64(w^h.s0, w^h.s1)
	hi, lo = bits.Mul64(hi^lo, golden)
	return hi ^ lo
}

// Hash returns the 64-bit hash of k. Equal keys have equal hashes; all bits are
// usable, high and low. O(1) for keys of fixed size, O(len) for strings, no
// allocation except where maphash.Comparable allocates. It panics, as a Go map
// does, if k is or contains an interface that holds an uncomparable value: so no
// key that has been hashed can make a comparison panic later, under a lock.
func (h *Hasher[K]) Hash(k K) uint64 {
	p := unsafe.Pointer(&k)
	if h.kind == text { // first, since it is the kind that callers leave to Hash most often
		return h.Secrets.String(*(*string)(p))
	}
	switch h.kind {
	case word64:
		return h.word(*(*uint64)(p))
	case word32:
		return h.word(uint64(*(*uint32)(p)))
	case word16:
		return h.word(uint64(*(*uint16)(p)))
	case word8:
		return h.word(uint64(*(*uint8)(p)))
	case custom:
		_ = k == k // panics if a value in it is uncomparable
		return h.word(h.fn(k))
	default:
		return anyKey(h.more.seed, k)
	}
}

// String returns the hash of s. It is not a method of Hasher: a generic method is compiled
// in the package that uses it, where the loads would not be inlined.
func (x *Secrets) String(s string) uint64 {
	n := len(s)
	p := unsafe.Pointer(unsafe.StringData(s))
	if n <= 16 {
		var a, b uint64
		switch {
		case n >= 8:
			a, b = load(p), load(unsafe.Add(p, n-8))
		case n >= 4:
			a, b = load4(p), load4(unsafe.Add(p, n-4))
		case n > 0:
			a, b = uint64(s[0])<<8|uint64(s[n/2]), uint64(s[n-1])
		}
		return x.words(a, b, n)
	}
	end := unsafe.Add(p, n-16)
	if n <= 32 {
		return x.Join(x.Block(p, 0), x.Block(end, 1), n)
	}
	if n > 64 {
		return maphash.Comparable(x.more.seed, s)
	}
	return x.Join(x.Block(p, 0)^x.Block(unsafe.Add(p, 16), 2), x.Block(end, 1)^x.Block(unsafe.Add(end, -16), 3), n)
}

// words hashes the two words of a string of n bytes.
func (x *Secrets) words(a, b uint64, n int) uint64 {
	hi, lo := bits.Mul64(a^x.s0, b^x.s1)
	return fold(lo^x.s0^uint64(n), hi^x.s1)
}

// Block hashes the 16 bytes at p with the secrets of the i-th block.
func (x *Secrets) Block(p unsafe.Pointer, i int) uint64 {
	k := &x.more.blocks
	return fold(load(p)^k[2*i], load(unsafe.Add(p, 8))^k[2*i+1])
}

// Join combines the blocks of a string of n bytes.
func (x *Secrets) Join(a, b uint64, n int) uint64 { return fold(a^uint64(n), b^x.s1) }

// Short, Block, Join and LongSeed are the steps of String, for the few hottest callers.
// The compiler inlines them, but cannot inline String. A string of 8 to 16 bytes has the
// hash Short; see String for the longer ones.
func (x *Secrets) Short(p unsafe.Pointer, n int) uint64 {
	return x.words(load(p), load(unsafe.Add(p, n-8)), n)
}

// LongSeed returns the seed with which maphash.Comparable hashes more than 64 bytes.
func (x *Secrets) LongSeed() maphash.Seed { return x.more.seed }

// load returns the 8 bytes at p as a word, load4 the 4 bytes.
func load(p unsafe.Pointer) uint64 { return binary.LittleEndian.Uint64((*[8]byte)(p)[:]) }

func load4(p unsafe.Pointer) uint64 {
	return uint64(binary.LittleEndian.Uint32((*[4]byte)(p)[:]))
}

// anyKey is separate from Hash because maphash.Comparable lets its argument escape, which
// would move every k to the heap.
//
//go:noinline
func anyKey[K comparable](seed maphash.Seed, k K) uint64 {
	return maphash.Comparable(seed, k)
}

// golden is 2^64 divided by the golden ratio (Knuth, The Art of Computer
// Programming 3, section 6.4): the factor of the second round.
const golden = 0x9E3779B97F4A7C15

// word hashes one machine word.
func (h *Hasher[K]) word(w uint64) uint64 { return fold(fold(w^h.s0, w^h.s1), golden) }

// fold multiplies and combines the halves: the high half depends on all bits
// below, the low half on all bits above.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func kindOf[K comparable]() kind {
	t := reflect.TypeFor[K]()
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		switch t.Size() {
		case 8:
			return word64
		case 4:
			return word32
		case 2:
			return word16
		default:
			return word8
		}
	case reflect.String:
		return text
	default:
		return other
	}
}
