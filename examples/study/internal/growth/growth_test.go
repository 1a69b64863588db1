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

	// A skip list: its constant part hides the growth, but a straight line misses.
	slow := Judge(series(0, func(n float64) float64 { return 300 + 13*math.Log2(n) }), Constant)
	assert.InDelta(t, 1.25, slow.Power.G, 0.01)
	assert.Equal(t, Refuted, slow.Verdict, slow.Why)

	rising := Judge(series(0, func(n float64) float64 { return math.Pow(n, 0.017) }), Constant)
	assert.InDelta(t, 1.10, rising.Power.G, 0.01)
	assert.Equal(t, Confirmed, rising.Verdict, "by less than a tenth over a factor of 256: %s", rising.Why)

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

// TestNoFaster: what small sizes do differently does not hide the class, and what
// grows faster is not excused by them.
func TestNoFaster(t *testing.T) {
	small := Judge(points(423, 547, 2131, 8467, 33811), Linear)
	assert.Equal(t, Confirmed, small.Verdict, small.Why)
	assert.Equal(t, Linear, small.Class, "what is confirmed is named as stated")
	search := Judge(points(39, 36.6, 39, 41.1, 45), Log)
	assert.Equal(t, Confirmed, search.Verdict, search.Why)
	faster := Judge(points(423, 547, 2131, 12000, 70000), Linear)
	assert.NotEqual(t, Confirmed, faster.Verdict, faster.Why)
	root := Judge(points(39, 36.6, 45, 70, 128), Log)
	assert.NotEqual(t, Confirmed, root.Verdict, root.Why)
}

func TestUnsortedPointsAreSorted(t *testing.T) {
	in := []Point{{1024, 10}, {256, 8}, {512, 9}}
	j := Judge(in, Log)
	assert.Equal(t, Confirmed, j.Verdict)
	assert.Equal(t, 256, j.Points[0].N)
	assert.Equal(t, 1024, in[0].N, "the caller's slice stays as it was")
}

func points(v ...float64) []Point {
	var out []Point
	for i, v := range v {
		out = append(out, Point{256 << (2 * i), v})
	}
	return out
}

func TestWork(t *testing.T) {
	flat, rising := points(9, 9, 9.1, 9, 9), points(9, 11, 13, 15, 17)
	linear := points(300, 1200, 4800, 19200, 76800)
	exact, expected, amortised := Bound{Class: Constant}, Bound{Class: Constant, Expected: true}, Bound{Class: Constant, Amortised: true}
	for name, tc := range map[string]struct {
		work   Work
		stated Bound
		want   Verdict
		why    string
	}{
		"the same at every size":      {Work{Mean: flat, Worst: points(9, 9, 9, 9, 9)}, exact, Confirmed, "worst call 9 at every n"},
		"one more":                    {Work{Mean: flat, Worst: points(30, 30, 31, 30, 30)}, exact, Inconclusive, "worst call 30 to 31"},
		"from some size on":           {Work{Mean: points(4, 6, 6, 6, 6), Worst: points(4, 6, 6, 6, 6)}, exact, Confirmed, "worst call 6 at the largest 3"},
		"from some size on, expected": {Work{Mean: points(4, 6, 6.01, 6, 6), Worst: points(4, 6, 6, 6, 6)}, expected, Confirmed, "flat at the largest 3"},
		"slices that grow": {
			Work{Mean: points(22.45, 23.26, 23.52, 24.79, 25.7), Worst: linear, Grown: points(1, 1.8, 2, 3.3, 4.2), LifeMean: points(22, 22, 22, 24, 26), LifeGrown: points(1, 1, 1, 3, 5)},
			amortised, Confirmed, "flat but for slices that grow, 4.2",
		},
		"a copy for each call": {Work{Mean: points(36, 84, 276, 1044, 4116), Worst: linear, Grown: points(16, 64, 256, 1024, 4096)}, amortised, Refuted, "G at least"},
		"slices that grow, and more": {
			Work{Mean: points(22, 24, 25, 27, 29), Worst: linear, Grown: points(1, 1.8, 2, 2, 2)}, amortised, Refuted, "G at least",
		},
		"luck":                          {Work{Mean: points(58.7, 58.7, 60.9, 62.3, 58.8), Worst: flat}, expected, Confirmed, "within 6 % at every n"},
		"too much for luck":             {Work{Mean: points(58, 65, 58, 66, 59), Worst: flat}, expected, Inconclusive, "G from"},
		"more in between":               {Work{Mean: points(4, 9, 6, 6, 6), Worst: points(4, 9, 6, 6, 6)}, exact, Inconclusive, "G from"},
		"chance hides the growth":       {Work{Mean: rising, Worst: points(42, 66, 40, 90, 60)}, exact, Refuted, "mean: G at least"},
		"the worst grows":               {Work{Mean: flat, Worst: rising}, exact, Refuted, "G at least"},
		"the worst of the life grows":   {Work{Mean: flat, Worst: points(9, 9, 9, 9, 9), LifeWorst: linear}, exact, Refuted, "G at least"},
		"a mean says nothing of a mark": {Work{Mean: rising, Worst: points(9, 9, 9, 9, 9)}, expected, Refuted, "G at least"},
		"chains":                        {Work{Mean: flat, Worst: points(12, 15, 14, 16, 19)}, expected, Confirmed, "mean: "},
		"a rare loop":                   {Work{Mean: flat, Worst: linear}, expected, Refuted, "the worst call grows by 256"},
		"once in n":                     {Work{Mean: flat, Worst: linear, LifeMean: flat, LifeWorst: linear}, amortised, Confirmed, "mean: "},
		"n squared, once":               {Work{Mean: flat, Worst: points(1e3, 16e3, 256e3, 4e6, 64e6)}, amortised, Refuted, "the worst call grows by 64000"},
		"once in n, in other phases":    {Work{Mean: flat, Worst: points(300, 1300, 7000, 30000, 126000), LifeMean: flat}, amortised, Confirmed, "mean: "},
		"n to the 1.3, once":            {Work{Mean: flat, Worst: points(300, 1800, 11000, 67000, 400000), LifeMean: flat}, amortised, Refuted, "the worst call grows by 1333, where 1024"},
		"growth that is not amortised":  {Work{Mean: flat, Worst: linear, LifeMean: rising}, amortised, Inconclusive, "whole life rises by 1.31"},
		"a life that settles":           {Work{Mean: flat, Worst: linear, LifeMean: points(50, 63, 64, 65, 65)}, amortised, Confirmed, "mean: "},
		"log n, amortised":              {Work{Mean: rising, Worst: linear}, Bound{Class: Log, Amortised: true}, Confirmed, "mean: "},
		"log n, by chance":              {Work{Mean: points(28, 29.2, 35.5, 37, 46), Worst: rising}, Bound{Class: Log, Expected: true}, Confirmed, "as chance may"},
		"√n is not log n by chance":     {Work{Mean: points(26, 32, 44, 68, 116), Worst: rising}, Bound{Class: Log, Expected: true}, Refuted, "grows as O(√n)"},
		"log n, the worst is n":         {Work{Mean: rising, Worst: linear}, Bound{Class: Log}, Refuted, "grows as O(n)"},
		"nothing":                       {Work{}, exact, Inconclusive, "3 sizes"},
	} {
		j := JudgeWork(tc.work, tc.stated)
		assert.Equal(t, tc.want, j.Verdict, "%s: %s", name, j.Why)
		assert.Contains(t, j.Why, tc.why, name)
	}
}

