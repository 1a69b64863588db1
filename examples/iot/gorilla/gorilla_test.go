package gorilla_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"example.com/flatline/examples/iot/gorilla"
)

// same reports whether two series are equal bit for bit.
func same(a, b []gorilla.Point) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].T != b[i].T || math.Float64bits(a[i].V) != math.Float64bits(b[i].V) {
			return false
		}
	}
	return true
}

// A failer is a *testing.T, or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func roundTrip(t failer, points []gorilla.Point) []byte {
	t.Helper()
	chunk := gorilla.Encode(points)
	got, err := gorilla.Decode(chunk)
	if err != nil || !same(got, points) {
		t.Fatalf("I4: %v became %v, %v", points, got, err)
	}
	if gorilla.Count(chunk) != len(points) {
		t.Fatalf("I4: it counts %d of %d", gorilla.Count(chunk), len(points))
	}
	return chunk
}

// TestRoundTrip: what no arithmetic keeps is kept.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	odd := []float64{
		0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0x7ff8_0000_dead_beef), math.Inf(1), math.Inf(-1),
		math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1, 0.2, 0.1 + 0.2, 1 << 53, 1<<53 - 1, -21.5, 1e-6, 1e-7, 1e22, 123456789.123456,
	}
	times := []int64{0, 1, -1, 1000, 999_999_999, 1e9, 1_700_000_000e9, math.MaxInt64, math.MinInt64, 5, 4, 3}
	for _, v := range odd {
		for _, u := range odd {
			roundTrip(t, []gorilla.Point{{1, v}, {2, u}, {3, v}, {4, v}})
		}
	}
	for _, a := range times {
		for _, b := range times {
			roundTrip(t, []gorilla.Point{{a, 1}, {b, 2}, {a, 3}, {b, 4}})
			roundTrip(t, []gorilla.Point{{a, 0.1}, {b, math.Pi}})
		}
	}
	roundTrip(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		roundTrip(t, rapid.SliceOf(rapid.Custom(func(t *rapid.T) gorilla.Point {
			p := gorilla.Point{T: rapid.Int64().Draw(t, "t"), V: rapid.OneOf(rapid.Float64(), rapid.SampledFrom(odd)).Draw(t, "v")}
			if rapid.Bool().Draw(t, "round") {
				p.T = p.T / 1e9 * 1e9
			}
			return p
		})).Draw(t, "points"))
	})
}

// wave is a sensor that reports every interval with a number of decimals.
func wave(n int, every int64, decimals int) []gorilla.Point {
	var all []gorilla.Point
	pow := math.Pow10(decimals)
	for i := range n {
		v := 20 + 5*math.Sin(float64(i)/200)
		if decimals >= 0 {
			v = math.Round(v*pow) / pow
		}
		all = append(all, gorilla.Point{T: 1_700_000_000e9 + int64(i)*every, V: v})
	}
	return all
}

// TestSmoothSeries: a smooth series takes at most two bytes per point (the target), and
// one with all bits of a float64 at most nine, since it is never worse than plain.
func TestSmoothSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		in   []gorilla.Point
		most float64
	}{
		{"constant", wave(1, 1, 0), 24},
		{"0.1 every 10 s", wave(1000, 10e9, 1), 0.6},
		{"0.01 every 10 s", wave(1000, 10e9, 2), 1},
		{"0.001 every 10 s", wave(1000, 10e9, 3), 2},
		{"all bits", wave(1000, 10e9, -1), 9},
	} {
		chunk := roundTrip(t, c.in)
		per := float64(len(chunk)) / float64(len(c.in))
		t.Logf("%s: %.2f bytes per point", c.name, per)
		assert.LessOrEqual(t, per, c.most, c.name)
	}
}

// TestDamage: no chunk is decoded from too few bytes, and a false count allocates nothing.
func TestDamage(t *testing.T) {
	for _, in := range [][]gorilla.Point{wave(50, 1e9, 1), wave(50, 1e9, -1)} {
		chunk := gorilla.Encode(in)
		for n := range len(chunk) - 1 {
			_, err := gorilla.Decode(chunk[:n])
			require.ErrorIs(t, err, gorilla.ErrCorrupt, n)
		}
	}
	for _, count := range []uint64{100, 1 << 22, 1 << 40} {
		lie := append(binary.AppendUvarint(nil, count), 0, 1, 2, 3)
		assert.Zero(t, testing.AllocsPerRun(10, func() {
			_, err := gorilla.Decode(lie)
			require.ErrorIs(t, err, gorilla.ErrCorrupt)
		}), "Z2: %d points in three bytes", count)
	}
	for _, mode := range []byte{1, 4, 12, 15, 16 * 8, 255} {
		_, err := gorilla.Decode([]byte{1, mode, 0, 0, 0})
		require.ErrorIs(t, err, gorilla.ErrCorrupt, mode)
	}
	// The block of bits before, where there is none, and one beyond 64 bits.
	for _, b := range [][]byte{{1, 0, 0b0_10_00000, 0, 0, 0}, {1, 0, 0b0_11_11111, 0b1_111111_0, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
		_, err := gorilla.Decode(b)
		require.ErrorIs(t, err, gorilla.ErrCorrupt)
	}
}

// FuzzDecode: any bytes are points or an error.
func FuzzDecode(f *testing.F) {
	f.Add(gorilla.Encode(wave(20, 1e9, 1)))
	f.Add(gorilla.Encode(wave(20, 1, -1)))
	f.Add(binary.AppendUvarint(nil, 1<<40))
	f.Fuzz(func(t *testing.T, b []byte) {
		points, err := gorilla.Decode(b)
		if err == nil {
			roundTrip(t, points)
		}
		if len(points)*16 > 64*len(b)+64 {
			t.Fatalf("Z2: %d points from %d bytes", len(points), len(b))
		}
	})
}

// FuzzRoundTrip reads points from bytes, so that times and values have any bits.
func FuzzRoundTrip(f *testing.F) {
	f.Add(make([]byte, 64), uint8(1))
	f.Add(binary.LittleEndian.AppendUint64(make([]byte, 8), math.Float64bits(math.NaN())), uint8(7))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		var points []gorilla.Point
		for i := 0; i+16 <= len(b); i += 1 + int(step) {
			points = append(points, gorilla.Point{T: int64(binary.LittleEndian.Uint64(b[i:])), V: math.Float64frombits(binary.LittleEndian.Uint64(b[i+8:]))})
		}
		roundTrip(t, points)
	})
}
