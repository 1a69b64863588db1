package growth

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// series computes f at the sizes of a study, with noise of the given relative
// size that repeats from run to run.
func series(noise float64, f func(n float64) float64) []Point {
	r := rand.New(rand.NewPCG(1, 2))
	var out []Point
	for n := 1 << 8; n <= 1<<16; n <<= 2 {
		out = append(out, Point{n, f(float64(n)) * (1 + noise*(2*r.Float64()-1))})
	}
	return out
}

func flat(float64) float64     { return 120 }
func logn(n float64) float64   { return 30 + 13*math.Log2(n) }
func sqrt(n float64) float64   { return 30 + 2*math.Sqrt(n) }
func linear(n float64) float64 { return 100 + 3*n }
func nlogn(n float64) float64  { return 100 + 3*n*math.Log2(n) }

func TestClassAndVerdict(t *testing.T) {
	curves := []struct {
		class Class
		f     func(float64) float64
	}{{Constant, flat}, {Log, logn}, {Sqrt, sqrt}, {Linear, linear}, {NLogN, nlogn}}
	for _, curve := range curves {
		for _, noise := range []float64{0, 0.0006, 0.01} {
			points := series(noise, curve.f)
			for stated := Constant; stated <= NLogN; stated++ {
				j := Judge(points, stated)
				assert.Equal(t, curve.class, j.Class, "%v with noise %g", curve.class, noise)
				want := Confirmed
				if curve.class > stated {
					want = Refuted
				}
				assert.Equal(t, want, j.Verdict, "%v stated as %v, noise %g: %s", curve.class, stated, noise, j.Why)
			}
			assert.Equal(t, Unstated, Judge(points, Unknown).Verdict)
		}
	}
}

func TestPower(t *testing.T) {
	p, ok := FitPower(series(0, func(n float64) float64 { return 5 * math.Pow(n, 0.25) }))
	require.True(t, ok)
	assert.InDelta(t, 0.25, p.B, 1e-9)
	assert.InDelta(t, 4, p.G, 1e-9, "256 times the size, fourth root")
	assert.InDelta(t, p.GLo, p.GHi, 1e-6, "no residuals, no doubt")

	// The textbook's worked example of a regression: x = 1…5 on the log axis.
	var pts []Point
	for i, y := range []float64{2.1, 2.9, 4.2, 4.8, 6.0} {
		pts = append(pts, Point{1 << (i + 1), math.Exp2(y)})
	}
	p, ok = FitPower(pts)
	require.True(t, ok)
	assert.InDelta(t, 0.97, p.B, 1e-9)
	assert.InDelta(t, 3.182*math.Sqrt(0.091/3/10), p.BHi-p.B, 1e-9)
}

func TestTooLittle(t *testing.T) {
	for name, points := range map[string][]Point{
		"none":       nil,
		"two":        {{256, 1}, {512, 1}},
		"zero cost":  {{256, 1}, {512, 0}, {1024, 1}},
		"negative":   {{256, 1}, {512, -1}, {1024, 1}},
		"not number": {{256, 1}, {512, math.NaN()}, {1024, 1}},
		"one size":   {{256, 1}, {256, 2}, {256, 3}},
		"no size":    {{0, 1}, {256, 2}, {512, 3}},
	} {
		j := Judge(points, Constant)
		assert.Equal(t, Inconclusive, j.Verdict, name)
		assert.Equal(t, Unknown, j.Class, name)
		assert.NotEmpty(t, j.Why, name)
	}
}

// TestDoubt: neither noise nor a slight rise is taken for an answer.
func TestDoubt(t *testing.T) {
	noisy := Judge([]Point{{256, 100}, {1024, 160}, {4096, 90}, {16384, 150}, {65536, 110}}, Constant)
	assert.Equal(t, Inconclusive, noisy.Verdict, noisy.Why)

	rising := Judge(series(0, func(n float64) float64 { return math.Pow(n, 0.05) }), Constant)
	assert.InDelta(t, 1.32, rising.Power.G, 0.01)
	assert.Equal(t, Inconclusive, rising.Verdict)

	few := Judge([]Point{{256, 100}, {1024, 101}, {4096, 100}}, Constant)
	assert.Equal(t, Inconclusive, few.Verdict, "three points have a wide interval (t = 12.7): %s", few.Why)
	few = Judge([]Point{{256, 100}, {1024, 100.1}, {4096, 100}}, Constant)
	assert.Equal(t, Confirmed, few.Verdict, "but a flat line still passes: %s", few.Why)
}

