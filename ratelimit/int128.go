package ratelimit

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
	"time"
)

// An int128 is a number of ticks that may not fit in a word, for example a whole burst at
// a slow rate. The fast path does not use it.
type int128 struct {
	hi int64
	lo uint64
}

func i128(x int64) int128 { return int128{x >> 63, uint64(x)} }

// mul128 returns a*b for a, b >= 0.
func mul128(a, b int64) int128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int128{int64(hi), lo}
}

func (a int128) add(b int128) int128 {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	return int128{a.hi + b.hi + int64(carry), lo}
}

func (a int128) sub(b int128) int128 {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	return int128{a.hi - b.hi - int64(borrow), lo}
}

func (a int128) less(b int128) bool { return a.hi < b.hi || a.hi == b.hi && a.lo < b.lo }

func (a int128) compare(b int128) int {
	if c := cmp.Compare(a.hi, b.hi); c != 0 {
		return c
	}
	return cmp.Compare(a.lo, b.lo)
}

func (a int128) positive() bool { return i128(0).less(a) }

func (a int128) max(b int128) int128 {
	if a.less(b) {
		return b
	}
	return a
}

func (a int128) min(b int128) int128 {
	if a.less(b) {
		return a
	}
	return b
}

// word returns a as an int64 and whether it is one.
func (a int128) word() (int64, bool) { return int64(a.lo), a.hi == int64(a.lo)>>63 }

// floorDiv returns a/n for n > 0, rounded down, or the nearest int64; 0 if a < 0.
func (a int128) floorDiv(n int64) int64 {
	switch {
	case a.hi < 0:
		return 0
	case uint64(a.hi) >= uint64(n):
		return math.MaxInt64
	}
	q, _ := bits.Div64(uint64(a.hi), a.lo, uint64(n))
	return int64(min(q, math.MaxInt64))
}

// ceilDiv returns the time that a ticks take, with n ticks in a nanosecond, rounded up: 0
// if a <= 0, and Never if a Duration cannot hold it, as always when a > 0 and n is 0.
func (a int128) ceilDiv(n int64) time.Duration {
	switch {
	case !a.positive():
		return 0
	case n == 0:
		return Never
	}
	return time.Duration(a.add(i128(n - 1)).floorDiv(n))
}

// scale returns a*to/from, rounded up, or the nearest number of at most 126 bits.
func (a int128) scale(to, from int64) int128 {
	if to == from {
		return a
	}
	x := a.big()
	x.Mul(x, big.NewInt(to)).Neg(x)
	x.Div(x, big.NewInt(from)).Neg(x) // Div rounds down for a positive divisor
	limit := new(big.Int).Lsh(big.NewInt(1), 126)
	if x.CmpAbs(limit) > 0 {
		if x = limit; a.hi < 0 {
			x.Neg(x)
		}
	}
	low := new(big.Int).And(x, new(big.Int).SetUint64(math.MaxUint64))
	return int128{new(big.Int).Rsh(x, 64).Int64(), low.Uint64()}
}

func (a int128) big() *big.Int {
	x := new(big.Int).Lsh(big.NewInt(a.hi), 64)
	return x.Add(x, new(big.Int).SetUint64(a.lo))
}

// float returns the float64 nearest to a/b, for b > 0: it computes the quotient to 63
// bits or more, with a last bit that says whether any are missing, and rounds it once.
func (a int128) float(b int64) float64 {
	switch {
	case a.hi < 0:
		return -i128(0).sub(a).float(b)
	case a == int128{}:
		return 0
	}
	have, want := bits.Len64(a.lo), bits.Len64(uint64(b))+63
	if a.hi != 0 {
		have = 64 + bits.Len64(uint64(a.hi))
	}
	shift := want - have
	hi, lo, lost := a.shift(shift)
	q, rest := bits.Div64(hi, lo, uint64(b))
	if rest != 0 || lost {
		q |= 1
	}
	return math.Ldexp(float64(q), -shift)
}

// shift returns a<<n, which fits in 128 bits, or a>>-n and whether bits were lost.
func (a int128) shift(n int) (hi, lo uint64, lost bool) {
	hi, lo = uint64(a.hi), a.lo
	for ; n >= 64; n -= 64 {
		hi, lo = lo, 0
	}
	for ; n <= -64; n += 64 {
		hi, lo, lost = 0, hi, lost || lo != 0
	}
	if n >= 0 {
		return hi<<n | lo>>(64-n), lo << n, lost
	}
	return hi >> -n, lo>>-n | hi<<(64+n), lost || lo<<(64+n) != 0
}
