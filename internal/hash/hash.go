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
// which hashes consecutive keys under 1,000 seeds, fails without it. A string of up to 16
// bytes is read as two words, which may overlap. They are folded in two rounds as well,
// each with the secrets, the second also with the length. A longer string is read in
// lanes of 16 bytes: two lanes up to 32 bytes, four above. The lanes do not wait for each
// other, so their multiplications run at the same time. The last words of a string
// overlap the ones before them, so no bytes remain that must be read one by one. Every
// other comparable type goes to maphash.Comparable, which is correct for floats,
// interfaces, structs and arrays, and several times slower than the path of the integers.
//
// # Flooding
//
// Since the seeds differ from structure to structure and never leave it, an attacker
// cannot choose keys that collide. Each lane has its own secret, which the process draws
// when it starts. With one secret for all lanes, two strings that differ only in the
// order of their 16-byte blocks would collide whatever the secret is. A caller's own hash
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
	secrets
	fn func(K) uint64
}

type secrets struct {
	s0, s1 uint64
	seed   maphash.Seed
}

// New returns a hasher with fresh secrets. If fn is not nil, it hashes every key, and its
// result is mixed with the secrets.
func New[K comparable](fn func(K) uint64) Hasher[K] {
	h := Hasher[K]{
		kind:    kindOf[K](),
		secrets: secrets{s0: rand.Uint64(), s1: rand.Uint64(), seed: maphash.MakeSeed()},
		fn:      fn,
	}
	if fn != nil {
		h.kind = custom
	}
	return h
}

// Seeded is New with secrets that seed determines: two hashers with the same seed hash
// alike. Two things also depend on secrets of the process: strings of more than 16 bytes,
// by the lanes, and keys that go to maphash. With fn neither is used. An attacker who
// knows the seed can choose keys that collide.
func Seeded[K comparable](fn func(K) uint64, seed uint64) Hasher[K] {
	h := New(fn)
	h.s0, h.s1 = fold(seed^golden, golden), fold(seed, ^uint64(golden))
	return h
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
	return h.secrets.text(*(*string)(unsafe.Pointer(&k))), true
}

// IsWord reports whether Word returns true.
func (h *Hasher[K]) IsWord() bool { return h.kind == word64 }

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
	switch h.kind {
	case word64:
		return h.word(*(*uint64)(p))
	case word32:
		return h.word(uint64(*(*uint32)(p)))
	case word16:
		return h.word(uint64(*(*uint16)(p)))
	case word8:
		return h.word(uint64(*(*uint8)(p)))
	case text:
		return h.secrets.text(*(*string)(p))
	case custom:
		_ = k == k // panics if a value in it is uncomparable
		return h.word(h.fn(k))
	default:
		return anyKey(h.seed, k)
	}
}

// text hashes a string. It is not a method of Hasher: a generic method is compiled in the
// package that uses it, where the loads would not be inlined.
func (x *secrets) text(s string) uint64 {
	n := len(s)
	var a, b uint64
	switch p := unsafe.Slice(unsafe.StringData(s), n); {
	case n > 16:
		return x.long(s)
	case n >= 8:
		a, b = binary.LittleEndian.Uint64(p), binary.LittleEndian.Uint64(p[n-8:])
	case n >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(p)), uint64(binary.LittleEndian.Uint32(p[n-4:]))
	case n > 0:
		a, b = uint64(p[0])<<8|uint64(p[n/2]), uint64(p[n-1])
	}
	hi, lo := bits.Mul64(a^x.s0, b^x.s1)
	return fold(lo^x.s0^uint64(n), hi^x.s1)
}

// lanes are the secrets of the four lanes of long strings.
var lanes = [4]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}

// long hashes a string of more than 16 bytes.
func (x *secrets) long(s string) uint64 {
	n := len(s)
	p := unsafe.Pointer(unsafe.StringData(s))
	end := unsafe.Add(p, n-16)
	s0, s1 := x.s0, x.s1
	if n <= 32 {
		a := absorb(p, lanes[0]^s1, lanes[0]^s0)
		b := absorb(end, lanes[1]^s1, lanes[1]^s0)
		return fold(a^uint64(n), b^s1)
	}
	a, b, c, d := lanes[0]^s0, lanes[1]^s0, lanes[2]^s0, lanes[3]^s0
	for ; n > 64; n -= 64 {
		a = absorb(p, lanes[0]^s1, a)
		b = absorb(unsafe.Add(p, 16), lanes[1]^s1, b)
		c = absorb(unsafe.Add(p, 32), lanes[2]^s1, c)
		d = absorb(unsafe.Add(p, 48), lanes[3]^s1, d)
		p = unsafe.Add(p, 64)
	}
	if len(s) > 64 {
		p = unsafe.Add(end, -48)
	}
	a = absorb(p, lanes[0]^s1, a)
	b = absorb(end, lanes[1]^s1, b)
	c = absorb(unsafe.Add(p, 16), lanes[2]^s1, c)
	d = absorb(unsafe.Add(end, -16), lanes[3]^s1, d)
	return fold(a^c^uint64(len(s)), b^d^s1)
}

// absorb mixes the 16 bytes at p into the state of a lane.
func absorb(p unsafe.Pointer, key, state uint64) uint64 {
	w := (*[16]byte)(p)
	return fold(binary.LittleEndian.Uint64(w[:8])^key, binary.LittleEndian.Uint64(w[8:])^state)
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