func TestLarger(t *testing.T) {
	got := Larger([]Point{{4, 1}, {16, 9}}, []Point{{16, 3}, {4, 2}, {1, 7}})
	assert.Equal(t, []Point{{1, 7}, {4, 2}, {16, 9}}, got)
	assert.Empty(t, Larger(nil, nil))
}

func TestJoin(t *testing.T) {
	is := func(v Verdict, c Class) *Judgement { return &Judgement{Verdict: v, Class: c, Why: "w"} }
	from := func(low float64, v Verdict, c Class) *Judgement {
		return &Judgement{Verdict: v, Class: c, Why: "w", Power: Power{GLo: low}}
	}
	for name, tc := range map[string]struct {
		work, instr *Judgement
		stated      Class
		want        Verdict
	}{
		"both":                          {is(Confirmed, Constant), is(Confirmed, Constant), Constant, Confirmed},
		"noise in instructions":         {is(Confirmed, Constant), is(Inconclusive, Constant), Constant, Confirmed},
		"instructions grow":             {is(Confirmed, Constant), from(1.6, Refuted, Log), Constant, Inconclusive},
		"instructions grow a little":    {is(Confirmed, Constant), from(1.05, Inconclusive, Log), Constant, Inconclusive},
		"instructions may not grow":     {is(Confirmed, Constant), from(0.83, Inconclusive, Log), Constant, Confirmed},
		"work grows":                    {is(Refuted, Log), is(Confirmed, Constant), Constant, Refuted},
		"work is in doubt":              {is(Inconclusive, Constant), is(Confirmed, Constant), Constant, Inconclusive},
		"less than stated":              {is(Confirmed, Constant), is(Confirmed, Log), Log, Confirmed},
		"the runtime's work is more":    {is(Confirmed, Log), is(Refuted, Linear), Log, Inconclusive},
		"a witness that saw too little": {is(Confirmed, Constant), is(Inconclusive, Unknown), Constant, Confirmed},
		"work alone":                    {is(Confirmed, Constant), nil, Constant, Confirmed},
		"instructions alone":            {nil, is(Confirmed, Constant), Constant, Confirmed},
		"neither":                       {nil, nil, Constant, Unjudged},
	} {
		got, why := Join(tc.work, tc.instr, tc.stated)
		assert.Equal(t, tc.want, got, name)
		assert.NotEmpty(t, why, name)
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
