package work

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// metrics is a reporter.
type metrics map[string]float64

func (m metrics) ReportMetric(v float64, unit string) { m[unit] = v }

func TestReportCalls(t *testing.T) {
	p := &Probe{name: "Stack.Push"}
	got := metrics{}
	p.reportCalls(got)
	assert.Empty(t, got, "none were kept")

	keep = 3
	defer func() { keep = 0 }()
	for _, cost := range []uint64{1, 8, 1, 9} { // the last one is not kept
		begin, growth := p.Begin()
		N += cost
		p.End(begin, growth)
	}
	p.reportCalls(got)
	assert.Equal(t, metrics{
		"calls:Stack.Push": 3, "calls-rare:Stack.Push": 1,
		"calls-worst:Stack.Push:0": 1, "calls-mean:Stack.Push:0": 1,
		"calls-worst:Stack.Push:1": 8, "calls-mean:Stack.Push:1": 4.5,
		"calls-worst:Stack.Push:2": 1, "calls-mean:Stack.Push:2": 10.0 / 3,
	}, got)

	p.each = nil
	for i := range 1000 {
		p.each = append(p.each, uint64(i))
	}
	got = metrics{}
	p.reportCalls(got)
	assert.Len(t, got, 2+2*pieces)
	assert.Equal(t, 999.0, got["calls-worst:Stack.Push:127"])
	assert.Equal(t, 499.5, got["calls-mean:Stack.Push:127"])
	assert.Equal(t, 250.0, got["calls-rare:Stack.Push"], "750 to 999")
}
