package logs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"example.com/flatline/ratelimit"
	"example.com/flatline/ringbuffer"
)

const (
	tailSize = 4096    // records that a slow reader of the tail may be behind
	tailText = 8 << 10 // bytes of each that the tail shows
)

// Options are the settings of NewPipe.
type Options struct {
	Store  Store
	Sample ratelimit.Rate // of each template of each service, below level error; default is Inf: everything is kept
	Alerts []Rule
	Now    func() time.Time // default time.Now
	Rand   *rand.Rand       // for sampling; default is drawn
}

// A Pipe is a server: what is between the wire and a store. It is made by NewPipe, and safe
// for concurrent use.
type Pipe struct {
	Store
	opts      Options
	sampler   *Sampler
	tail      *ringbuffer.Sync[Line]
	templates *templates
	figures   *figures
	outcomes  [levels]outcome
	bytes     atomic.Int64 // accepted
	resent    atomic.Int64 // bytes that were there already
	refused   atomic.Int64 // batches
}

// outcome is what became of the records of a level, since the program was started.
type outcome struct{ kept, sampled, expired atomic.Int64 }

// tally is the outcomes of one batch.
type tally [levels]struct{ kept, sampled, expired int64 }

// NewPipe returns a pipe into a store, which it does not close.
func NewPipe(o Options) *Pipe {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if o.Sample == (ratelimit.Rate{}) {
		o.Sample = ratelimit.Inf
	}
	return &Pipe{
		Store: o.Store, opts: o,
		sampler:   NewSampler(o.Sample, o.Rand, o.Now),
		tail:      ringbuffer.NewSync[Line](tailSize, ringbuffer.Options{OnFull: ringbuffer.OverwriteOldest}),
		templates: newTemplates(),
		figures:   newFigures(o.Alerts),
	}
}

// A Batch is a part of a log as it is in a file.
type Batch struct {
	Agent, File string // "" both: the sender has no positions, and what it sends again is stored again
	Service     string // of records that name none
	First       int64  // where in the file Body begins: with a record
	Body        []byte
}

// A Receipt says what became of a batch.
type Receipt struct {
	In      int   `json:"in"`      // records that were new
	Kept    int   `json:"kept"`    // of these
	Sampled int   `json:"sampled"` // of these
	Expired int   `json:"expired"` // of these
	Next    int64 `json:"next"`    // the position of the file
}

func (b *Batch) check() error {
	for _, s := range []string{b.Agent, b.File, b.Service} {
		if len(s) > 200 {
			return fmt.Errorf("%w: the names of agent, file and service have at most 200 bytes", ErrBad)
		}
	}
	if (b.Agent == "") != (b.File == "") || b.First < 0 || b.First > 1<<62 {
		return fmt.Errorf("%w: agent and file are both named or neither is, and first is not negative", ErrBad)
	}
	return nil
}

// Accept parses, samples and stores what is new in a batch, and returns when it is durable.
// Errors wrap ErrBad, or are those of the store; then the batch can be sent again.
func (p *Pipe) Accept(ctx context.Context, b Batch) (Receipt, error) {
	if err := b.check(); err != nil {
		p.refused.Add(1)
		return Receipt{}, err
	}
	for {
		if b.Agent != "" {
			at := p.Position(b.Agent, b.File)
			if again := min(max(0, at-b.First), int64(len(b.Body))); again > 0 {
				p.resent.Add(again)
				b.First += again
				b.Body = b.Body[again:]
			}
			if len(b.Body) == 0 && at >= b.First {
				return Receipt{Next: at}, nil
			}
		}
		c, lines, t := p.command(&b)
		e, err := p.Append(ctx, c)
		if err != nil {
			p.refused.Add(1)
			return Receipt{}, err
		}
		if e.Again {
			continue // another request was faster
		}
		p.saw(c, lines, &t)
		p.bytes.Add(int64(len(b.Body)))
		return Receipt{c.In, len(lines), c.Sampled, c.Expired, e.Next}, nil
	}
}

// command returns what the store is to do, and the records that it is to keep.
func (p *Pipe) command(b *Batch) (c *Command, lines []Line, t tally) {
	now := p.opts.Now().UTC()
	c = NewCommand(now, b.Agent, b.File, b.First, b.First+int64(len(b.Body)))
	streams := map[string]string{}
	for _, text := range Records(b.Body) {
		l := Parse(text, b.Service, now)
		c.In++
		stream, ok := streams[l.Service]
		if !ok {
			stream = p.Stream(l.Service)
			streams[l.Service] = stream
		}
		l.Service = stream
		d, _ := dayOf(l.Time)
		if p.Expired(d, now) {
			c.Expired++
			t[l.Level].expired++
			continue
		}
		if l.Weight = p.sampler.Weight(&l); l.Weight == 0 {
			c.Sampled++
			t[l.Level].sampled++
			continue
		}
		t[l.Level].kept++
		c.Keep(&l)
		lines = append(lines, l)
	}
	return c, lines, t
}

// saw counts and shows records that are durable now.
func (p *Pipe) saw(c *Command, lines []Line, t *tally) {
	for l := range t {
		p.outcomes[l].kept.Add(t[l].kept)
		p.outcomes[l].sampled.Add(t[l].sampled)
		p.outcomes[l].expired.Add(t[l].expired)
	}
	p.figures.add(c.Now, c.In, lines)
	p.templates.add(lines)
	for i := range lines {
		l := lines[i]
		l.Text = strings.Clone(l.Text[:min(len(l.Text), tailText)]) // not the whole batch
		l.msg = ""
		_, _ = p.tail.Push(l) // overwrites
	}
}