func TestFallingIsConstant(t *testing.T) {
	j := Judge(series(0.01, func(n float64) float64 { return 100 + 1000/n }), Constant)
	assert.Equal(t, Constant, j.Class)
	assert.Equal(t, Confirmed, j.Verdict, j.Why)
}

func TestUnsortedPointsAreSorted(t *testing.T) {
	in := []Point{{1024, 10}, {256, 8}, {512, 9}}
	j := Judge(in, Log)
	assert.Equal(t, Confirmed, j.Verdict)
	assert.Equal(t, 256, j.Points[0].N)
	assert.Equal(t, 1024, in[0].N, "the caller's slice stays as it was")
}

func TestSteps(t *testing.T) {
	points := func(v ...float64) []Point {
		var out []Point
		for i, v := range v {
			out = append(out, Point{256 << (2 * i), v})
		}
		return out
	}
	for name, tc := range map[string]struct {
		mean, worst []Point
		stated      Class
		exact       bool
		want        Verdict
	}{
		"equal":                 {nil, points(3, 3, 3, 3, 3), Constant, true, Confirmed},
		"no steps":              {nil, points(0, 0, 0, 0, 0), Constant, true, Confirmed},
		"nearly equal":          {nil, points(30, 30, 31, 30, 30), Constant, true, Inconclusive},
		"binary search":         {nil, points(8, 10, 12, 14, 16), Constant, true, Refuted},
		"binary search, stated": {nil, points(8, 10, 12, 14, 16), Log, true, Confirmed},
		"mean flat":             {points(1.51, 1.50, 1.49, 1.5, 1.5), points(4, 5, 6, 7, 8), Constant, false, Confirmed},
		"mean grows":            {points(4, 8, 16, 32, 64), points(4, 8, 16, 32, 64), Constant, false, Refuted},
	} {
		j := JudgeSteps(tc.mean, tc.worst, tc.stated, tc.exact)
		assert.Equal(t, tc.want, j.Verdict, "%s: %s", name, j.Why)
	}
	j := JudgeSteps(nil, points(3, 3, 3), Constant, true)
	assert.Equal(t, points(3, 3, 3), j.Points, "the extra step is not shown")
}

func TestJoin(t *testing.T) {
	for _, tc := range []struct {
		steps, instr Verdict
		average      bool
		want         Verdict
	}{
		{Confirmed, Confirmed, false, Confirmed},
		{Confirmed, Refuted, true, Refuted},
		{Refuted, Confirmed, true, Refuted},
		{Confirmed, Inconclusive, false, Inconclusive},
		{Inconclusive, Confirmed, false, Inconclusive},
		{Inconclusive, Confirmed, true, Confirmed},
		{Inconclusive, Inconclusive, true, Inconclusive},
		{"", Confirmed, false, Confirmed},
		{Confirmed, "", false, Confirmed},
		{Inconclusive, "", true, Inconclusive},
		{"", "", false, Unjudged},
	} {
		assert.Equal(t, tc.want, Join(tc.steps, tc.instr, tc.average), tc)
	}
}

func TestClassNames(t *testing.T) {
	for c := Constant; c <= NLogN; c++ {
		got, ok := ParseClass(names[c])
		assert.True(t, ok)
		assert.Equal(t, c, got)
	}
	assert.Equal(t, "O(n log n)", NLogN.String())
	assert.Equal(t, "?", Unknown.String())
	assert.Equal(t, "?", Class(99).String())
	_, ok := ParseClass("n!")
	assert.False(t, ok)
}

func TestStudent(t *testing.T) {
	for df := 2; df < 200; df++ {
		assert.LessOrEqual(t, student(df), student(df-1), df)
	}
	assert.InDelta(t, 2.042, student(30), 0.007)
	assert.InDelta(t, 1.984, student(100), 0.007)
}
