package logs

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"example.com/flatline/lfu"
	"example.com/flatline/randset"
	"example.com/flatline/ratelimit"
)

const (
	maxTemplates = 1000 // that are counted
	maxExamples  = 3    // of a template
	maxLimits    = 1 << 16
	share        = 100 // of what is above the rate one in so many is kept
)

// key is a template of a service.
type key struct {
	service  string
	template uint64
}

// A Sampler decides which records are kept. All of level error and above are, and of each
// template as many in a second as the rate allows; of the rest one in a hundred, which then
// stands for a hundred. Whether a record is above the rate does not depend on the draw, so
// the sum of the weights is an unbiased estimate (L5). It is made by NewSampler, and safe
// for concurrent use.
type Sampler struct {
	off    bool
	limits *ratelimit.Keyed[key]
	mu     sync.Mutex
	rand   *rand.Rand
}

// NewSampler returns a sampler with a rate for each template of each service; Inf keeps
// everything. The draws are those of r.
func NewSampler(rate ratelimit.Rate, r *rand.Rand, now func() time.Time) *Sampler {
	s := &Sampler{off: rate == ratelimit.Inf, rand: r}
	if !s.off {
		burst := int64(1) // what the rate allows in a second
		if d := rate.Time(1); d > 0 {
			burst = max(1, int64(time.Second/d))
		}
		s.limits = ratelimit.NewKeyed(rate, burst, ratelimit.KeyedOptions[key]{MaxKeys: maxLimits, Now: now})
	}
	return s
}

// Weight returns for how many records a record stands, or 0 if it is not kept. O(n) in its
// message.
func (s *Sampler) Weight(l *Line) uint32 {
	if s.off || l.Level >= Error || s.limits.Allow(key{l.Service, template(l.msg)}) {
		return 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rand.IntN(share) == 0 {
		return share
	}
	return 0
}

// A Template is what is known of one.
type Template struct {
	Service  string   `json:"service"`
	Text     string   `json:"template"`
	Level    Level    `json:"level"`
	Count    uint64   `json:"count"` // since it is counted
	Examples []string `json:"examples"`
}

// templates counts the most frequent templates: the least frequent one is evicted.
type templates struct {
	mu  sync.Mutex
	all *lfu.Cache[key, *counted]
}

type counted struct {
	text     string
	level    Level
	n        uint64
	examples *randset.Reservoir[string]
}

func newTemplates() *templates { return &templates{all: lfu.New[key, *counted](maxTemplates)} }

// add counts records that are kept, each as many times as it stands for.
func (t *templates) add(lines []Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range lines {
		t.count(&lines[i])
	}
}

func (t *templates) count(l *Line) {
	k := key{l.Service, template(l.msg)}
	c, ok := t.all.Get(k)
	if !ok {
		c = &counted{text: templateText(l.msg), level: l.Level, examples: randset.NewReservoir[string](maxExamples)}
		t.all.Put(k, c)
	}
	c.n += uint64(l.Weight)
	c.examples.Add(strings.ToValidUTF8(strings.Clone(l.Text[:min(len(l.Text), 500)]), ""))
}

// top returns the n most frequent templates.
func (t *templates) top(n int) (all []Template) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, c := range t.all.All() {
		if len(all) == n {
			break
		}
		all = append(all, Template{k.service, c.text, c.level, c.n, c.examples.Sample()})
	}
	return all
}
