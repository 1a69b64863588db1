package work

import "os"

// A reporter is what Loop needs of a *testing.B.
type reporter interface{ ReportMetric(n float64, unit string) }

// meter measures the benchmark that runs.
var meter struct {
	of           reporter
	mark         uint64 // N when the operation began
	grown        uint64 // Grown when the loop began
	ops          int
	total, worst uint64
}

// Loop stands around the condition of a benchmark's loop: more is what b.Loop returned.
// Each turn of the loop is one operation. At the end it reports to b the mean and the
// worst work of an operation, as steps/op and worst-steps/op, and the part of the mean
// that is the growth of slices, as grown-steps/op. For each probed function that was
// called since the last benchmark ended, filling included, it reports the worst single
// call, the mean and its growth, as life-worst:Cache.Put, life-mean:Cache.Put and
// life-grown:Cache.Put.
func Loop(b reporter, more bool) bool {
	if meter.of == b {
		op := N - meter.mark
		meter.ops++
		meter.total += op
		meter.worst = max(meter.worst, op)
	} else {
		meter.of, meter.ops, meter.total, meter.worst, meter.grown = b, 0, 0, 0, Grown
	}
	if more {
		meter.mark = N
		return true
	}
	if meter.ops > 0 {
		b.ReportMetric(float64(meter.total)/float64(meter.ops), "steps/op")
		b.ReportMetric(float64(meter.worst), "worst-steps/op")
		b.ReportMetric(float64(Grown-meter.grown)/float64(meter.ops), "grown-steps/op")
	}
	for _, p := range probes {
		if p.calls > 0 {
			b.ReportMetric(float64(p.worst), "life-worst:"+p.name)
			b.ReportMetric(float64(p.total)/float64(p.calls), "life-mean:"+p.name)
			b.ReportMetric(float64(p.grown)/float64(p.calls), "life-grown:"+p.name)
			p.reportCalls(b)
		}
		p.calls, p.total, p.worst, p.grown, p.each = 0, 0, 0, 0, p.each[:0]
	}
	meter.of = nil
	return false
}

// A Probe records the calls of one function.
type Probe struct {
	name                       string
	calls, total, worst, grown uint64
	each                       []uint64 // the first calls, if they are kept
}

var probes []*Probe

// NewProbe returns the probe of the function with that name. It is called while
// packages are initialised.
func NewProbe(name string) *Probe {
	p := &Probe{name: name}
	probes = append(probes, p)
	return p
}

// Begin begins a call.
func (p *Probe) Begin() (work, growth uint64) { return N, Grown }

// End ends the call that began at the given counts; what it called belongs to it.
func (p *Probe) End(work, growth uint64) {
	work = N - work
	p.calls++
	p.total += work
	p.worst = max(p.worst, work)
	p.grown += Grown - growth
	if len(p.each) < keep {
		p.each = append(p.each, work)
	}
}

// Planted reports whether the study asked for a planted loop, copy or other
// work, by name, in the environment variable FLATLINE_PLANT.
func Planted(what string) bool { return what == planted }

var planted = os.Getenv("FLATLINE_PLANT")

// Here and There are bytes for a planted copy.
var Here, There [1 << 20]byte

// random is the state of Uint64: SplitMix64 (Steele, Lea and Flood, 2014).
var random uint64

// Uint64 stands in for rand.Uint64, so that hash functions, and with them counts, repeat
// from run to run. Each structure still has its own secrets.
func Uint64() uint64 {
	random += 0x9E3779B97F4A7C15
	x := random
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// reading is the latest reading of Clock.
var reading int64

// Clock stands in for the machine's monotonic clock: it advances 50 ns with each
// reading, so that operations that depend on the time are counted alike on every
// machine.
func Clock() int64 {
	reading += 50
	return reading
}
